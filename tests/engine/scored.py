"""Sections for tests of the score, written as letters."""

from __future__ import annotations

import re
from fractions import Fraction

from readiness.engine.checklist import Requirement
from readiness.engine.policy import State
from readiness.engine.score import Score, ScoreItem, ScoreSection, score

LETTERS = {
    "p": {"state": State.PASSED},
    "w": {"state": State.WAIVED},
    "h": {"state": State.OPEN, "partial": True},
    "o": {"state": State.OPEN},
    "f": {"state": State.FAILED},
    "n": {"state": State.NOT_APPLICABLE, "requirement": Requirement.CONDITIONAL},
    "r": {"state": State.OPEN, "requirement": Requirement.RECOMMENDED},
    "m": {"state": State.NOT_APPLICABLE},  # mandatory: cannot be left out
    "e": {"state": State.OPEN, "blocked": True},  # a waiver has expired
}


def section(title: str, states: str, weight: float | None = None) -> ScoreSection:
    """A section with an item for each letter of LETTERS."""
    items = [
        ScoreItem(key=f"{title}{n}", title=f"{title} {n}", **LETTERS[letter])  # type: ignore[arg-type]
        for n, letter in enumerate(states)
    ]
    return ScoreSection(title=title, items=tuple(items), weight=weight)


def of(*parts: tuple[str, float | None]) -> Score:
    """The score of sections A, B, C … given by states and weight."""
    return score(section(chr(65 + n), states, weight) for n, (states, weight) in enumerate(parts))


def recomputed(formula: str) -> float:
    """The value of a formula's left side, in points of 100."""
    terms = [tuple(map(Fraction, t)) for t in re.findall(r"([\d.]+)(?: %)? × ([\d.]+)/(\d+)", formula)]
    whole = re.search(r"\) / ([\d.]+) =", formula)
    total = Fraction(whole[1]) if whole else Fraction(100)
    return float(sum(weight * got / of_all for weight, got, of_all in terms) / total * 100)
