"""What only time brings is told once: waivers and rehearsals near their end, monitoring that is over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checklists import clock
from checklists.actions import rehearsals, reminders, waivers
from checklists.models import Environment, Notification
from tests.waivers import Clock, asked, open_gate


@pytest.fixture
def time(monkeypatch) -> Clock:
    """A clock that the test moves."""
    return Clock(monkeypatch)


def told(event: str) -> list[tuple[str, str]]:
    """Who was told that event, with the title."""
    rows = Notification.objects.filter(key__contains=f":{event}:").order_by("pk")
    return list(rows.values_list("person__username", "title"))


def test_waiver_near_its_end(time, project, people, run_dir):
    """Owner and requester hear a week and a day before, each once, however often it is looked."""
    gate = open_gate(project, people, run_dir)
    waiver = asked(gate, people.lead, days=10, owner=people.contributor)
    waivers.approve(gate=gate.pk, waiver=waiver.pk, by=people.product, role="product-owner")
    looked = []
    for days in (0, 2.9, 0.2, 1, 4.8, 0.2, 3):
        now = time.forward(days=days)
        reminders.remind(now)
        reminders.remind(now)
        looked.append(len(told("waiver.expiring")))
    assert looked == [0, 0, 2, 2, 2, 4, 4]
    titles = {title for _, title in told("waiver.expiring")}
    assert {name for name, _ in told("waiver.expiring")} == {"contributor", "lead"}
    assert any("tomorrow" in title for title in titles)
    line = Notification.objects.filter(key__contains="waiver.expiring").first()
    assert line.path == f"/gates/{gate.pk}/waivers/{waiver.pk}/"


def test_rehearsal_due_and_overdue(time, project, people):
    """Makers hear five days before a rehearsal loses its worth and when it has, each once."""
    where = Environment.objects.get(project=project, name="production")
    rehearsals.record(
        project=project,
        by=people.contributor,
        environment=where,
        performed_at=clock.now(),
        performed_by="The platform team",
        from_version="1.4.0",
        to_version="1.3.0",
        duration_seconds=240,
        outcome="passed",
    )
    for days, due, overdue in ((20, 0, 0), (6, 4, 0), (3, 4, 0), (2, 4, 4), (30, 4, 4)):
        now = time.forward(days=days)
        reminders.remind(now)
        reminders.remind(now)
        assert (len(told("rehearsal.due")), len(told("rehearsal.overdue"))) == (due, overdue)
    assert {name for name, _ in told("rehearsal.overdue")} == {"owner", "contributor", "lead", "second"}


def test_at_most_once_an_hour(time, db):
    """The sweep comes every few seconds; the questions are put once an hour."""
    looked = [reminders.remind_hourly(time.forward(minutes=m)) for m in (0, 0, 30, 29, 1, 0, 61)]
    assert looked == [True, False, False, False, True, False, True]


def test_hour_is_that_of_everybody(time, db):
    """Two workers that sweep at once: one looks."""
    now = time.forward()
    assert reminders.remind_hourly(now)
    assert not reminders.remind_hourly(now + timedelta(seconds=1))
