"""What a score is made of: sections with their weights, and items with their states."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from readiness.engine.checklist import Requirement
from readiness.engine.policy import State

DONE = Fraction(1)
HALF = Fraction(1, 2)
NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreItem:
    """One item that is not an approval: approvals are no work, and count nothing.

    `partial`: of an open item, a part is verified or claimed. `blocked`: something else than a failure
    stands in the way, such as a waiver that has expired. `reason` and `observed` are shown, not judged.
    """

    key: str
    title: str
    requirement: Requirement = Requirement.MANDATORY
    state: State = State.OPEN
    partial: bool = False
    blocked: bool = False
    reason: str = ""
    observed: str = ""
    remediation: str = ""

    @property
    def counted(self) -> bool:
        """False for an item left out. A mandatory one cannot be left out: marked so, it is still open."""
        return self.state is not State.NOT_APPLICABLE or self.requirement is Requirement.MANDATORY

    @property
    def done(self) -> bool:
        """Passed, or waived."""
        return self.state in (State.PASSED, State.WAIVED)

    @property
    def half(self) -> bool:
        """Open, with a part done."""
        return self.partial and self.state is State.OPEN

    @property
    def blocks(self) -> bool:
        """Failed, or held up by something else."""
        return self.state is State.FAILED or self.blocked

    @property
    def credit(self) -> Fraction:
        """What it is worth now: 1, 1/2 or 0."""
        return DONE if self.done else HALF if self.half else NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSection:
    """A section with its items; `weight` in any unit (usually per cent), or None. Raises ValueError for a
    weight that is negative or not finite.
    """

    title: str
    items: tuple[ScoreItem, ...]
    weight: float | None = None

    def __post_init__(self) -> None:
        if self.weight is not None and not (math.isfinite(self.weight) and self.weight >= 0):
            raise ValueError(f"the weight of {self.title!r} is {self.weight}")

    @property
    def counted(self) -> tuple[ScoreItem, ...]:
        """The items that are not left out."""
        return tuple(item for item in self.items if item.counted)

    @property
    def share(self) -> Fraction:
        """The weight as it is written in decimals: 0.1 is one tenth; 0 for none."""
        return Fraction(repr(float(self.weight or 0)))


def per_item(sections: tuple[ScoreSection, ...]) -> Mapping[int, Fraction]:
    """What one item of each section (by its place) is worth, as a part of 1. Empty when nothing counts.

    Where a section has a weight, weights decide and sections without one are worth nothing; a section whose
    items are all left out gives its weight to the others. Without any weight every item is worth the same.
    """
    sizes = {place: len(section.counted) for place, section in enumerate(sections)}
    if all(section.weight is None for section in sections):
        total = sum(sizes.values())
        return {place: Fraction(1, total) for place, size in sizes.items() if size}
    shares = {place: section.share for place, section in enumerate(sections) if sizes[place]}
    whole = sum(shares.values())
    return {place: share / whole / sizes[place] for place, share in shares.items()} if whole else {}
