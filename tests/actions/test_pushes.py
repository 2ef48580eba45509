"""Pushed files become a release: its gate, checks on the stored bytes, new bytes, files elsewhere."""

from __future__ import annotations

import hashlib
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from checklists import blobs, parts
from checklists.actions import pushes, releases, run_directory, runs, uploads
from checklists.actions.pushes import Wanted
from checklists.errors import Forbidden, Refused
from checklists.loaded import load
from checklists.models import AuditEntry, CheckRun, Gate, Release, Upload
from readiness.engine import file_index, indexing, seal
from readiness.engine.errors import ParameterError, RunDirectoryError
from readiness.engine.target import Entry

FILES = {
    "model.bin": b"weights",
    "card.md": b"# Model card\nWhat it is for.\n",
    "metrics.json": b'{"test": {"accuracy": 0.876}}',
}
PRODUCTION = Wanted(environment="production", parameters={"target_accuracy": "85 %"})


def index_of(files: dict[str, bytes]) -> bytes:
    """The index of these files."""
    return file_index.pack(Entry(p, len(d), hashlib.sha256(d).hexdigest()) for p, d in files.items())


def bring(project, by, files=FILES, version="2.0.0") -> Upload:
    """An upload with every file in its place."""
    upload = uploads.open_upload(project=project, by=by, version=version, index=index_of(files))
    for data in files.values():
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 in uploads.missing(upload):
            uploads.take_part(upload=upload, by=by, sha256=sha256, offset=0, chunks=[data])
    return upload


def push(project, by, files=FILES, wanted=PRODUCTION) -> pushes.Pushed:
    """A whole push."""
    return pushes.complete(upload=bring(project, by, files), by=by, wanted=wanted)


def work(ids: list[int]) -> None:
    """What the worker does."""
    for pk in ids:
        claimed = runs.claim(pk)
        assert claimed
        assert runs.finish(run=pk, claim=claimed.claim, results=runs.execute(claimed))


def test_push_makes_release_gate_and_runs(project, people, checklist):
    """One push: a stored release without a root, its parameters, the gate, the checks queued; audited."""
    pushed = push(project, people.contributor)
    release = pushed.release
    assert (release.files, release.root, release.version) == ("stored", "", "2.0.0")
    assert release.snapshot.digest == f"sha256:{hashlib.sha256(index_of(FILES)).hexdigest()}"
    assert release.promised.values == {"target_accuracy": 85.0}
    assert pushed.gate.environment.name == "production"
    assert len(pushed.runs) == 3
    verbs = AuditEntry.objects.filter(stream=f"project:{project.pk}", subject=str(release))
    assert list(verbs.order_by("seq").values_list("verb", flat=True)) == ["release.created", "release.pushed"]


def test_checks_read_the_stored_bytes(project, people, checklist):
    """The worker's directory is made of the blobs: the same digest, plain read-only files, one name each."""
    pushed = push(project, people.contributor)
    work(pushed.runs)
    states = {item.key: item.outcome for item in load(pushed.gate.pk).items if item.row.has_checks}
    assert states == {"weights": "PASS", "accuracy": "PASS", "card": "PASS"}
    root = run_directory.run_directory(pushed.release)
    assert seal.artifact_digest(indexing.index(root)) == pushed.release.snapshot.digest
    info = (root / "model.bin").stat()
    assert (stat.S_IMODE(info.st_mode), info.st_nlink) == (0o444, 1)


def test_complete_twice_changes_nothing(project, people, checklist):
    """The answer got lost and the client asks again: the same release and gate, no further run."""
    upload = bring(project, people.lead)
    first = pushes.complete(upload=upload, by=people.lead, wanted=PRODUCTION)
    again = pushes.complete(upload=upload, by=people.lead, wanted=PRODUCTION)
    assert (again.release, again.gate, again.runs) == (first.release, first.gate, [])
    assert CheckRun.objects.count() == 3
    third = push(project, people.lead)  # the whole push once more
    assert (third.release, third.gate, third.runs) == (first.release, first.gate, [])


def test_incomplete_upload_is_no_release(project, people, checklist):
    """As long as a file is missing there is no release, however often one asks."""
    upload = uploads.open_upload(project=project, by=people.lead, version="2", index=index_of(FILES))
    with pytest.raises(Refused, match="3 files of this upload are not here"):
        pushes.complete(upload=upload, by=people.lead, wanted=PRODUCTION)
    assert not Release.objects.exists()


def test_other_bytes_reopen_the_items(project, people, checklist):
    """A new push of the version binds it to the new bytes; old results no longer hold and checks run anew."""
    pushed = push(project, people.contributor)
    work(pushed.runs)
    worse = FILES | {"metrics.json": b'{"test": {"accuracy": 0.5}}'}
    again = push(project, people.contributor, worse)
    assert again.release.pk == pushed.release.pk
    assert again.gate == pushed.gate
    assert {i.row.state for i in load(pushed.gate.pk).items if i.row.has_checks} == {"open"}
    work(again.runs)
    assert load(pushed.gate.pk).item("accuracy").row.state == "failed"


def test_busy_checks_keep_their_bytes(project, people, checklist):
    """While checks are under way the release is not swapped beneath them."""
    push(project, people.contributor)
    with pytest.raises(Refused, match="Checks are running"):
        push(project, people.contributor, FILES | {"more": b"1"})
    assert Upload.objects.filter(state="open").count() == 1  # push again when they have ended


