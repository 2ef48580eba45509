"""Reports: asked for, rendered once, kept whole or not at all."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from checklists import audit, blobs, clock, keys
from checklists.actions import bundles, evidence, reports
from checklists.errors import Forbidden, Refused
from checklists.models import AuditEntry, Checkpoint, Evidence, InstallationKey, Report
from checklists.models.verification import RunState
from checklists.reports import attached, html, sealing
from tests.reports.made import attach


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


@pytest.mark.parametrize(
    ("with_bundle", "most"),
    [(False, reports.MOST_WAITING), (True, bundles.WAITING)],
    ids=["report", "bundle"],
)
def test_nobody_fills_the_queue(ready_gate, people, with_bundle, most):
    """Of one gate so many wait at once, whoever asks; once one is done there is room again."""
    made = [
        reports.request(gate=ready_gate.pk, by=people.reader, with_bundle=with_bundle) for _ in range(most)
    ]
    with pytest.raises(Refused, match="already"):
        reports.request(gate=ready_gate.pk, by=people.lead, with_bundle=with_bundle)
    Report.objects.filter(pk=made[0].pk).update(state=RunState.DONE, error="Away.", finished_at=clock.now())
    reports.request(gate=ready_gate.pk, by=people.lead, with_bundle=with_bundle)


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
    """What the database gives back renders to the bytes that are kept, signature and all, at any time."""
    reports.render(queued.pk)
    row = Report.objects.get()
    again, seal = sealing.render(row, seconds=60)
    assert hashlib.sha256(again).hexdigest() == row.sha256
    assert seal == row.seal


def test_evidence_is_chosen(ready_gate, people):
    """None, some or all files; the row, the snapshot and the log say which. Links have nothing to attach."""
    for name in ("a.csv", "b.csv"):
        attach(ready_gate, people.owner, name)
    evidence.attach_link(
        gate=ready_gate.pk, key="issues", by=people.owner, url="https://a.example/", name="a"
    )
    ids = list(Evidence.objects.filter(kind="file").values_list("pk", flat=True))
    for wanted, expected in (((), []), (ids[1:], ids[1:]), ("all", ids)):
        row = reports.request(gate=ready_gate.pk, by=people.reader, evidence=wanted)
        assert row.evidence == expected
        entry = AuditEntry.objects.filter(verb="report.requested").last()
        assert entry.data["attached"] == [f["sha256"] for f in row.snapshot["sealed"]["attached"]]
        assert len(entry.data["attached"]) == len(expected)


def test_only_this_gates_files(ready_gate, people):
    """A link, removed evidence and what belongs elsewhere are refused; nothing is queued."""
    attach(ready_gate, people.owner, "gone.csv")
    gone = Evidence.objects.get()
    evidence.remove(gate=ready_gate.pk, key="issues", evidence=gone.pk, by=people.owner)
    for wanted in ([gone.pk], [gone.pk + 1000]):
        with pytest.raises(Refused, match=attached.NOT_OF_THIS_GATE):
            reports.request(gate=ready_gate.pk, by=people.owner, evidence=wanted)
    assert not Report.objects.exists()


def test_too_much_to_attach(ready_gate, people, monkeypatch):
    """More than a PDF takes is refused with both figures and the way out."""
    monkeypatch.setattr(attached, "MOST_BYTES", 5)
    attach(ready_gate, people.owner)
    with pytest.raises(Refused, match=r"1 files with 0\.0 MB.*The audit bundle holds all of them"):
        reports.request(gate=ready_gate.pk, by=people.owner, evidence="all")


def test_the_head_is_signed(queued, ready_gate):
    """Asking signs the head of the log as it was then; the report's own log ends there."""
    point = Checkpoint.objects.get(cause="report")
    assert (queued.checkpoint, queued.snapshot["sealed"]["checkpoint"]) == (point.note, point.note)
    assert queued.snapshot["audit"]["head"] == f"{point.length}:{point.head}"
    assert AuditEntry.objects.get(verb="report.requested").seq == point.length + 1


@pytest.mark.parametrize("what", ["certificate", "key"])
def test_changed_meanwhile(queued, what):
    """Key or certificate changed before it was rendered: told, with what to do."""
    if what == "certificate":
        (keys.directory() / "report-certificate.pem").unlink()
    else:
        InstallationKey.objects.update(not_after=clock.now())
    reports.render(queued.pk)
    row = Report.objects.get()
    assert "was changed after this report was asked for" in row.error
    assert (row.sha256, row.seal) == ("", "")


def test_evidence_gone(ready_gate, people):
    """A chosen file whose bytes are lost fails the report by name instead of leaving it out."""
    attach(ready_gate, people.owner)
    queued = reports.request(gate=ready_gate.pk, by=people.owner, evidence="all")
    default_storage.delete(blobs.path_of(Evidence.objects.get().sha256))
    reports.render(queued.pk)
    assert "is missing" in Report.objects.get().error


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
