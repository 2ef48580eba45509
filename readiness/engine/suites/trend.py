"""How suites did over several runs: pass, flake and latency as series over time. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from readiness.engine.suites.scorecard import Scorecard, SuiteScore


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One run of a suite, or of all of them. Rates are fractions of 1; None where nothing was measured."""

    at: datetime
    run_id: str
    release: str
    passed: bool
    success_rate: float | None = None
    flake_rate: float | None = None
    p95_latency_ms: float | None = None
    duration: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Points from the oldest to the newest: of the runs as a whole, and of each suite that ran."""

    overall: tuple[Point, ...]
    suites: dict[str, tuple[Point, ...]]

    @property
    def pass_rate(self) -> float | None:
        """Share of the runs that passed; None without a run."""
        return sum(point.passed for point in self.overall) / len(self.overall) if self.overall else None


def trend(scorecards: Iterable[Scorecard]) -> Trend:
    """The series of these scorecards, by time; of two with the same run id the later counts.

    A suite that was not run or was interrupted has no point: nothing was learnt about it.
    """
    kept: dict[str, Scorecard] = {}
    for place, card in enumerate(sorted(scorecards, key=lambda each: each.at)):
        kept[card.run_id or f"#{place}"] = card
    cards = sorted(kept.values(), key=lambda each: each.at)
    suites: dict[str, list[Point]] = {}
    for card in cards:
        for suite in card.suites:
            if suite.status in ("passed", "failed", "error"):
                suites.setdefault(suite.name, []).append(_suite(card, suite))
    overall = tuple(_whole(card) for card in cards)
    return Trend(overall=overall, suites={name: tuple(points) for name, points in suites.items()})


def _whole(card: Scorecard) -> Point:
    return Point(
        at=card.at, run_id=card.run_id, release=card.release, passed=card.overall_passed,
        flake_rate=card.flake_rate, p95_latency_ms=card.p95_latency_ms,
    )  # fmt: skip


def _suite(card: Scorecard, suite: SuiteScore) -> Point:
    return Point(
        at=card.at, run_id=card.run_id, release=card.release, passed=suite.passed,
        success_rate=suite.success_rate, flake_rate=suite.flake_rate, p95_latency_ms=suite.p95_latency_ms,
        duration=suite.duration,
    )  # fmt: skip
