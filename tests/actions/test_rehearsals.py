"""Rollback rehearsals: what is recorded, mended once, and how long one counts."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction

from checklists import blobs, clock
from checklists.actions import projects, rehearsals
from checklists.errors import Forbidden, Refused
from checklists.models import AuditEntry, DeploymentPolicy, Environment, Notification, Rehearsal
from checklists.reads import rehearsals as reads
from tests.waivers import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def production(project, now):
    """Where releases go."""
    return Environment.objects.get(project=project, name="production")


@pytest.fixture
def record(project, production, people):
    """Makes a rehearsal, passed half an hour ago unless told otherwise."""

    def make(**more):
        facts = {
            "by": people.lead,
            "environment": production,
            "performed_at": clock.now() - timedelta(minutes=30),
            "performed_by": "Tom and the night shift",
            "from_version": "1.4.0",
            "to_version": "1.3.0",
            "duration_seconds": 200,
            "outcome": "passed",
        }
        return rehearsals.record(project=project, **facts | more)

    return make


def test_recorded_with_its_log(record, people):
    """The facts, the bytes of the log with their hash, and an entry in the project's log."""
    row = record(log=BytesIO(b"10:00 start"), log_name="../../way-back.log", gaps="None. ")
    assert (row.log_name, row.log_size, row.gaps) == ("way-back.log", 11, "None.")
    assert row.log_sha256 == hashlib.sha256(b"10:00 start").hexdigest()
    assert blobs.get(row.log_sha256) == b"10:00 start"
    entry = AuditEntry.objects.get(verb="rehearsal.recorded")
    assert (entry.actor_name, entry.data["rehearsal"], entry.data["sha256"]) == (
        people.lead.name,
        row.pk,
        row.log_sha256,
    )


REFUSED = [
    ({"performed_at": NOW + SECOND}, rehearsals.FUTURE),
    ({"performed_at": datetime(2026, 11, 21, 10, 0)}, rehearsals.NO_ZONE),  # that is the case
    ({"performed_at": datetime.min.replace(tzinfo=UTC)}, "before 2000"),
    ({"performed_by": " \0 "}, rehearsals.WHO),
    ({"performed_by": "x" * 201}, "201 characters"),
    ({"from_version": ""}, rehearsals.VERSIONS),
    ({"to_version": "\n"}, rehearsals.VERSIONS),
    ({"to_version": " 1.4.0 "}, rehearsals.VERSIONS),
    ({"duration_seconds": 0}, rehearsals.DURATION),
    ({"duration_seconds": -5}, rehearsals.DURATION),
    ({"duration_seconds": 30 * 86_400}, rehearsals.DURATION),
    ({"outcome": "failed"}, rehearsals.GAPS),
    ({"gaps": "x" * 5001}, "5001 characters"),
    ({"log": ContentFile(b"")}, rehearsals.EMPTY_LOG),
]


@pytest.mark.parametrize(("wrong", "why"), REFUSED)
def test_refused(record, wrong, why):
    """Nothing in the future, nameless, timeless, without versions or with an empty log is recorded."""
    with pytest.raises(Refused, match=why[:15]):
        record(**wrong)
    assert not Rehearsal.objects.exists()


def test_this_second_is_not_the_future(record):
    """What has just been done may be recorded at once."""
    assert record(performed_at=NOW).performed_at == NOW


def test_a_log_too_large(record, settings):
    """A log is kept within the limit for evidence."""
    settings.EVIDENCE_MAX_BYTES = 10
    with pytest.raises(Refused, match="at most"):
        record(log=BytesIO(b"x" * 11))


def test_another_projects_environment(record, people):
    """An environment of another project is none of this one."""
    other = projects.create(by=people.owner, name="Other")
    with pytest.raises(Refused, match=rehearsals.ELSEWHERE):
        record(environment=other.environments.get())


@pytest.mark.parametrize("who", ["product", "compliance", "reader", "outsider"])
def test_who_may_not(record, people, who):
    """Makers record and mend; nobody else."""
    row = record(outcome="failed", gaps="The image was gone.")
    with pytest.raises(Forbidden):
        record(by=getattr(people, who))
    with pytest.raises(Forbidden):
        rehearsals.remediate(rehearsal=row.pk, by=getattr(people, who), text="Kept now.")


