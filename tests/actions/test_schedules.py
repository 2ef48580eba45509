"""Schedules: right by the calendar, fired once however late, never twice, and not for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from checklists import clock, tasks
from checklists.actions import deployments, schedules
from checklists.actions.schedules import following, moved
from checklists.errors import Forbidden, Refused
from checklists.models import AuditEntry, CheckRun, Gate, Schedule
from tests.governed import approve, by_hand, environment

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CALENDAR = [
    ("day", 1, "2026-02-01"),
    ("week", 2, "2026-02-14"),
    ("month", 1, "2026-02-28"),
    ("month", 2, "2026-03-31"),
    ("month", 3, "2026-04-30"),
    ("month", 11, "2026-12-31"),
    ("month", 12, "2027-01-31"),
    ("month", 25, "2028-02-29"),
    ("quarter", 1, "2026-04-30"),
    ("quarter", 4, "2027-01-31"),
]


@pytest.mark.parametrize(("every", "steps", "day"), CALENDAR)
def test_the_calendar(every, steps, day):
    """The 31st is the last day of shorter months, and the 31st again in longer ones."""
    assert moved(NOON, every, steps).isoformat() == f"{day}T12:00:00+00:00"


def test_the_hour_stays_through_a_change_of_clocks():
    """Nine in the morning where people live is nine in the morning in summer, too."""
    with timezone.override(ZoneInfo("Europe/Berlin")):
        first = datetime(2026, 3, 28, 8, tzinfo=UTC)
        assert moved(first, "day", 2) == datetime(2026, 3, 30, 7, tzinfo=UTC)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["day", "week", "month", "quarter"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2024, 1, 1), timezones=st.just(UTC)),
    st.timedeltas(timedelta(), timedelta(days=1500)),
)
def test_the_next_time_is_next(every, first, late):
    """After now, and no step of the rhythm lies between now and it."""
    now = first + late
    at = following(first, every, now)
    assert at > now
    steps = next(n for n in range(1, 2000) if moved(first, every, n) == at)
    assert steps == 1 or moved(first, every, steps - 1) <= now


def add(project, by, **more):
    """A schedule of checks that begins in an hour, unless overridden."""
    given = {"every": "day", "first_at": clock.now() + timedelta(hours=1)} | more
    return schedules.add(project=project, by=by, **given)


def test_a_rerun_fires_once(gate, people):
    """Nobody looked for five days: the checks are asked for once, and the next time lies ahead."""
    row = add(gate.release.project, people.owner, gate=gate)
    assert schedules.fire_due(clock.now()) == []
    late = row.next_at + timedelta(days=5, hours=2)
    ids = schedules.fire_due(late)
    assert sorted(ids) == sorted(CheckRun.objects.values_list("pk", flat=True))
    assert len(ids) == 3
    row.refresh_from_db()
    assert (row.last_at, row.next_at) == (late, row.first_at + timedelta(days=6))
    assert row.last_result.startswith("Asked for the checks of 3 items")
    assert schedules.fire_due(late) == []
    assert AuditEntry.objects.filter(verb="schedule.fired").count() == 1


def test_a_gate_is_opened_for_what_is_deployed(gate, people):
    """Once for the newest deployed release; the next time its checks run again, and the row says so."""
    release, project = gate.release, gate.release.project
    version = by_hand("monthly")
    row = add(project, people.owner, every="month", checklist="monthly", environment=gate.environment)
    assert schedules.fire_due(row.next_at) == []
    row.refresh_from_db()
    assert "Nothing is deployed in production" in row.last_result
    by_hand("quick")
    from checklists.actions import gates

    quick = gates.open_gate(
        release=release, checklist=by_hand("quick"), environment=gate.environment, by=people.lead
    )
    approve(quick, people)
    gate.superseded_by = quick  # the small checklist's gate would block
    gate.save()
    common = {"release": release, "environment": gate.environment, "by": people.lead}
    deployments.decide_deployment(**common)
    deployments.deploy(**common)
    schedules.fire_due(row.next_at)
    opened = Gate.objects.get(checklist=version)
    assert opened.release == release
    row.refresh_from_db()
    assert row.last_result.startswith("Opened ")
    schedules.fire_due(row.next_at)
    row.refresh_from_db()
    assert row.last_result.startswith("The gate is open already.")
    assert Gate.objects.filter(checklist=version).count() == 1


def test_a_refusal_is_a_result(gate, people):
    """Who made it may no more: said in the row, and due again next time."""
    row = add(gate.release.project, people.owner, gate=gate)
    gate.release.project.memberships.filter(person=people.owner).delete()
    assert schedules.fire_due(row.next_at) == []
    row.refresh_from_db()
    assert row.last_result.startswith("Could not: Owner Person may not run checks")
    assert row.active


def test_stopped(gate, people):
    """A stopped schedule does nothing, and is stopped once."""
    project = gate.release.project
    row = add(project, people.owner, gate=gate)
    schedules.stop(project=project, by=people.owner, schedule=row.pk)
    assert schedules.fire_due(row.next_at) == []
    with pytest.raises(Refused, match="stopped already"):
        schedules.stop(project=project, by=people.owner, schedule=row.pk)


def test_who_may(gate, people):
    """Owners only, also to stop."""
    project = gate.release.project
    row = add(project, people.owner, gate=gate)
    for person in (people.lead, people.reader, people.outsider):
        with pytest.raises(Forbidden):
            add(project, person, gate=gate)
        with pytest.raises(Forbidden):
            schedules.stop(project=project, by=person, schedule=row.pk)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"every": "hour"}, "no rhythm"),
        ({"first_at": timedelta()}, "future"),
        ({"checklist": "missing", "environment": "production"}, "No checklist"),
        ({"checklist": "small", "environment": None}, "Name an environment"),
    ],
)
def test_what_is_refused(gate, people, more, words):
    """An unknown rhythm, a time that is over, a gate that cannot be opened."""
    project = gate.release.project
    given = dict(more) if "checklist" in more else {"gate": gate, **more}
    if "first_at" in given:
        given["first_at"] = clock.now() + given["first_at"]
    if given.get("environment"):
        given["environment"] = environment(project, given["environment"])
    with pytest.raises(Refused, match=words):
        add(project, people.owner, **given)
    assert not Schedule.objects.exists()


def test_the_sweep_does_what_is_due(gate, people, monkeypatch):
    """The clock's own task fires schedules, also while the broker is away: the runs stay queued."""
    row = add(gate.release.project, people.owner, gate=gate)
    monkeypatch.setattr(clock, "now", lambda: row.next_at)
    tasks.sweep()
    assert CheckRun.objects.filter(state="queued").count() == 3
    row.refresh_from_db()
    assert row.last_at == row.first_at
