"""Reading plain data with its place: what has another type than expected is named by file and key."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.outcome import quantity

_KINDS = {bool: "yes/no", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}


def kind(value: Any) -> str:
    """The type of plain data for people: "a list", "text"."""
    return "null" if value is None else _KINDS.get(type(value), type(value).__name__)


def wrong(place: str, value: Any, wanted: str) -> BadContent:
    """The error for a value of another type; `place` is "manifest.json · datasets.0.path"."""
    shown = f" ({str(value)[:60]!r})" if isinstance(value, str) else ""
    return BadContent(f"{place} is {kind(value)}{shown}; expected {wanted}.", "Correct what writes the file.")


def as_object(value: Any, place: str) -> Mapping[str, Any]:
    """A JSON object. Raises BadContent."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise wrong(place, value, "an object")
    return value


def as_list(value: Any, place: str) -> list[Any]:
    """A JSON list. Raises BadContent."""
    if not isinstance(value, list):
        raise wrong(place, value, "a list")
    return value


def as_text(value: Any, place: str) -> str:
    """Text that is not blank. Raises BadContent."""
    if not isinstance(value, str):
        raise wrong(place, value, "text")
    if not value.strip():
        raise BadContent(f"{place} is empty text.", "Write its value.")
    return value


def as_number(value: Any, place: str) -> float:
    """A finite number. Raises BadContent."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        wanted = "a finite number" if isinstance(value, float) else "a number"
        raise wrong(place, value, wanted)
    return value


def as_count(value: Any, place: str) -> int:
    """A whole number, zero or more. Raises BadContent."""
    number = as_number(value, place)
    if number < 0 or number != int(number):
        raise BadContent(f"{place} is {quantity(value)}; expected a count (0, 1, 2 …).", "Correct it.")
    return int(number)
