"""Reports: asked for, rendered once, kept whole or not at all."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from checklists import audit, blobs, clock
from checklists.actions import reports
from checklists.errors import Forbidden
from checklists.models import AuditEntry, Report
from checklists.models.verification import RunState
from checklists.reports import html, sealing


@pytest.fixture
def queued(ready_gate, people) -> Report:
    """A report the reader asked for."""
    return reports.request(gate=ready_gate.pk, by=people.reader)


def test_request(queued, ready_gate, people):
    """The snapshot is frozen when it is asked for; an outsider may not ask."""
    assert (queued.state, queued.verdict) == (RunState.QUEUED, "ready")
    assert queued.digest == queued.snapshot["signed"]["digest"]
    assert AuditEntry.objects.filter(verb="report.requested").count() == 1
    with pytest.raises(Forbidden):
        reports.request(gate=ready_gate.pk, by=people.outsider)


def test_render(queued):
    """The PDF is kept under its hash, which the audit log names; a second delivery renders nothing."""
    reports.render(queued.pk)
    reports.render(queued.pk)
    row = Report.objects.get()
    data = blobs.get(row.sha256)
    assert (row.state, row.error, row.size) == (RunState.DONE, "", len(data))
    assert data.startswith(b"%PDF-1.7")
    (entry,) = AuditEntry.objects.filter(verb="report.finished")
    assert entry.data["sha256"] == hashlib.sha256(data).hexdigest()
    assert audit.verify_all() == []


def test_row_gives_the_same_bytes(queued):
    """What the database gives back renders to the bytes that are kept, signature and all, at any later time."""
    reports.render(queued.pk)
    row = Report.objects.get()
    again, seal = sealing.render(row, seconds=60)
    assert hashlib.sha256(again).hexdigest() == row.sha256
    assert seal == row.seal


def test_failure_is_told(queued, monkeypatch):
    """A snapshot nobody can render ends the report with the reason; no file is kept."""
    monkeypatch.setattr(html, "SCHEMA_VERSION", 99)
    reports.render(queued.pk)
    row = Report.objects.get()
    assert row.state == RunState.DONE
    assert "reads version 99" in row.error
    assert not row.sha256
    assert AuditEntry.objects.filter(verb="report.failed").count() == 1


def test_overdue(queued):
    """A report whose worker is gone is queued again, at most three times, then ended with the reason."""
    for _ in range(reports.MAX_ATTEMPTS):
        assert queued.pk in reports.forgotten()
        Report.objects.update(
            state=RunState.RUNNING,
            claim=uuid.uuid4(),
            lease_until=clock.now() - timedelta(seconds=1),
            attempts=Report.objects.get().attempts + 1,
        )
        reports.end_overdue()
    row = Report.objects.get()
    assert row.state == RunState.DONE
    assert "started 3 times" in row.error


def test_lost_worker_is_succeeded_at_once(queued):
    """A process known to have died is followed without waiting for its lease; a stranger's is not."""
    died, stranger = uuid.uuid4(), uuid.uuid4()
    later = clock.now() + timedelta(hours=1)
    Report.objects.update(state=RunState.RUNNING, claim=died, lease_until=later, attempts=1)
    reports.render(queued.pk, lost=stranger)
    assert Report.objects.get().claim == died
    reports.render(queued.pk, lost=died)
    assert Report.objects.get().sha256


def test_nothing_half_written(queued):
    """The blob store holds whole files only."""
    reports.render(queued.pk)
    kept = [p for p in Path(default_storage.location).rglob("*") if p.is_file()]
    assert all(hashlib.sha256(p.read_bytes()).hexdigest() == p.name for p in kept)
