"""A run as an archive on the page: limits, hostile ones, what comes of it; pages of files elsewhere."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from checklists import clock
from checklists.actions import pushes, run_directory
from checklists.actions.pushes import Wanted
from checklists.models import Environment, Gate, Release, StoredFile
from readiness.engine import indexing, seal
from tests.actions.test_pushes import FILES, index_of, push, work


def zipped(files=FILES, name="run.zip") -> SimpleUploadedFile:
    """A zip of these files as a browser sends it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for path, data in files.items():
            made.writestr(path, data)
    return SimpleUploadedFile(name, out.getvalue())


def tarred(*entries: tarfile.TarInfo) -> SimpleUploadedFile:
    """A tar of raw entries."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for entry in entries:
            made.addfile(entry, io.BytesIO(b"\0" * entry.size))
    return SimpleUploadedFile("run.tar.gz", out.getvalue())


@pytest.fixture
def address(project):
    """Where releases are created."""
    return f"/projects/{project.slug}/releases/new"


@pytest.fixture
def sent(project, checklist):
    """A whole form but for the run's files."""
    return {
        "version": "2.0.0",
        "root": "",
        "checklist": checklist.pk,
        "environment": Environment.objects.get(project=project, name="production").pk,
        "parameter-target_accuracy": "85 %",
    }


def error_at(page: str, field: str) -> str:
    """The error beside a field."""
    found = re.search(rf'<p class="error" id="id_{field}_error">([^<]*)</p>', page)
    return found[1] if found else ""


def test_form_says_what_it_takes(client, people, address, checklist):
    """The page names forms and limit, and works as a plain multipart form."""
    client.force_login(people.lead)
    page = client.get(address).content.decode()
    for words in ('enctype="multipart/form-data"', "at most 500 MB", "pack what is in the run directory"):
        assert words in page


def test_archive_becomes_a_release(client, people, address, sent):
    """A zip: a stored release of exactly its files, its gate, and checks that read them."""
    client.force_login(people.contributor)
    answer = client.post(address, sent | {"archive": zipped()})
    gate = Gate.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/gates/{gate.pk}/")
    release = Release.objects.get()
    assert (release.files, release.promised.values) == ("stored", {"target_accuracy": 85.0})
    assert (
        seal.artifact_digest(indexing.index(run_directory.run_directory(release))) == release.snapshot.digest
    )
    assert client.post(f"/gates/{gate.pk}/run").status_code == 303


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (zipped({"../evil": b"1"}), "../evil"),
        (zipped({"/etc/passwd": b"1"}), "/etc/passwd"),
        (zipped({}), "holds no files"),
        (zipped({"zeros": b"\0" * 70_000_000}), "unpacks to more than"),
        (SimpleUploadedFile("run.zip", b"hello"), "no zip archive and no tar archive"),
        (tarred(tarfile.TarInfo("a"), tarfile.TarInfo("a")), "is there twice"),
    ],
)
def test_hostile_archives(client, people, address, sent, archive, words):
    """Each is refused at its field; no release, no file of the project, nothing outside the store."""
    archive.seek(0)
    client.force_login(people.lead)
    page = client.post(address, sent | {"archive": archive}).content.decode()
    assert words in error_at(page, "archive")
    assert not Release.objects.exists()
    assert not StoredFile.objects.exists()


def test_link_is_refused(client, people, address, sent):
    """A link in a tar is named."""
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    client.force_login(people.lead)
    page = client.post(address, sent | {"archive": tarred(link)}).content.decode()
    assert "&#x27;link&#x27; is a link" in error_at(page, "archive")