def test_mended_once(record, people, project, production, now):
    """A failed one blocks until its remediation is on record, which is written once."""
    row = record(outcome="failed", gaps="The image was gone.")
    assert reads.status(project, production, now.at).state == "failed"
    with pytest.raises(Refused, match=rehearsals.MENDED):
        rehearsals.remediate(rehearsal=row.pk, by=people.lead, text=" ")
    rehearsals.remediate(rehearsal=row.pk, by=people.owner, text="Images of five releases are kept.")
    assert reads.status(project, production, now.at).state == "fresh"
    with pytest.raises(Refused, match=rehearsals.ONCE):
        rehearsals.remediate(rehearsal=row.pk, by=people.lead, text="Something else.")
    row.refresh_from_db()
    assert (row.remediation, row.remediated_by) == ("Images of five releases are kept.", people.owner)
    with pytest.raises(Refused, match=rehearsals.ONLY_FAILED):
        rehearsals.remediate(rehearsal=record().pk, by=people.lead, text="x")


def test_who_is_told(record, people):
    """That one failed is told to all who make releases but to who recorded it."""
    record(outcome="failed", gaps="The image was gone.")
    told = set(Notification.objects.filter(kind="rehearsal").values_list("person__username", flat=True))
    assert told == {"owner", "contributor", "second"}


AGES = [
    (timedelta(), "fresh"),
    (timedelta(days=25), "fresh"),
    (timedelta(days=25) + SECOND, "due"),
    (timedelta(days=30), "due"),
    (timedelta(days=30) + SECOND, "overdue"),
    (timedelta(days=3000), "overdue"),
]


@pytest.mark.parametrize(("age", "state"), AGES)
def test_freshness_to_the_second(record, project, production, now, age, state):
    """Thirty days count to the second; five days before that it is due."""
    row = record(performed_at=NOW - age)
    found = reads.status(project, production, NOW, 30)
    assert (found.state, found.until) == (state, row.performed_at + timedelta(days=30))
    assert found.blocks == (state == "overdue")
    assert [due.key for due in reads.due(NOW)] == (
        [] if state == "fresh" else [f"rehearsal:{row.pk}:{state}"]
    )


def test_the_one_performed_last_counts(record, project, production, people, now):
    """Not the one recorded last: an old success entered later does not hide a failure."""
    failed = record(outcome="failed", gaps="It hung.", performed_at=NOW - timedelta(days=1))
    record(performed_at=NOW - timedelta(days=2))
    assert reads.newest(project, production) == failed
    staging = Environment.objects.get(project=project, name="staging")
    assert reads.newest(project, staging) is None
    states = {one.environment.name: one.state for one in reads.statuses(project, NOW)}
    assert states == {"production": "failed", "staging": "none"}


def policy(environment, source, by):
    """A deployment policy of an environment."""
    DeploymentPolicy.objects.create(
        project=environment.project,
        environment=environment,
        number=1,
        source=source,
        sha256="0" * 64,
        activated_by=by,
        activated_at=NOW,
    )


@pytest.mark.parametrize(
    ("source", "days"),
    [
        ("required_roles: [technical-lead]\nmax_rehearsal_age_days: 7\n", 7),
        ("no such: thing\n", 30),
        ("", 30),
    ],
)
def test_limit_of_the_policy(production, people, source, days):
    """An environment's policy says how old one may be; one that cannot be read leaves the default."""
    assert reads.max_age_days(production) == 30
    policy(production, source, people.owner)
    assert reads.max_age_days(production) == days


EDITS = {
    "performed_at": NOW, "performed_by": "Other", "from_version": "9", "to_version": "8",
    "duration_seconds": 1, "outcome": "failed", "gaps": "Other", "log_name": "x", "log_sha256": "f" * 64,
    "log_size": 9, "recorded_at": NOW, "remediation": "Other",
}  # fmt: skip


def test_direct_sql_changes_nothing(record, people):
    """Triggers hold every fact, a remediation once it is written, and the row itself."""
    row = record(outcome="failed", gaps="It hung.")
    rehearsals.remediate(rehearsal=row.pk, by=people.lead, text="Mended.")
    changed = []
    for name, value in EDITS.items():
        try:
            with transaction.atomic():
                Rehearsal.objects.filter(pk=row.pk).update(**{name: value})
            changed.append(name)
        except DatabaseError as error:
            assert "append-only" in str(error)  # noqa: PT017  # a table in one test
    assert changed == []
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Rehearsal.objects.filter(pk=row.pk)._raw_delete("default")
