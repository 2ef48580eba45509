"""Numbers with units. What a number means is declared (by a `%` beside it, by the file, by the check) or said.

For a value in per cent: "82.8 %" is per cent; a bare number takes the declared scale; without one, less
than 1 is read as a fraction and more than 1 as per cent, and the reading says so. A bare 1 may mean 1 % or
100 %, so it needs a declaration.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from readiness.engine.errors import BadContent

Scale = Literal["fraction", "percent"]
PERCENT = ("%", "points")
_NUMBER = re.compile(
    r"[≈~]?\s*(?P<number>[+\-−]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<unit>%|[A-Za-zµ/]+)?"
)
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)%?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Number:
    """A finite value in the wanted unit; `note` says how it was read where the file did not."""

    value: float
    note: str = ""


def read(
    raw: Any, where: str, *, unit: str | None = None, scale: Scale | None = None, text: bool = False
) -> Number:
    """A number from a JSON/YAML value or a cell of text. `text`: the file has no types (CSV, Markdown).

    Raises BadContent for text, booleans, null, NaN, infinity, another unit and an ambiguous 1.
    """
    if isinstance(raw, str):
        return _from_text(raw.strip(), where, unit, scale, text=text)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise BadContent(f"{where} is {_shown(raw)}, not a number.", "Write a plain number there.")
    return _scaled(_finite(raw, where), where, unit, scale)


def looks_like_one(text: str) -> bool:
    """Whether a cell of text is a number with or without a unit, or says NaN or infinity."""
    return bool(_NUMBER.fullmatch(text) or _NOT_FINITE.fullmatch(text))


def _from_text(raw: str, where: str, unit: str | None, scale: Scale | None, *, text: bool) -> Number:
    match = _NUMBER.fullmatch(raw)
    if _NOT_FINITE.fullmatch(raw):
        raise BadContent(f"{where} is {raw}, not a finite number.", "Find out why it could not be computed.")
    if match is None:
        raise BadContent(f"{where} is the text {raw[:60]!r}, not a number.", "Write a plain number there.")
    value, suffix = _finite(float(match["number"].replace("−", "-")), where), match["unit"]
    if suffix == "%" and unit in PERCENT:
        return Number(value)
    if suffix and suffix == unit:
        return Number(value)
    if suffix:
        raise BadContent(
            f"{where} is {raw[:60]!r}, expected {unit or 'a number without unit'}.", "Convert it."
        )
    if not text:
        raise BadContent(f"{where} is the text {raw[:60]!r}, not a number.", "Write it without quotes.")
    return _scaled(value, where, unit, scale)


def _scaled(value: float, where: str, unit: str | None, scale: Scale | None) -> Number:
    if unit not in PERCENT or value == 0:
        return Number(value)
    if scale == "fraction":
        return Number(round(value * 100, 10))
    if scale == "percent":
        return Number(value)
    if abs(value) == 1:
        raise BadContent(
            f"{where} is 1, which may mean 1 % or 100 %.",
            "Write it with %, or declare `scale: fraction` or `scale: percent` in the check.",
        )
    if abs(value) < 1:
        return Number(round(value * 100, 10), f"{value:g} read as a fraction")
    return Number(value, f"{value:g} read as per cent")


def _finite(value: float, where: str) -> float:
    if not math.isfinite(value):
        raise BadContent(
            f"{where} is {value}, not a finite number.", "Find out why it could not be computed."
        )
    return value


def _shown(raw: Any) -> str:
    if isinstance(raw, dict | list):
        return "a list" if isinstance(raw, list) else "an object"
    return {None: "null", True: "true", False: "false"}.get(raw, repr(raw)[:60])
