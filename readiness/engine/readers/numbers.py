"""Numbers with units. What a number means is declared (by a `%`, by the file, by the check) or said.

For a value in per cent: "82.8 %" is per cent; a bare number takes the declared scale; without one, less
than 1 is read as a fraction and more than 1 as per cent, and the reading says so. A bare 1 may mean 1 % or
100 %, so it needs a declaration. A declaration that the value contradicts (a "fraction" of 82.8) and a bare
number over 100 are refused: they would clear every limit.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Literal

from readiness.engine.errors import BadContent

Scale = Literal["fraction", "percent"]
PERCENT = ("%", "points")
ROUNDING = 1e-9
_NUMBER = re.compile(
    r"[≈~]?\s*(?P<number>[+\-−]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(?P<unit>%|[A-Za-zµ/]+)?"
)
_COMMA = re.compile(r"\d,\d")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)%?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Number:
    """A finite value in the wanted unit; `note` says how it was read where the file did not (`guessed`)."""

    value: float
    note: str = ""
    guessed: Scale | None = None


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
        advice = "Write a plain number there."
        if _COMMA.search(raw):
            advice = "Write a decimal point, and nothing between thousands: 82.8, 1000."
        raise BadContent(f"{where} is the text {raw[:60]!r}, not a number.", advice)
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
        advice = "Write it without quotes."
        if "e" in raw.lower():
            advice = "Write it without quotes; YAML wants a point and a sign: 1.0e-5."
        raise BadContent(f"{where} is the text {raw[:60]!r}, not a number.", advice)
    return _scaled(value, where, unit, scale)


def _scaled(value: float, where: str, unit: str | None, scale: Scale | None) -> Number:
    if unit not in PERCENT or value == 0:
        return Number(value)
    if scale == "fraction":
        if abs(value) > 1 + ROUNDING:
            raise BadContent(
                f"{where} is {value:g}, but is declared as a fraction.", "Correct the value, or its scale."
            )
        return Number(round(value * 100, 10))
    if scale == "percent":
        return Number(value)
    if abs(value) == 1:
        raise BadContent(
            f"{where} is 1, which may mean 1 % or 100 %.",
            "Write it with %, or declare `scale: fraction` or `scale: percent` in the check.",
        )
    if abs(value) < 1:
        return Number(round(value * 100, 10), f"{value:g} read as a fraction", "fraction")
    if abs(value) > 100:
        raise BadContent(
            f"{where} is {value:g}, more than 100 %.",
            "Correct it; if it is meant, write it with % or declare `scale: percent` in the check.",
        )
    return Number(value, f"{value:g} read as per cent", "percent")


def _finite(value: float, where: str) -> float:
    try:
        finite = math.isfinite(value)
    except OverflowError:  # a whole number beyond the range of floats
        raise BadContent(f"{where} is a number too large to compare.", "Write its true value.") from None
    if not finite:
        raise BadContent(
            f"{where} is {value}, not a finite number.", "Find out why it could not be computed."
        )
    return value


def _shown(raw: Any) -> str:
    if isinstance(raw, dict | list):
        return "a list" if isinstance(raw, list) else "an object"
    return {None: "null", True: "true", False: "false"}.get(raw, repr(raw)[:60])
