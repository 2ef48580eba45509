"""The score page: numbers as words and bars, gaps with what settling each adds, the course over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.safestring import SafeString

from checklists import charts
from checklists.models import ScorePoint
from checklists.shown import times
from readiness.engine.gaps import Gap, Step
from readiness.engine.outcome import quantity
from readiness.engine.score import Score, SectionScore, percent

SHOWN_POINTS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionLine:
    """A section: its weight, what is done of it, and its part of the score. `bar` is 0 to 100."""

    title: str
    weight: str
    done: str
    score: str
    adds: str
    bar: int


def section_lines(score: Score) -> list[SectionLine]:
    """Sections that hold items, in document order."""
    return [_section(section) for section in score.sections if section.items]


def _section(section: SectionScore) -> SectionLine:
    whole = section.items - section.not_applicable
    parts = [
        f"{count} {word}"
        for count, word in (
            (section.done, "done"),
            (section.waived, "waived"),
            (section.partial, "half done"),
            (section.failed, "failed"),
            (section.pending, "pending"),
            (section.not_applicable, "not applicable"),
        )
        if count
    ]
    return SectionLine(
        title=section.title,
        weight=f"{quantity(section.weight)} %" if section.weight is not None else "none",
        done=", ".join(parts),
        score=percent(section.score) if whole else "left out",
        adds=points(section.contribution),
        bar=int(section.score or 0),
    )


def points(value: float) -> str:
    """Points of 100 with one decimal: "3.5 points"; a small part is not written as nothing."""
    shown = f"{value:.1f}".removesuffix(".0")
    return f"{'under 0.1' if shown == '0' and value else shown} {'point' if shown == '1' else 'points'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GapLine:
    """One thing that is missing, with the way to it."""

    href: str
    title: str
    section: str
    state: str
    gain: str
    observed: str
    todo: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step of the roadmap."""

    title: str
    gaps: list[GapLine]
    after: str


def roadmap(score: Score, base: str) -> list[StepLine]:
    """The steps to 100 %."""
    return [_step(step, base) for step in score.roadmap]


def _step(step: Step, base: str) -> StepLine:
    after = f"{percent(step.score_after)} after this step" if step.score_after is not None else ""
    return StepLine(title=step.title, gaps=[gap_line(gap, base) for gap in step.gaps], after=after)


def gap_line(gap: Gap, base: str) -> GapLine:
    """A gap as the page shows it."""
    return GapLine(
        href=f"{base}#item-{gap.key}",
        title=gap.title,
        section=gap.section,
        state="half done" if gap.partial else gap.state.value,
        gain=f"+{points(gap.gain)}" if gap.gain else "no weight",
        observed=gap.observed,
        todo=gap.remediation,
    )


def course(rows: Sequence[ScorePoint], now: datetime) -> tuple[SafeString, str]:
    """The score over time as a line up to now, and its caption; empty while there is only one moment."""
    known = [(row.at, row.score) for row in rows if row.score is not None][-SHOWN_POINTS:]
    if len(known) < 2:
        return SafeString(""), ""
    start = known[0][0]
    unit, seconds = _unit((now - start).total_seconds())
    x: list[float] = []
    y: list[float] = []
    for at, value in known:
        moment = (at - start).total_seconds() / seconds
        if y:  # a score holds until the next one: a step, not a slope
            x.append(moment)
            y.append(y[-1])
        x.append(moment)
        y.append(math.floor(value))
    x.append(max((now - start).total_seconds() / seconds, x[-1]))
    y.append(y[-1])
    title = f"Score over time, in {unit} since {timezone.localtime(start):%-d %b %Y, %H:%M}."
    data = {"x": [round(v, 2) for v in x], "series": {"Score": y}}
    return charts.svg({"kind": "line", "title": title, "unit": "%", "data": data}), title


def _unit(seconds: float) -> tuple[str, float]:
    if seconds > 3 * 86_400:
        return "days", 86_400.0
    return ("hours", 3600.0) if seconds > 3 * 3600 else ("minutes", 60.0)


def moments(rows: Sequence[ScorePoint], now: datetime, *, last: int = 8) -> list[tuple[str, str, str]]:
    """The newest changes in words: when, the score, and what blocked."""
    newest: dict[str, ScorePoint] = {}
    for row in reversed(rows):  # many checks end within a minute: the last of them says it
        newest.setdefault(times.ago(row.at, now), row)
    told = list(newest.items())[:last]
    return [(when, percent(row.score), _blocked(row.blockers)) for when, row in told]


def _blocked(count: int) -> str:
    return f"blocked by {count} item{'s' * (count != 1)}" if count else "nothing blocked"
