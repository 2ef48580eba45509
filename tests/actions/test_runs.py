"""The queue in the database: one open run per item, one result per run, whatever is lost or doubled."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from checklists.actions import releases, runs
from checklists.errors import Forbidden, Refused
from checklists.loaded import load
from checklists.models import AuditEntry, CheckRun
from readiness.engine.errors import RunDirectoryError
from tests.conftest import run_checks

PASS = [
    {
        "kind": "file",
        "params": {},
        "finding": {"outcome": "PASS", "message": "fine", "measurements": []},
        "files": [],
    }
]


@pytest.fixture
def queued(gate, people) -> int:
    """One queued run."""
    return runs.request_one(gate=gate.pk, key="weights", by=people.lead)[0]


def test_request_all(gate, people):
    """Every item with checks gets one run; asking again while they wait adds none."""
    assert len(runs.request_all(gate=gate.pk, by=people.lead)) == 3
    assert runs.request_all(gate=gate.pk, by=people.lead) == []


def test_one_open_run_per_item(queued, gate, people):
    """The act refuses a second run, and so does the database."""
    with pytest.raises(Refused):
        runs.request_one(gate=gate.pk, key="weights", by=people.lead)
    row = CheckRun.objects.get(pk=queued)
    with pytest.raises(IntegrityError), transaction.atomic():
        CheckRun.objects.create(
            item=row.item,
            snapshot=row.snapshot,
            parameters=row.parameters,
            requested_by=people.lead,
            requested_at=timezone.now(),
        )


@pytest.mark.parametrize("who", ["product", "compliance", "reader", "outsider"])
def test_who_may_not_run(gate, people, who):
    """Only makers run checks."""
    with pytest.raises(Forbidden):
        runs.request_all(gate=gate.pk, by=getattr(people, who))


def test_no_checks_no_run(gate, people):
    """An item without checks cannot be run."""
    with pytest.raises(Refused):
        runs.request_one(gate=gate.pk, key="issues", by=people.lead)


def test_claimed_once(queued):
    """The second worker gets nothing."""
    assert runs.claim(queued)
    assert runs.claim(queued) is None


def test_only_the_holder_stores(queued):
    """A stranger's token stores nothing; the holder stores once."""
    claimed = runs.claim(queued)
    assert not runs.finish(run=queued, claim=uuid.uuid4(), results=PASS)
    assert runs.finish(run=queued, claim=claimed.claim, results=PASS)
    assert not runs.finish(run=queued, claim=claimed.claim, results=PASS)
    assert AuditEntry.objects.filter(verb="run.finished").count() == 1


def test_a_worker_back_from_the_dead(queued, gate):
    """The run was given to another worker meanwhile: the first one's result is dropped."""
    first = runs.claim(queued)
    CheckRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert runs.end_overdue() == [queued]
    second = runs.claim(queued)
    assert not runs.finish(run=queued, claim=first.claim, results=PASS)
    assert runs.finish(run=queued, claim=second.claim, results=PASS)
    assert load(gate.pk).item("weights").row.state == "passed"


def test_ends_as_error_after_three_attempts(queued, gate):
    """A run whose worker dies each time ends as ERROR, and its item as failed."""
    for _ in range(runs.MAX_ATTEMPTS):
        assert runs.claim(queued)
        CheckRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        runs.end_overdue()
    item = load(gate.pk).item("weights")
    assert (item.row.state, item.outcome) == ("failed", "ERROR")
    assert "3 times" in item.observed
    assert runs.claim(queued) is None


def test_forgotten(queued):
    """A run is sent again when its message may be lost, not before."""
    assert runs.forgotten() == [queued]
    runs.sent([queued])
    assert runs.forgotten() == []
    CheckRun.objects.update(sent_at=timezone.now() - runs.RESEND_AFTER - timedelta(seconds=1))
    assert runs.forgotten() == [queued]
    runs.claim(queued)
    assert runs.forgotten() == []


def test_no_result_is_no_pass(queued, gate):
    """A run that brings nothing back leaves the item open."""
    claimed = runs.claim(queued)
    runs.finish(run=queued, claim=claimed.claim, results=[])
    item = load(gate.pk).item("weights")
    assert (item.outcome, item.row.state) == ("SKIP", "open")


def test_parameters_freeze_on_first_use(queued, gate):
    """The moment a check first uses the parameters is on record."""
    assert gate.release.parameters.frozen_at is None
    runs.claim(queued)
    gate.release.parameters.refresh_from_db()
    assert gate.release.parameters.frozen_at


def test_changed_file_is_an_error(gate, people, run_dir):
    """A file edited after the snapshot: ERROR, failed, said plainly."""
    (run_dir / "model.bin").write_bytes(b"other")
    run_checks(gate, people.lead)
    item = load(gate.pk).item("weights")
    assert (item.outcome, item.row.state) == ("ERROR", "failed")
    assert "changed since the snapshot" in item.observed


def test_new_snapshot_reopens(gate, people, run_dir):
    """After a new snapshot nothing checked before is believed."""
    run_checks(gate, people.lead)
    (run_dir / "model.bin").write_bytes(b"retrained")
    releases.take_snapshot(release=gate.release, by=people.lead)
    assert load(gate.pk).item("weights").row.state == "open"
    run_checks(gate, people.lead)
    assert load(gate.pk).item("weights").row.state == "passed"


def test_snapshot_waits_for_running_checks(queued, gate, people, run_dir):
    """No new snapshot while checks run on the present one."""
    (run_dir / "model.bin").write_bytes(b"retrained")
    with pytest.raises(Refused):
        releases.take_snapshot(release=gate.release, by=people.lead)


@pytest.mark.parametrize("how", ["root taken away", "run became a link"])
def test_a_run_outside_the_roots_is_not_read(queued, gate, run_dir, settings, tmp_path, how):
    """The roots are asked again when the checks run: where a run leads may have changed since."""
    claimed = runs.claim(queued)
    if how == "run became a link":
        run_dir.symlink_to(run_dir.rename(tmp_path / "elsewhere"))
    else:
        settings.RUN_ROOTS = [tmp_path / "others"]
    with pytest.raises(RunDirectoryError, match="outside the directories"):
        runs.execute(claimed)


def test_altered_index_is_an_error(queued, gate, settings):
    """A stored snapshot index that was edited on disk is noticed."""
    from django.core.files.storage import default_storage

    from checklists import blobs
    from checklists.blobs import BlobError

    name = default_storage.path(blobs.path_of(gate.release.snapshot.digest.removeprefix("sha256:")))
    Path(name).write_bytes(Path(name).read_bytes() + b" ")
    claimed = runs.claim(queued)
    with pytest.raises(BlobError, match="was changed"):
        runs.execute(claimed)
