"""What of a file's data breaks a JSON Schema, with every place; found in a limited child process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from readiness.engine.child import ChildLimits, run_in_child
from readiness.engine.errors import BadContent
from readiness.engine.readers import config_file, data
from readiness.engine.target import RunDirectory

SECONDS = 20.0
_SAYS_NOTHING = frozenset((
    "$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples",
))  # fmt: skip
_WORDS = {
    "type": "needs type", "minimum": "needs ≥", "maximum": "needs ≤", "exclusiveMinimum": "needs >",
    "exclusiveMaximum": "needs <", "enum": "needs one of", "const": "needs", "format": "needs format",
    "pattern": "needs pattern",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Violation:
    """One place (dotted key, "" for the top level) that breaks the schema, and how; values are masked."""

    place: str
    said: str


def violations(run: RunDirectory, value: Any, schema: Mapping[str, Any] | str) -> tuple[list[Violation], str]:
    """Everything in `value` (plain JSON data) that breaks the schema, and the isolation reached.

    The schema stands inline or is a file of the run; at most 200 violations are told. References are followed
    inside the schema only; formats are checked. Raises BadContent for a schema that cannot be used,
    LimitExceeded for one that takes too long.
    """
    name = schema if isinstance(schema, str) else "the schema"
    loaded = config_file.plain(data.load(run, schema)) if isinstance(schema, str) else dict(schema)
    if not isinstance(loaded, dict) or not loaded.keys() - _SAYS_NOTHING:
        raise BadContent(f"{name} asks for nothing.", "Write `type`, `required` and `properties`.")
    bounds = ChildLimits.of(run.options)
    limits = replace(bounds, seconds=min(SECONDS, bounds.seconds), memory=min(1 << 30, bounds.memory))
    payload = {"data": value, "schema": loaded, "name": name}
    child = run_in_child("readiness.engine.config_schema_task:validate", payload, limits=limits)
    found = [_violation(told, value) for told in child.value["errors"]]
    return sorted(found, key=lambda v: v.place), child.isolation


def _violation(told: Mapping[str, Any], value: Any) -> Violation:
    place = ".".join(told["place"])
    if told["said"]:
        return Violation(place, str(told["said"]))
    for part in told["place"]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    seen = config_file.shown(place, value)
    rule = _WORDS.get(told["rule"], f"breaks {told['rule']}")
    return Violation(place, f"is {config_file.word(seen)}, {rule} {told['expected']}")