def test_directory_release_is_not_replaced(project, people, release):
    """Files of a release in a directory on the server are not replaced by a push."""
    with pytest.raises(Refused, match="lie in a directory"):
        uploads.open_upload(project=project, by=people.lead, version="1.4.0", index=index_of(FILES))


def test_stored_release_has_nothing_to_look_at(project, people, checklist):
    """Looking at the directory again makes no sense for pushed files; the advice says what does."""
    pushed = push(project, people.lead)
    with pytest.raises(Refused, match="Push the run again"):
        releases.take_snapshot(release=pushed.release, by=people.lead)


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        (Wanted(environment="moon"), Refused, "has no environment 'moon'"),
        (Wanted(environment="production", checklist="nothing"), Refused, "no published checklist 'nothing'"),
        (Wanted(environment="production", checklist="small@9"), Refused, "no published checklist"),
        (Wanted(environment="production", parameters={"target_accuracy": "high"}), ParameterError, "number"),
        (Wanted(environment="production", parameters={"surprise": "1"}), ParameterError, "surprise"),
    ],
)
def test_wrong_wishes(project, people, checklist, wanted, error, words):
    """An unknown environment, checklist or parameter is said; nothing is made and the upload stays open."""
    with pytest.raises(error, match=words):
        push(project, people.lead, wanted=wanted)
    assert not Release.objects.exists()
    assert push(project, people.lead).gate


def test_parameters_of_a_release_are_the_owners(project, people, checklist, lifted_triggers):
    """Pushing with other values for a release that promised some is the owner's act, not the pipeline's."""
    push(project, people.contributor)
    lower = Wanted(environment="production", parameters={"target_accuracy": "10"})
    CheckRun.objects.all().delete()
    with pytest.raises(Forbidden):
        push(project, people.contributor, wanted=lower)


def test_outsider_and_reader_complete_nothing(project, people, checklist):
    """Completing asks for the same right as pushing."""
    upload = bring(project, people.lead)
    for person in (people.reader, people.outsider):
        with pytest.raises(Forbidden):
            pushes.complete(upload=upload, by=person, wanted=PRODUCTION)


def test_lost_or_damaged_blob_never_passes(project, people, checklist):
    """A stored file that is gone or altered makes the run an error that names it; no directory appears."""
    pushed = push(project, people.lead)
    path = Path(default_storage.path(blobs.path_of(hashlib.sha256(b"weights").hexdigest())))
    path.chmod(0o600)
    for damage, words in (
        (lambda: path.write_bytes(b"weighty"), "was changed"),
        (path.unlink, "is missing"),
    ):
        damage()
        with pytest.raises(blobs.BlobError, match=f"model.bin .* {words}"):
            run_directory.run_directory(pushed.release)
        assert not any(p.is_dir() for p in run_directory._home().iterdir())


def test_many_workers_make_one_directory(project, people, checklist):
    """Several workers that start at once all get the same whole directory, and nothing is left beside it."""
    digest = push(project, people.lead).release.snapshot.digest
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: run_directory._materialised(digest), range(16)))
    assert len(found) == 1
    assert [p.name for p in run_directory._home().iterdir() if p.is_dir()] == [digest[7:]]


def test_unused_directories_are_swept(project, people, checklist):
    """A day after its last use a directory goes; it comes back when it is asked for."""
    release = push(project, people.lead).release
    root = run_directory.run_directory(release)
    assert run_directory.sweep_directories() == 0
    assert run_directory.sweep_directories(time.time() + 25 * 3600) == 1
    assert not root.exists()
    assert run_directory.run_directory(release) == root


def test_declared_files_cannot_be_run_here(project, people, checklist):
    """Files that stay elsewhere: a release and a gate, no bytes, no run; whoever asks for one is told."""
    pushed = pushes.declare(
        project=project, by=people.lead, version="3", index=index_of(FILES), wanted=PRODUCTION
    )
    assert (pushed.release.files, pushed.runs) == ("elsewhere", [])
    for request in (
        lambda: runs.request_all(gate=pushed.gate.pk, by=people.lead),
        lambda: runs.request_one(gate=pushed.gate.pk, key="weights", by=people.lead),
        lambda: releases.take_snapshot(release=pushed.release, by=people.lead),
    ):
        with pytest.raises(Refused, match="not here"):
            request()
    with pytest.raises(RunDirectoryError, match="not here"):
        run_directory.run_directory(pushed.release)


def test_declared_release_may_be_pushed_later(project, people, checklist):
    """Bringing the files afterwards is more, so it is taken; results alone after the files would be less."""
    pushes.declare(project=project, by=people.lead, version="2.0.0", index=index_of(FILES), wanted=PRODUCTION)
    pushed = push(project, people.lead)
    assert pushed.release.files == "stored"
    assert len(pushed.runs) == 3
    with pytest.raises(Refused, match="stored here"):
        pushes.declare(
            project=project, by=people.lead, version="2.0.0", index=index_of(FILES), wanted=PRODUCTION
        )


def test_second_release_finds_its_checklist(project, people, checklist, ready_gate):
    """Without a word the next push takes the checklist of the project's newest gate there."""
    pushed = push(project, people.lead, wanted=Wanted(environment="production"))
    assert pushed.gate.checklist == checklist
    assert Gate.objects.count() == 2
    assert parts.received(1) == {}
