"""A score in words: its formula with the real numbers, where it stands, what does not count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from readiness.engine.score_items import ScoreSection


def formula(sections: tuple[ScoreSection, ...], worth: Mapping[int, Fraction], value: Fraction | None) -> str:
    """A sum that anybody can compute again: 12 % × 3.5/4 + 15 % × 5.5/9 + … = 74.2 %."""
    counting = [section for place, section in enumerate(sections) if worth.get(place)]
    if value is None:
        return "Nothing counts, so there is no score."
    result = f"{_number(value * 100, places=1)} %"
    if all(section.weight is None for section in sections):
        items = sum(len(section.counted) for section in counting)
        return f"{_number(sum(map(_credit, counting), Fraction(0)))} of {_count(items)} = {result}"
    whole = sum((section.share for section in counting), Fraction(0))
    unit = " %" if whole == 100 else ""
    terms = " + ".join(
        f"{_number(s.share, places=4)}{unit} × {_number(_credit(s))}/{len(s.counted)}" for s in counting
    )
    return f"{terms} = {result}" if unit else f"({terms}) / {_number(whole, places=4)} = {result}"


def standing(blockers: int, undecided: int, value: float | None) -> str:
    """What stands in the way: "blocked by 1 item, 3 open"."""
    if blockers:
        more = f", {undecided} open" if undecided else ""
        return f"blocked by {_count(blockers)}{more}"
    if undecided:
        return f"{_count(undecided)} open"
    return "nothing counts" if value is None else "every item settled"


def notes(sections: tuple[ScoreSection, ...], worth: Mapping[int, Fraction]) -> Iterator[str]:
    """Sentences on sections that count nothing, and on weights that the others took over."""
    weighted = [section for section in sections if section.weight is not None]
    for place, section in enumerate(sections):
        if section.counted and weighted and not worth.get(place):
            items = _count(len(section.counted))
            yield f"{section.title} has no weight and counts nothing; it still must be settled ({items})."
    out = [s for s in weighted if s.share and not s.counted]
    if out and worth:
        names = ", ".join(section.title for section in out)
        yield f"Nothing counts in {names}: the other sections share its weight."


def _credit(section: ScoreSection) -> Fraction:
    return sum((item.credit for item in section.counted), Fraction(0))


def _count(number: int) -> str:
    return f"{number} item{'s' * (number != 1)}"


def _number(value: Fraction, *, places: int = 1) -> str:
    """A number without needless zeros, rounded down: it never reaches the next one by rounding alone. What is
    not nothing does not become 0.
    """
    step = 10**places
    cut = math.floor(value * step)
    return f"{Decimal(cut or bool(value)) / step:.{places}f}".rstrip("0").rstrip(".")
