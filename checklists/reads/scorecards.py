"""Scorecards as pages, the manifest and the API read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from checklists.models import Environment, Release, Scorecard

HISTORY = 30


def of_release(release: Release) -> list[Scorecard]:
    """A release's scorecards, newest first, with who registered them: one query."""
    return list(release.scorecards.select_related("registered_by").order_by("-generated_at", "-id"))


def newest(release: Release, environment: Environment) -> Scorecard | None:
    """The scorecard that counts for a deployment: the newest of that environment or of none: one query.

    A run of some suites only proves nothing when it passed, and counts when it failed. Without one of this
    environment it is the newest of another, so that the gate can say what is wrong with it.
    """
    rows = [row for row in of_release(release) if not (row.overall_passed and row.document.get("partial"))]
    fits = [row for row in rows if row.environment in ("", environment.name)]
    return next(iter(fits or rows), None)


def history(project: int, most: int = HISTORY) -> list[Scorecard]:
    """The newest scorecards of all of a project's releases, oldest first: one query."""
    rows = Scorecard.objects.filter(release__project=project).select_related("release")
    return list(rows.order_by("-generated_at", "-id")[:most])[::-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One suite's flake rate over the runs in which it is known, as fractions, oldest first."""

    suite: str
    rates: tuple[float, ...]
    words: str


def flake_trends(cards: Sequence[Scorecard]) -> list[Trend]:
    """The flake rate of each suite over these scorecards, by name; suites without a rate are left out."""
    rates: dict[str, list[float]] = {}
    for card in cards:
        for suite in card.document.get("suites", []):
            if isinstance(suite.get("flake_rate"), int | float):
                rates.setdefault(suite["name"], []).append(float(suite["flake_rate"]))
    return [Trend(suite=s, rates=tuple(r), words=_words(r)) for s, r in sorted(rates.items())]


def _words(rates: list[float]) -> str:
    last, highest = percent(rates[-1]), percent(max(rates))
    if len(rates) == 1:
        return f"{last} in its one run"
    half = len(rates) // 2
    before, after = sum(rates[:half]) / half, sum(rates[-half:]) / half
    way = "steady" if abs(after - before) < 0.005 else "rising" if after > before else "falling"
    return f"{way}: {last} in the latest of {len(rates)} runs, {highest} at most"


def percent(rate: float) -> str:
    """A fraction as percent: "4 %", "0.5 %"."""
    return f"{round(rate * 100, 2):g} %"


def flake_chart(cards: Sequence[Scorecard], limit: float = 0.1) -> dict[str, Any] | None:
    """The highest flake rate of each run as a line chart's dict form; None until two runs know one."""
    highest = [max(rates) for card in cards if (rates := _rates(card))]
    if len(highest) < 2:
        return None
    return {
        "kind": "line",
        "title": f"Flake rate of the last {len(highest)} runs, oldest first",
        "unit": "%",
        "data": {
            "x": list(range(1, len(highest) + 1)),
            "series": {"Highest of all suites": [round(rate * 100, 3) for rate in highest]},
        },
        "limit": {"op": "<", "value": limit * 100},
    }


def _rates(card: Scorecard) -> list[float]:
    suites = card.document.get("suites", [])
    return [float(s["flake_rate"]) for s in suites if isinstance(s.get("flake_rate"), int | float)]
