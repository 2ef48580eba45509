"""JSON Schema, applied in a confined child: a schema can be written so that it takes for ever.

`validate` is what the child runs; `faults` is how to ask it. Nothing is fetched: a `$ref` to another document
is refused.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from readiness.engine.child import ChildLimits, run_in_child
from readiness.engine.errors import BadContent, LimitExceeded, ParameterError
from readiness.engine.options import Options
from readiness.engine.readers import plain_json

MAX_SECONDS = 20.0
_SHOWN = 20


def faults(text: str, schema: dict[str, Any], options: Options, *, name: str) -> tuple[list[str], str]:
    """Where a JSON text breaks a schema ("predictions.0: 1.2 is greater than …", at most 20), and the
    isolation of the process that looked.

    `name` is what messages call the text. Raises ParameterError for a schema that says nothing, BadContent
    for broken JSON, numbers that are not finite and an unusable schema, LimitExceeded.
    """
    if not schema:
        raise ParameterError("The JSON Schema is empty: it would accept everything.", "Say what is expected.")
    limits = ChildLimits.of(options)
    child = run_in_child(
        f"{__name__}:validate",
        {"text": text, "schema": schema, "name": name},
        limits=replace(limits, seconds=min(limits.seconds, MAX_SECONDS)),
    )
    return [str(fault) for fault in child.value["faults"]], child.isolation


def validate(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """The child's side: `{faults: [text]}`."""
    del fds
    # the library takes long to import and only this process needs it
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    data = plain_json.parse(payload["text"], payload["name"])
    _refuse_endless_numbers(data, payload["name"])
    schema = payload["schema"]
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
        found = []
        for error in kind(schema, registry=Registry()).iter_errors(data):
            place = ".".join(str(step) for step in error.absolute_path) or "the answer"
            found.append(f"{place}: {error.message[:200]}")
            if len(found) == _SHOWN:
                break
    except SchemaError as error:
        raise BadContent(f"The JSON Schema is not usable: {error.message[:200]}.", "Correct it.") from None
    except Unresolvable as error:
        raise BadContent(
            f"The JSON Schema refers to {error.ref[:100]!r}, which is not in it; nothing is fetched.",
            "Write it into the schema's `$defs`.",
        ) from None
    except RecursionError:
        raise LimitExceeded("The JSON Schema refers to itself without an end.", "Correct it.") from None
    return {"faults": found}


def _refuse_endless_numbers(data: Any, name: str) -> None:
    left = [data]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif isinstance(value, float) and not math.isfinite(value):
            raise BadContent(f"{name} holds a number that is not finite ({value}).", "Look into the service.")
