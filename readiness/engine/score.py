"""The weighted score of a checklist: how far the work is. It never decides: `policy.decide` does.

Passed and waived items count 1, half-done ones 1/2, open and failed ones 0; what is not applicable is left
out. Computed in fractions, so that neither the order nor the unit of the weights changes anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from readiness.engine import gaps, score_words
from readiness.engine.gaps import Gap, Step, points
from readiness.engine.policy import State
from readiness.engine.score_items import ScoreItem, ScoreSection, per_item

__all__ = ["Gap", "Score", "ScoreItem", "ScoreSection", "SectionScore", "Step", "percent", "score"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionScore:
    """One section. `weight` as given, `share` after what is left out gave its weight to the others (points
    of 100; 0 for a section that counts nothing); `score` 0 to 100, None when all its items are left out;
    `contribution` in points of 100. Each item is in one of the six counts; `done` excludes `waived`.
    """

    title: str
    weight: float | None
    share: float
    done: int
    partial: int
    pending: int
    failed: int
    waived: int
    not_applicable: int
    score: float | None
    contribution: float

    @property
    def items(self) -> int:
        """All items, those left out included."""
        return self.done + self.partial + self.pending + self.failed + self.waived + self.not_applicable


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """`value` is 0 to 100, or None when nothing counts: unknown, never 100. `blockers` counts the items that
    block whatever the value, `open` those that are undecided.
    """

    value: float | None
    blockers: int
    open: int
    formula: str
    notes: tuple[str, ...]
    sections: tuple[SectionScore, ...]
    gaps: tuple[Gap, ...]
    roadmap: tuple[Step, ...]

    @property
    def percent(self) -> str:
        """The value for people: "93 %", or "no score"."""
        return percent(self.value)

    @property
    def headline(self) -> str:
        """The value never stands alone: "93 % · blocked by 1 item"."""
        return f"{self.percent} · {score_words.standing(self.blockers, self.open, self.value)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data with `schema_version`; texts for people are included."""
        own = {"schema_version": SCHEMA_VERSION, "percent": self.percent, "headline": self.headline}
        return own | {name: _plain(value) for name, value in asdict(self).items()}


def percent(value: float | None) -> str:
    """Whole per cent, rounded down: 100 % is only all of it, and 0 % only nothing."""
    if value is None:
        return "no score"
    return f"{1 if 0 < value < 1 else math.floor(value)} %"


def score(sections: Iterable[ScoreSection]) -> Score:
    """The score of these sections, in this order. Sections without items may be among them."""
    known = tuple(sections)
    worth = dict(per_item(known))
    whole = _sum(_credit(section) * worth.get(place, Fraction(0)) for place, section in enumerate(known))
    value = whole if worth else None
    missing = tuple(gaps.find(known, worth))
    items = [item for section in known for item in section.counted]
    return Score(
        value=None if value is None else points(value),
        blockers=sum(item.blocks for item in items),
        open=sum(not (item.done or item.blocks) for item in items),
        formula=score_words.formula(known, worth, value),
        notes=tuple(score_words.notes(known, worth)),
        sections=tuple(_sections(known, worth)),
        gaps=gaps.gaps(missing),
        roadmap=tuple(gaps.roadmap(missing, value)),
    )


def _sections(sections: tuple[ScoreSection, ...], worth: dict[int, Fraction]) -> Iterator[SectionScore]:
    for place, section in enumerate(sections):
        counted, mine = section.counted, worth.get(place, Fraction(0))
        waived = sum(i.state is State.WAIVED for i in counted)
        failed = sum(i.state is State.FAILED for i in counted)
        done = sum(i.done for i in counted) - waived
        partial = sum(i.half for i in counted)
        yield SectionScore(
            title=section.title,
            weight=section.weight,
            share=points(mine * len(counted)),
            done=done,
            partial=partial,
            pending=len(counted) - done - waived - partial - failed,
            failed=failed,
            waived=waived,
            not_applicable=len(section.items) - len(counted),
            score=points(_credit(section) / len(counted)) if counted else None,
            contribution=points(_credit(section) * mine),
        )


def _credit(section: ScoreSection) -> Fraction:
    return _sum(item.credit for item in section.counted)


def _sum(parts: Iterable[Fraction]) -> Fraction:
    return sum(parts, Fraction(0))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value.value if isinstance(value, StrEnum) else value
