"""Tests of the helpers for authors of checks."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from readiness.engine import testing
from readiness.engine.outcome import Outcome


def test_files_are_written_as_given(tmp_path: Path) -> None:
    """Bytes and text stay as they are, data becomes JSON; folders are made."""
    run = testing.make_run(tmp_path / "run", {"a.bin": b"\0\r\n", "b/c.txt": "ü\r\n", "d.json": {"x": [1]}})
    assert run.read_bytes("a.bin") == b"\0\r\n"
    assert run.read_bytes("b/c.txt") == "ü\r\n".encode()
    assert run.read_text("d.json") == '{"x": [1]}'


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "", "."])
def test_paths_stay_beneath_the_run(tmp_path: Path, name: str) -> None:
    """A table of files can write nothing outside of the run."""
    with pytest.raises(ValueError, match="beneath the run"):
        testing.make_run(tmp_path, {name: "x"})


def test_result_names_the_files_it_read(tmp_path: Path) -> None:
    """The result is the runner's own: parameters filled in, files with their hashes."""
    run = testing.make_run(tmp_path, {"a.txt": "x"})
    found = testing.result("file", "$name", run, values={"name": "a.txt"})
    assert found.finding.outcome is Outcome.PASS
    assert [(f.path, f.sha256) for f in found.files] == [("a.txt", hashlib.sha256(b"x").hexdigest())]


@pytest.mark.parametrize(("required", "outcome"), [(True, Outcome.FAIL), (False, Outcome.SKIP)])
def test_missing_file(tmp_path: Path, required: bool, outcome: Outcome) -> None:
    """A missing file is judged as for a mandatory or a recommended item."""
    assert testing.finding("file", "a.txt", {}, at=tmp_path, required=required).outcome is outcome
