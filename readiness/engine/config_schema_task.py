"""Validates a configuration against a JSON Schema; runs in the limited child.

A schema may come from the run: its patterns may backtrack for ever, its references may run in circles.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from readiness.engine.errors import BadContent

MAX_ERRORS = 200
LONGEST = 120
# Rules whose sentence names keys only; the others' sentences hold values, which may be secret.
_NAMES_ONLY = ("required", "additionalProperties", "dependentRequired", "unevaluatedProperties")


def validate(payload: Mapping[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """`{errors: [{place: [str], rule, expected, said}]}` of `payload["data"]` against `payload["schema"]`.

    `said` is the library's sentence where it shows no values, else "". At most 200 errors. Raises BadContent
    for a schema that is not valid, of an unknown draft, or refers to something outside itself.
    """
    from jsonschema import SchemaError, validators  # slow to import
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    schema, name = payload["schema"], payload["name"]
    stated = schema.get("$schema")
    default = validators.validator_for({}) if stated is None else None
    made = validators.validator_for(schema, default=default)  # type: ignore[arg-type]  # None: unknown draft
    if made is None:
        raise BadContent(f"{name} is of the unknown draft {str(stated)[:80]!r}.", "Name a published draft.")
    try:
        made.check_schema(schema)
        own = made(schema, registry=Registry(), format_checker=made.FORMAT_CHECKER)
        found = list(islice(own.iter_errors(payload["data"]), MAX_ERRORS))
    except SchemaError as error:
        place = ".".join(map(str, error.absolute_path)) or "the top level"
        raise BadContent(f"{name} is no valid JSON Schema: {error.message[:160]} at {place}.", "") from None
    except Unresolvable as error:
        raise BadContent(
            f"{name} refers to {str(error.ref)[:120]!r}, which is not in it.", "Copy it into `$defs`."
        ) from None
    except RecursionError:
        raise BadContent(f"{name} refers to itself without end, or is nested too deeply.", "") from None
    return {"errors": [_told(error) for error in found]}


def _told(error: Any) -> dict[str, Any]:
    return {
        "place": [str(part) for part in error.absolute_path],
        "rule": str(error.validator),
        "expected": json.dumps(error.validator_value, ensure_ascii=False, default=str)[:LONGEST],
        "said": error.message[:LONGEST] if error.validator in _NAMES_ONLY else "",
    }