@pytest.mark.parametrize("size", [1_000, 3_000_000])
def test_too_large_is_said(client, people, address, sent, settings, size):
    """An archive over the limit is counted, not kept, and refused with both sizes."""
    settings.UPLOAD_MAX_BYTES = settings.EVIDENCE_MAX_BYTES = size - 1
    client.force_login(people.lead)
    archive = SimpleUploadedFile("run.zip", b"PK" * (size // 2))
    page = client.post(address, sent | {"archive": archive}).content.decode()
    assert "are taken" in error_at(page, "archive")


@pytest.mark.parametrize("user", ["lead", None])
def test_only_members_fill_the_disk(client, people, address, sent, settings, monkeypatch, user):
    """Beyond the size of evidence, bytes are written for somebody signed in only."""
    from checklists.uploads import BoundedUploadHandler, TemporaryFileUploadHandler

    settings.EVIDENCE_MAX_BYTES, kept = 100_000, []
    real = TemporaryFileUploadHandler.receive_data_chunk
    monkeypatch.setattr(
        TemporaryFileUploadHandler,
        "receive_data_chunk",
        lambda self, data, start: kept.append(len(data)) or real(self, data, start),
    )
    assert issubclass(BoundedUploadHandler, TemporaryFileUploadHandler)
    if user:
        client.force_login(getattr(people, user))
    client.post(address, sent | {"archive": SimpleUploadedFile("run.zip", b"\1" * 3_000_000)})
    assert (sum(kept) > 2_900_000) is bool(user)


@pytest.mark.parametrize(
    ("more", "words"),
    [({}, "Name a run directory, or choose an archive"), ({"root": "run-1", "archive": 1}, "not both")],
)
def test_one_of_the_two(client, people, address, sent, run_dir, more, words):
    """Neither or both is an error at the directory; a chosen archive must be chosen again."""
    client.force_login(people.lead)
    if "archive" in more:
        more = more | {"archive": zipped()}
    page = client.post(address, sent | more).content.decode()
    assert words in error_at(page, "root")
    assert ("Choose the archive again" in error_at(page, "archive")) is bool(more)


def test_pages_of_stored_files(client, people, project, checklist):
    """Stored files: no directory to look at again, checks can be run."""
    pushed = push(project, people.lead)
    client.force_login(people.lead)
    assert "pushed, stored here" in client.get(f"/releases/{pushed.release.pk}/").content.decode()
    page = client.get(f"/gates/{pushed.gate.pk}/").content.decode()
    assert "Look at the run again" not in page
    assert "Run all checks" in page
    work(pushed.runs)
    assert "not run here" not in client.get(f"/gates/{pushed.gate.pk}/").content.decode()


def test_pages_of_files_elsewhere(client, people, project, checklist):
    """Files elsewhere: the pages say so, and offer no button that could not work."""
    wanted = Wanted(environment="production")
    pushed = pushes.declare(
        project=project, by=people.lead, version="3", index=index_of(FILES), wanted=wanted
    )
    client.force_login(people.lead)
    assert (
        "only digests and results are here" in client.get(f"/releases/{pushed.release.pk}/").content.decode()
    )
    page = client.get(f"/gates/{pushed.gate.pk}/").content.decode()
    assert "the files are not here" in page
    for words in ('id="act-run"', 'id="act-look"', "Run all checks"):
        assert words not in page
    body = client.get(f"/gates/{pushed.gate.pk}/items/weights/").content.decode()
    assert "items/weights/run" not in body
    answer = client.post(f"/gates/{pushed.gate.pk}/items/weights/run").content.decode()
    assert "not here" in answer


def test_reported_results_say_so(client, people, project, checklist):
    """Row, item page, report and signature name who reported; the words stand beside the result."""
    from checklists.actions import reported
    from checklists.loaded import load
    from checklists.reports import entries

    wanted = Wanted(environment="production")
    pushed = pushes.declare(
        project=project, by=people.lead, version="3", index=index_of(FILES), wanted=wanted
    )
    finding = {
        "outcome": "PASS",
        "message": "there",
        "advice": "",
        "measurements": [],
        "charts": [],
        "details": {},
    }
    result = {
        "kind": "file",
        "params": {"path": "model.bin"},
        "finding": finding,
        "duration_s": 0.1,
        "files": [],
    }
    names = {"slug": checklist.slug, "version": checklist.version, "sha256": checklist.sha256}
    document = {
        "digest": pushed.release.snapshot.digest,
        "gate": pushed.gate.pk,
        "checklist": names,
        "parameters": 1,
        "items": [{"key": "weights", "results": [result]}],
    }
    report = reported.parse(document)
    reported.take(release=pushed.release, by=people.lead, reported_by="night (rdy_x…)", report=report)
    client.force_login(people.lead)
    row = client.get(f"/gates/{pushed.gate.pk}/").content.decode()
    assert "not run here" in row
    assert "reported just now" in row
    item = client.get(f"/gates/{pushed.gate.pk}/items/weights/").content.decode()
    assert "Reported by night (rdy_x…), not run here" in item
    loaded = load(pushed.gate.pk)
    judged = loaded.judge(clock.now())
    assert judged.snapshot["items"][0]["reported_by"] == "night (rdy_x…)"
    assert entries.sections(loaded, judged, ())[0]["items"][0]["reported_by"] == "night (rdy_x…)"
