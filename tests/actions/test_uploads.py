"""Uploads: what is missing, parts and batches, resuming, quota, foreign digests, hostile indexes."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from checklists import blobs, clock, parts
from checklists.actions import projects, uploads
from checklists.errors import Forbidden, Refused, TooLarge
from checklists.models import StoredFile, Upload
from readiness.engine import file_index, seal
from readiness.engine.file_frames import FramesBroken, head
from readiness.engine.file_index import IndexRefused
from readiness.engine.target import Entry

FILES = {"model.bin": b"weights" * 50, "deep/er/metrics.json": b"{}", "empty": b"", "twin": b"{}"}


def sha(data: bytes) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(data).hexdigest()


def index_of(files: dict[str, bytes]) -> bytes:
    """The index of these files."""
    return file_index.pack(Entry(path, len(data), sha(data)) for path, data in files.items())


@pytest.fixture
def opened(project, people) -> Upload:
    """An open upload of FILES for 2.0.0."""
    return uploads.open_upload(project=project, by=people.contributor, version="2.0.0", index=index_of(FILES))


def send(upload: Upload, by, data: bytes, *, offset: int = 0, end: int | None = None) -> int:
    """Send a file or a part of one."""
    return uploads.take_part(upload=upload, by=by, sha256=sha(data), offset=offset, chunks=[data[offset:end]])


def test_missing_names_each_content_once(opened, people):
    """Equal files are asked for once; what is here is not asked for again; the digest names the snapshot."""
    assert uploads.missing(opened) == sorted({sha(data) for data in FILES.values()})
    entries = [Entry(path, len(data), sha(data)) for path, data in FILES.items()]
    assert opened.digest == seal.artifact_digest(entries)
    assert (opened.file_count, opened.total_bytes) == (4, 354)
    send(opened, people.lead, FILES["twin"])
    assert sha(b"{}") not in uploads.missing(opened)


def test_same_index_takes_up_the_open_upload(opened, project, people):
    """Pushing again goes on with the same upload, in whatever order the index comes; other bytes do not."""
    again = dict(reversed(FILES.items()))
    for files, same in ((again, True), (FILES | {"twin": b"[]"}, False)):
        rows = [[path, len(data), sha(data)] for path, data in files.items()]
        found = uploads.open_upload(
            project=project, by=people.lead, version=" 2.0.0 ", index=json.dumps(rows).encode()
        )
        assert (found.pk == opened.pk) is same


def test_parts_go_on_where_they_stopped(opened, people):
    """A part is appended at its offset only; the whole file is a blob, its part file is gone."""
    data, sha256 = FILES["model.bin"], sha(FILES["model.bin"])
    assert send(opened, people.lead, data, end=100) == 100
    assert parts.received(opened.pk) == {sha256: 100}
    for offset in (0, 99, 101):
        with pytest.raises(parts.PartMismatch) as refused:
            send(opened, people.lead, data, offset=offset)
        assert refused.value.received == 100
    assert send(opened, people.lead, data, offset=100) == len(data)
    assert blobs.get(sha256) == data
    assert parts.received(opened.pk) == {}
    assert send(opened, people.lead, data) == len(data)  # once more: nothing to do


def test_broken_connection_keeps_what_came(opened, people):
    """What arrived before the break stays, and the rest completes it."""
    data = FILES["model.bin"]

    def breaking():
        yield data[:70]
        raise OSError("connection reset")

    with pytest.raises(OSError, match="reset"):
        uploads.take_part(upload=opened, by=people.lead, sha256=sha(data), offset=0, chunks=breaking())
    assert parts.received(opened.pk) == {sha(data): 70}
    assert send(opened, people.lead, data, offset=70) == len(data)
    assert blobs.get(sha(data)) == data


@pytest.mark.parametrize("wrong", [b"x" * 350, b"weights" * 60, b"weights" * 49 + b"weighty"])
def test_wrong_bytes_are_dropped(opened, people, wrong):
    """Bytes of another digest or length never become a file; pushing the right ones works afterwards."""
    data = FILES["model.bin"]
    with pytest.raises(parts.PartDropped):
        uploads.take_part(upload=opened, by=people.lead, sha256=sha(data), offset=0, chunks=[wrong])
    assert not default_storage.exists(blobs.path_of(sha(data)))
    assert not StoredFile.objects.exists()
    assert parts.received(opened.pk) == {}
    assert send(opened, people.lead, data) == len(data)


def test_wrong_second_part_is_dropped(opened, people):
    """A file in two parts is hashed whole: a wrong first half is found out at the end."""
    data = FILES["model.bin"]
    uploads.take_part(upload=opened, by=people.lead, sha256=sha(data), offset=0, chunks=[b"?" * 100])
    with pytest.raises(parts.PartDropped):
        send(opened, people.lead, data, offset=100)
    assert parts.received(opened.pk) == {}


def test_one_writer_at_a_time(opened, people):
    """While somebody writes a file, another writer is told to come again; nothing is mixed."""
    data = FILES["model.bin"]

    def meanwhile():
        yield data[:100]
        with pytest.raises(parts.PartMismatch, match="Another connection"):
            send(opened, people.owner, data, offset=100)
        yield data[100:]

    uploads.take_part(upload=opened, by=people.lead, sha256=sha(data), offset=0, chunks=meanwhile())
    assert blobs.get(sha(data)) == data


def test_batch_keeps_what_came_whole(opened, people):
    """Of a batch that ends inside a file, the files before it stay."""
    stream = b"".join(head(sha(d), len(d)) + d for d in (b"{}", b"", FILES["model.bin"]))
    with pytest.raises(FramesBroken, match="inside a file"):
        uploads.take_batch(upload=opened, by=people.lead, read=BytesIO(stream[:-1]).read)
    assert uploads.missing(opened) == [sha(FILES["model.bin"])]
    assert uploads.take_batch(upload=opened, by=people.lead, read=BytesIO(stream).read) == 3
    assert uploads.missing(opened) == []


@pytest.mark.parametrize(
    "stream",
    [
        b"hello\n",
        b"\0" * 500,
        b"0" * 64 + b" -1\n",
        b"0" * 64 + b" 1e3\n",
        b"0" * 64 + b" 9999999999\nx",
        b"A" * 64,
    ],
)
def test_batch_of_nonsense(opened, people, stream):
    """What is not a frame is refused, whatever it is."""
    with pytest.raises(FramesBroken):
        uploads.take_batch(upload=opened, by=people.lead, read=BytesIO(stream).read)


def test_batch_with_foreign_or_wrong_file(opened, people):
    """A digest outside the index, and bytes that are not its own, are refused."""
    foreign, wrong = b"other", b"}{"
    with pytest.raises(Refused, match="not in the upload's index"):
        frame = head(sha(foreign), len(foreign)) + foreign
        uploads.take_batch(upload=opened, by=people.lead, read=BytesIO(frame).read)
    with pytest.raises(parts.PartDropped):
        frame = head(sha(b"{}"), 2) + wrong
        uploads.take_batch(upload=opened, by=people.lead, read=BytesIO(frame).read)
    assert not StoredFile.objects.exists()


def test_knowing_a_digest_gives_nothing(opened, people):
    """Another project has the very same file: its digest alone must not make it ours."""
    other = projects.create(by=people.outsider, name="Other", environments=("production",))
    theirs = uploads.open_upload(project=other, by=people.outsider, version="1", index=index_of(FILES))
    for data in set(FILES.values()):
        send(theirs, people.outsider, data)
    assert uploads.missing(theirs) == []
    assert len(uploads.missing(opened)) == 3
    assert parts.received(opened.pk) == {}
    with pytest.raises(Forbidden):
        send(theirs, people.lead, b"{}")
    assert send(opened, people.lead, b"{}") == 2  # who has the bytes may bring them
    assert len(uploads.missing(opened)) == 2


def test_who_may_push(project, people):
    """Makers may; readers, signers and outsiders may not, and nothing is stored for them."""
    for person in (people.reader, people.product, people.outsider):
        with pytest.raises(Forbidden):
            uploads.open_upload(project=project, by=person, version="2", index=index_of(FILES))
    assert not Upload.objects.exists()


def test_quota_before_bytes(project, people, settings):
    """A run over the quota is refused when its index comes, with sizes and what to do."""
    settings.PUSH_MAX_BYTES = 353
    with pytest.raises(TooLarge, match="The run has 354 bytes; at most 353 bytes"):
        uploads.open_upload(project=project, by=people.lead, version="2", index=index_of(FILES))
    settings.PUSH_MAX_BYTES = 2**62
    huge = json.dumps([["a", 2**52, "0" * 64]]).encode()
    with pytest.raises(TooLarge, match="the server has"):
        uploads.open_upload(project=project, by=people.lead, version="2", index=huge)


def test_old_uploads_are_abandoned(opened, people):
    """After a week an open upload ends; its part files go, whole files stay, nothing more is taken."""
    send(opened, people.lead, b"{}")
    send(opened, people.lead, FILES["model.bin"], end=10)
    assert uploads.abandon_old() == 0
    assert uploads.abandon_old(clock.now() + timedelta(days=8)) == 1
    assert not parts.folder_of(opened.pk).exists()
    opened.refresh_from_db()
    with pytest.raises(Refused, match="no longer open"):
        send(opened, people.lead, FILES["model.bin"])
    assert StoredFile.objects.count() == 1


ROW = ["a.txt", 1, "0" * 64]
PATHS = [
    "", ".", "..", "../a", "a/../b", "/etc/passwd", "a//b", "a/", "./a", "a\0b", "a\nb", "a\x7fb", "a\u202eb",
    "e\u0301", "a/\u200bb", "\u2028", "x" * 256, "/".join("a" * 65), "é" * 128, "a/" * 500 + "b",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS, ids=ascii)
def test_hostile_paths(path):
    """No path that leaves the run, hides a character or is too long is ever taken."""
    with pytest.raises(IndexRefused):
        file_index.unpack(json.dumps([[path, 1, "0" * 64]]).encode())


@pytest.mark.parametrize(
    "rows",
    [
        [], {}, None, [1], [["a", 1]], [[*ROW, 1]], [["a", -1, "0" * 64]], [["a", 1.5, "0" * 64]],
        [["a", True, "0" * 64]],
        [["a", 2**53, "0" * 64]], [["a", 1, "0" * 63]], [["a", 1, "A" * 64]], [["a", 1, "g" * 64]],
        [ROW, ROW],
        [ROW, ["a.txt/b", 1, "1" * 64]], [ROW, ["b", 2, "0" * 64]],
        [["a/b", 1, "0" * 64], ["a/b/c/d", 1, "0" * 64]],
    ],
)  # fmt: skip
def test_hostile_indexes(rows):
    """Wrong shapes, sizes, digests, doubled paths, a file that is also a folder: all refused."""
    with pytest.raises(IndexRefused):
        file_index.unpack(json.dumps(rows).encode())


@pytest.mark.parametrize(
    "data", [b"", b"[", b"\xff", b"[" * 100_000, b'[["a",1,"' + b"0" * 64, b"nan", b'[["\\ud800",1,"x"]]']
)
def test_index_that_is_no_json(data):
    """Truncated, deep, wrongly encoded bytes are refused, never a crash."""
    with pytest.raises(IndexRefused):
        file_index.unpack(data)


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=30),
        st.binary(max_size=5),
        min_size=1,
        max_size=8,
    )
)
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_taken_stays_inside(files):
    """Any name: either it is refused, or it lies beneath the root when it is joined to it."""
    try:
        entries = file_index.unpack(index_of(files))
    except IndexRefused:
        return
    for entry in entries:
        parts_of = entry.path.split("/")
        assert all(part not in ("", ".", "..") for part in parts_of)
        assert "\0" not in entry.path


@given(st.lists(st.binary(max_size=200), max_size=6), st.integers(1, 50))
def test_frames_survive_any_cut(files, step):
    """Whatever pieces the network makes of a batch, the same files come out."""
    from readiness.engine.file_frames import frames

    stream = BytesIO(b"".join(head(sha(d), len(d)) + d for d in files))
    assert list(frames(lambda n: stream.read(min(n, step)))) == [(sha(d), d) for d in files]


def test_a_refused_upload_leaves_nothing(project, people, monkeypatch, settings):
    """An index for which there is no room is not kept, however often it is sent."""
    monkeypatch.setattr(uploads, "MOST_OPEN", 0)
    with pytest.raises(Refused, match="are open"):
        uploads.open_upload(project=project, by=people.lead, version="2", index=index_of(FILES))
    stored = Path(settings.STORAGES["default"]["OPTIONS"]["location"])
    assert not [path for path in stored.rglob("*") if path.is_file()]
