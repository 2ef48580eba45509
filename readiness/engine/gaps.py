"""What is missing to 100 %: the gaps, and the steps that close them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from readiness.engine.checklist import Requirement
from readiness.engine.policy import State
from readiness.engine.score_items import DONE, ScoreItem, ScoreSection

CLEAR = "Clear what blocks"
SETTLE = "Settle what is mandatory"
FINISH = "Finish what is half done"
REST = "Settle what is conditional or recommended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """An item that is not done. `gain`: the points of 100 that settling it alone would add."""

    key: str
    title: str
    section: str
    state: State
    requirement: Requirement
    partial: bool
    blocks: bool
    gain: float
    observed: str
    remediation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Gaps to close together, in the order of the checklist; `score_after` (0 to 100) counts the steps before
    it too, and is None where nothing counts.
    """

    title: str
    gaps: tuple[Gap, ...]
    gain: float
    score_after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A gap with its exact gain (a part of 1) and the step that closes it."""

    gap: Gap
    gain: Fraction
    step: str


def gaps(missing: tuple[Missing, ...]) -> tuple[Gap, ...]:
    """The largest gain first; of equal ones what blocks, what is mandatory, then document order."""
    return tuple(m.gap for m in sorted(missing, key=_rank))


def roadmap(missing: tuple[Missing, ...], now: Fraction | None) -> Iterator[Step]:
    """The way to 100 % from `now` (a part of 1): what blocks first, what may be left out last."""
    for title in (CLEAR, SETTLE, FINISH, REST):
        mine = [m for m in missing if m.step == title]
        if mine:
            gain = sum((m.gain for m in mine), Fraction(0))
            now = None if now is None else now + gain
            yield Step(
                title=title,
                gaps=tuple(m.gap for m in mine),
                gain=points(gain),
                score_after=None if now is None else points(now),
            )


def find(sections: tuple[ScoreSection, ...], worth: dict[int, Fraction]) -> Iterator[Missing]:
    """Every item that is not done, in the order of the checklist; `worth` as of `score_items.per_item`."""
    for place, section in enumerate(sections):
        for item in section.counted:
            if not item.done or item.blocked:
                gain = (DONE - item.credit) * worth.get(place, Fraction(0))
                yield Missing(gap=_gap(section, item, gain), gain=gain, step=_step(item))


def points(part: Fraction) -> float:
    """A part of 1 in points of 100: 100.0 only for the whole."""
    value = float(part * 100)
    return value if part >= 1 else min(value, math.nextafter(100.0, 0.0))


def _gap(section: ScoreSection, item: ScoreItem, gain: Fraction) -> Gap:
    return Gap(
        key=item.key,
        title=item.title,
        section=section.title,
        # a mandatory item cannot be left out
        state=State.OPEN if item.state is State.NOT_APPLICABLE else item.state,
        requirement=item.requirement,
        partial=item.half,
        blocks=item.blocks,
        gain=points(gain),
        observed=item.observed,
        remediation=item.remediation,
    )


def _step(item: ScoreItem) -> str:
    if item.blocks:
        return CLEAR
    if item.half:
        return FINISH
    return SETTLE if item.requirement is Requirement.MANDATORY else REST


def _rank(missing: Missing) -> tuple[Fraction, bool, bool]:
    gap = missing.gap
    return -missing.gain, not gap.blocks, gap.requirement is not Requirement.MANDATORY
