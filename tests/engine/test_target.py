"""The run directory: nothing escapes, and the bytes hashed are the bytes parsed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine import indexing
from readiness.engine.errors import (
    BadContent,
    FileChanged,
    FileMissing,
    FileRefused,
    LimitExceeded,
    RunDirectoryError,
)
from readiness.engine.target import Entry, RunDirectory


@pytest.fixture
def root(tmp_path):
    """A run directory with one file, beside a secret that lies outside it."""
    (tmp_path / "secret.txt").write_text("outside")
    run = tmp_path / "run"
    (run / "docs").mkdir(parents=True)
    (run / "docs" / "a.txt").write_text("inside")
    return run


def test_reads_a_file(root):
    """A plain file is read, and its hash is noted."""
    run = RunDirectory(root)
    assert run.read_text("docs/a.txt") == "inside"
    assert run.used["docs/a.txt"] == Entry("docs/a.txt", 6, hashlib.sha256(b"inside").hexdigest())


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/passwd", "docs/../../secret.txt", "", "a\0b"])
def test_refuses_paths_that_leave(root, path):
    """Absolute paths, `..`, NUL and the empty path are refused before anything is opened."""
    with pytest.raises(FileRefused):
        RunDirectory(root).read_bytes(path)


def test_refuses_links_that_leave(root):
    """A file link and a folder link out of the run are refused when read and when indexed."""
    (root / "out.txt").symlink_to(root.parent / "secret.txt")
    with pytest.raises(FileRefused, match="leaves"):
        RunDirectory(root).read_bytes("out.txt")
    with pytest.raises(FileRefused, match="leaves"):
        indexing.index(root)


def test_refuses_folder_links_that_leave(root):
    """A linked folder that leads out is refused, also for a file behind it."""
    (root / "up").symlink_to(root.parent)
    with pytest.raises(FileRefused, match="leaves"):
        RunDirectory(root).read_bytes("up/secret.txt")
    with pytest.raises(FileRefused, match="leaves"):
        indexing.index(root)


def test_follows_links_inside(root):
    """A link that stays inside the run is read."""
    (root / "latest.txt").symlink_to("docs/a.txt")
    assert RunDirectory(root).read_bytes("latest.txt") == b"inside"


def test_refuses_hard_links_and_pipes(root):
    """A hard link could be changed from outside; a pipe would block."""
    os.link(root.parent / "secret.txt", root / "hard.txt")
    os.mkfifo(root / "pipe")
    with pytest.raises(FileRefused, match="hard links"):
        RunDirectory(root).read_bytes("hard.txt")
    with pytest.raises(FileRefused, match="pipe"):
        RunDirectory(root).read_bytes("pipe")


def test_missing(root):
    """A missing file and a directory are both "not a file here"."""
    run = RunDirectory(root)
    for path in ("nothing.txt", "docs", "docs/a.txt/b"):
        with pytest.raises(FileMissing):
            run.read_bytes(path)
    assert not run.exists("nothing.txt")


def test_size_limit(root):
    """A file over the limit is refused, not cut."""
    with pytest.raises(LimitExceeded):
        RunDirectory(root).read_bytes("docs/a.txt", limit=5)


def test_snapshot_mismatch(root):
    """Bytes that differ from the snapshot, and files that appeared later, are errors."""
    index = {e.path: e for e in indexing.index(root)}
    run = RunDirectory(root, snapshot=index)
    assert run.read_bytes("docs/a.txt") == b"inside"
    (root / "docs" / "a.txt").write_text("edited")
    (root / "new.txt").write_text("late")
    with pytest.raises(FileChanged, match="changed since"):
        run.read_bytes("docs/a.txt")
    with pytest.raises(FileChanged, match="appeared later"), run.open("new.txt"):
        pass


def test_written_while_read(root):
    """A file that grows while it is open is not believed."""
    run = RunDirectory(root)
    with pytest.raises(FileChanged, match="while it was read"), run.open("docs/a.txt"):
        (root / "docs" / "a.txt").write_text("much longer than before")


def test_swapped_for_a_link_while_reading(root):
    """A thread swaps file and link as fast as it can: what is read is never the file outside."""
    victim, stop = root / "docs" / "a.txt", threading.Event()
    plain, link = root.parent / "plain", root.parent / "link"

    def swap():
        while not stop.is_set():
            plain.write_text("inside")
            plain.replace(victim)
            link.unlink(missing_ok=True)
            link.symlink_to(root.parent / "secret.txt")
            link.replace(victim)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(2000):
            try:
                assert RunDirectory(root).read_bytes("docs/a.txt") == b"inside"
            except (FileRefused, FileChanged, FileMissing):
                continue
    finally:
        stop.set()
        thread.join()


def test_text_encodings(root):
    """UTF-8 with BOM and UTF-16 are text; anything else names the first bad byte."""
    (root / "bom.txt").write_bytes(b"\xef\xbb\xbfx")
    (root / "wide.txt").write_bytes("x".encode("utf-16"))
    (root / "bad.txt").write_bytes(b"ab\xff")
    run = RunDirectory(root)
    assert run.read_text("bom.txt") == run.read_text("wide.txt") == "x"
    with pytest.raises(BadContent, match="byte 2"):
        run.read_text("bad.txt")


@pytest.mark.parametrize("name", ["missing", "run/docs/a.txt"])
def test_bad_roots(root, name):
    """A missing root and a file as root are said plainly."""
    with pytest.raises(RunDirectoryError):
        RunDirectory(root.parent / name)


def test_index_is_sorted_and_complete(root):
    """Every plain file, once, sorted; links inside are indexed under their target's name."""
    (root / "z.bin").write_bytes(b"")
    (root / "b").symlink_to("docs")
    assert [e.path for e in indexing.index(root)] == ["docs/a.txt", "z.bin"]


@given(st.text(max_size=40))
def test_no_path_escapes(name):
    """Whatever the path, reading raises one of our errors or reads beneath the root."""
    run = RunDirectory(Path(__file__).parent)
    try:
        run.read_bytes(name)
    except (FileMissing, FileRefused):
        return
    assert all((run.root / path).is_file() for path in run.used)


UNREADABLE = """
import os, sys
from pathlib import Path
from readiness.engine.errors import FileRefused
from readiness.engine.indexing import index
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    print([entry.path for entry in index(Path(sys.argv[1]))])
except FileRefused as error:
    print(error)
"""


def test_an_unreadable_folder_is_refused(tmp_path):
    """A folder that cannot be listed is named: a snapshot must not leave its files out."""
    run = Path(tempfile.mkdtemp())  # tmp_path is closed for the account without rights
    try:
        (run / "a.txt").write_text("x")
        (run / "logs" / "closed").mkdir(parents=True)
        (run / "logs" / "closed" / "b.txt").write_text("x")
        run.chmod(0o755)
        (run / "logs" / "closed").chmod(0o000)
        said = subprocess.run(
            [sys.executable, "-c", UNREADABLE, str(run)],
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout  # fmt: skip
        assert said.startswith("logs/closed cannot be read: Permission denied.")
        assert "Make it readable" in said
    finally:
        (run / "logs" / "closed").chmod(0o700)
        shutil.rmtree(run)
