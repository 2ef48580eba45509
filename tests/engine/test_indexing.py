"""The index of a run: every file once, hashed by several threads, interruptible, leaving nothing open."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.engine import indexing
from readiness.engine.errors import FileChanged, FileRefused, RunDirectoryError
from readiness.engine.target import OpenFile

SMALL, LARGE = 100, indexing.INLINE + 1


def fill(root: Path, sizes: dict[str, int]) -> dict[str, tuple[int, str]]:
    """Write files of these sizes; what the index must say of them."""
    expected = {}
    for name, size in sizes.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = hashlib.sha256(name.encode()).digest() * (size // 32) + bytes(size % 32)
        path.write_bytes(content)
        expected[name] = (size, hashlib.sha256(content).hexdigest())
    return expected


def open_descriptors() -> int:
    """How many descriptors this process holds."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_small_and_large_files_in_many_folders(tmp_path, workers):
    """Whatever hashes them, the entries are complete, right and sorted, and no descriptor stays open."""
    expected = fill(
        tmp_path, {f"{'d/' * (n % 4)}{n % 7}/f{n}.bin": LARGE if n % 3 else SMALL for n in range(120)}
    )
    before = open_descriptors()
    entries = indexing.index(tmp_path, workers=workers)
    assert {e.path: (e.size, e.sha256) for e in entries} == expected
    assert [e.path for e in entries] == sorted(expected)
    assert open_descriptors() == before


@given(
    st.dictionaries(
        st.from_regex(r"[a-c]{1,3}(-[a-c])?(\.x)?", fullmatch=True), st.integers(0, 70000), max_size=12
    )
)
@settings(max_examples=25, deadline=None)
def test_order_is_that_of_the_paths(tmp_path_factory, sizes):
    """Names that sort between a folder and its files do not disturb the order."""
    root = tmp_path_factory.mktemp("run")
    expected = fill(
        root, {f"{name}/{name}" if len(name) > 2 else f"{name}_": size for name, size in sizes.items()}
    )
    assert [e.path for e in indexing.index(root)] == sorted(expected)


def test_progress_counts_bytes_and_reaches_the_total(tmp_path):
    """Progress never goes back, is told in the caller's thread, and ends at the number of bytes."""
    fill(tmp_path, {f"{n}.bin": LARGE for n in range(20)})
    told = []
    indexing.index(tmp_path, lambda done, total: told.append((done, total)))
    assert told[-1] == (20 * LARGE, 20 * LARGE)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_the_first_error_by_path_is_told(tmp_path):
    """With several bad files the message does not depend on which thread was quicker."""
    fill(tmp_path, {"a.bin": LARGE, "c.bin": LARGE, "z.bin": SMALL})
    os.link(tmp_path / "a.bin", tmp_path / "b.bin")
    before = open_descriptors()
    for _ in range(5):
        with pytest.raises(FileRefused, match=r"^a\.bin has 2 names"):
            indexing.index(tmp_path)
    assert open_descriptors() == before


def test_a_file_written_while_hashed_is_refused(tmp_path, monkeypatch):
    """A half-written run has no snapshot."""
    fill(tmp_path, {"a.bin": LARGE, "b.bin": LARGE})
    plain = OpenFile.sha256

    def slow(file, progress=None):
        with (tmp_path / "b.bin").open("ab") as other:
            other.write(b"more")
        return plain(file, progress)

    monkeypatch.setattr(OpenFile, "sha256", slow)
    with pytest.raises(FileChanged, match="changed while it was read"):
        indexing.index(tmp_path)


def test_too_many_files(tmp_path, monkeypatch):
    """A folder of runs taken for a run is refused before anything is hashed."""
    monkeypatch.setattr(indexing, "MAX_FILES", 3)
    fill(tmp_path, {f"{n}": 1 for n in range(4)})
    with pytest.raises(RunDirectoryError, match="more than 3 files"):
        indexing.index(tmp_path)


@pytest.mark.parametrize("phase", ["index", "checks"])
def test_ctrl_c_ends_a_command_on_a_huge_file_at_once(tmp_path, phase):
    """A sparse file of 200 GB would take minutes: Ctrl-C ends the command with 130 and no traceback."""
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(200 << 30)
    code = "from readiness.cli import main; import sys; sys.exit(main(sys.argv[1:]))"
    if phase == "checks":  # without a snapshot: the check itself hashes the file
        code = (
            "from readiness.engine import indexing; indexing.index = lambda *a, **k: []; "
            "from readiness.engine.target import RunDirectory; RunDirectory._note = lambda *a: None; " + code
        )
    checklist = tmp_path.parent / f"{tmp_path.name}.md"
    checklist.write_text("# One\n\n- [ ] There\n  ```yaml check\n  file: huge.bin\n  ```\n")
    process = subprocess.Popen(
        [sys.executable, "-c", code, "check", str(tmp_path), "--checklist", str(checklist)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_until_reading(process.pid, "huge.bin")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said


def wait_until_reading(pid: int, name: str) -> None:
    """Return when the process has the file open and has read of it."""
    for _ in range(600):
        for fd in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                if (
                    fd.readlink().name == name
                    and "pos:\t0\n" not in Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text()
                ):
                    return
            except FileNotFoundError:
                continue
        time.sleep(0.05)
    raise AssertionError(f"{name} was never read")
