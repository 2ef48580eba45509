"""Rollback rehearsals as pages show them: how fresh, in words and as a bar, and each one's facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from checklists import zones
from checklists.models import Rehearsal
from checklists.reads.rehearsals import Freshness, Status
from checklists.shown import times

WIDE = 1000


@dataclass(slots=True, kw_only=True)
class Fresh:
    """How an environment stands: a word, a sentence, what to do, and the bar ("27 of 30 days")."""

    environment: str
    state: str
    words: str
    advice: str
    width: int
    bar: str


def fresh(status: Status, now: datetime) -> Fresh:
    """The card's part for one environment."""
    row, until = status.newest, status.until
    days = f"{status.max_age_days:g}"
    if row is None or until is None:
        words = "The way back has not been rehearsed here."
        return Fresh(
            environment=status.environment.name,
            state="missing",
            words=words,
            advice="Rehearse the rollback and record it.",
            width=0,
            bar="",
        )
    age = (now - row.performed_at).total_seconds() / 86_400
    end = _at(until)
    last = f"Rehearsed {_ago(age)}, {took(row.duration_seconds)}"
    told = {
        Freshness.FRESH: (f"{last}; fresh until {end}.", ""),
        Freshness.DUE: (f"{last}; fresh until {end}.", f"Rehearse again {zones.until(until, now)}."),
        Freshness.OVERDUE: (f"{last}; it counted until {end}.", "Rehearse again: a deployment is blocked."),
        Freshness.FAILED: (
            f"Failed {_ago(age)}: {row.gaps}",
            "Record how it was mended, or rehearse again: a deployment is blocked.",
        ),
    }[status.state]
    return Fresh(
        environment=status.environment.name,
        state="failed" if status.state is Freshness.FAILED else status.state.value,
        words=told[0],
        advice=told[1],
        width=min(WIDE, max(1, round(WIDE * age / status.max_age_days))),
        bar=f"{int(age)} of {days} days",
    )


def _ago(days: float) -> str:
    if days < 1:
        return "today" if days * 24 >= 1 else "just now"
    return "yesterday" if days < 2 else f"{int(days)} days ago"


def took(seconds: int) -> str:
    """A duration as "45 s", "3 min 20 s", "2 h 5 min"."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes else []
    parts += [f"{rest} s"] if rest and not hours else []
    return " ".join(parts) or "0 s"


@dataclass(slots=True, kw_only=True)
class Line:
    """One rehearsal in the list."""

    row: Rehearsal
    state: str
    when: str
    took: str
    recorded: str
    remediated: str
    to_mend: bool


def line(row: Rehearsal, now: datetime) -> Line:
    """A rehearsal with who and when in words."""
    mended = ""
    if row.remediated_by and row.remediated_at:
        mended = f"{row.remediated_by.name}, {times.day(row.remediated_at, now)}"
    return Line(
        row=row,
        state=row.outcome,
        when=_at(row.performed_at),
        took=took(row.duration_seconds),
        recorded=f"{row.recorded_by.name}, {times.day(row.recorded_at, now)}",
        remediated=mended,
        to_mend=not row.settled,
    )


def _at(moment: datetime) -> str:
    return zones.words(moment, timezone.get_current_timezone_name())
