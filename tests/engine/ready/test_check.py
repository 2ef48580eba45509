"""What makes a check of a function: problems of files fail, faults of ours are errors, nothing is raised."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from readiness.engine.errors import (
    BadContent,
    CheckProblem,
    ExtraMissing,
    FileChanged,
    FileMissing,
    FileRefused,
    LimitExceeded,
    NotFound,
    RunDirectoryError,
)
from readiness.engine.options import Options
from readiness.engine.outcome import Finding, Outcome
from readiness.engine.ready.check import readiness_check
from readiness.engine.ready.files import RunFiles
from readiness.engine.ready.hash_chain import check_hash_chain
from readiness.engine.ready.validate import validate_readiness
from readiness.engine.target import RunDirectory
from tests.engine.ready import runs


class TimeIsUpError(Exception):
    """What a worker's time limit raises."""


def raising(error: Exception) -> Callable[[RunFiles], Finding]:
    def function(files: RunFiles) -> Finding:
        raise error

    return function


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadContent("x is a list.", "Write it."), "FAIL"),
        (FileMissing("x is missing."), "FAIL"),
        (NotFound("x has no y."), "FAIL"),
        (FileRefused("x is a link."), "FAIL"),
        (LimitExceeded("x is too large."), "FAIL"),
        (FileChanged("x changed."), "ERROR"),
        (ExtraMissing("duckdb", "data"), "ERROR"),
        (ValueError("no"), "ERROR"),
        (RecursionError(), "ERROR"),
        (MemoryError(), "ERROR"),
        (OSError(28, "No space left on device"), "ERROR"),
    ],
)
def test_what_is_raised_becomes_a_status(tmp_path: Path, error: Exception, status: str) -> None:
    """A problem of the run is FAIL; what leaves us without knowledge is ERROR; the message says what."""
    found = readiness_check("odd")(raising(error))(tmp_path)
    assert (found.name, found.status) == ("odd", status)
    assert found.details["problem"] == type(error).__name__
    assert (error.message if isinstance(error, CheckProblem) else type(error).__name__) in found.message


def test_a_time_limit_ends_the_whole_run(tmp_path: Path) -> None:
    """What the operator named as an interrupt is no finding."""
    run = RunDirectory(tmp_path, options=Options(interrupts=(TimeIsUpError,)))
    with pytest.raises(TimeIsUpError):
        readiness_check("odd")(raising(TimeIsUpError()))(run)


def test_a_missing_run_is_raised(tmp_path: Path) -> None:
    """It is the caller's mistake, not a finding."""
    with pytest.raises(RunDirectoryError):
        readiness_check("odd")(raising(ValueError()))(tmp_path / "nothing")


def test_messages_are_one_legible_line(tmp_path: Path) -> None:
    """Whatever stands in a file, a message is one printable line of bounded length."""
    found = readiness_check("odd")(raising(BadContent("a\nb\x1b[2J\u202e" + "x" * 10_000)))(tmp_path)
    assert found.message.isprintable()
    assert len(found.message) < 5_000


def test_a_crash_leaves_the_files_that_were_read(tmp_path: Path) -> None:
    """They are where to look first."""

    def function(files: RunFiles) -> Finding:
        files.object("manifest.json")
        raise KeyError("x")

    runs.write(tmp_path, runs.validation())
    assert readiness_check("odd")(function)(tmp_path).files == ("manifest.json",)


def test_each_check_names_what_it_read(tmp_path: Path) -> None:
    """Also when another check parsed the file before."""
    report = validate_readiness(runs.write(tmp_path, runs.validation()))
    read = {check.name: set(check.files) for check in report.checks}
    assert read["contract_integrity"] == {"manifest.json", "decision.json"}
    assert read["hash_chain"] == {"manifest.json", "decision.json", "train.csv"}
    assert read["regression_risk"] == {"decision.json"}
    assert read["reproducibility"] == {"environment.json", "manifest.json"}


def test_a_file_written_meanwhile_is_an_error(tmp_path: Path) -> None:
    """A half-written run is not judged."""
    runs.write(tmp_path, runs.validation())

    class Busy(RunDirectory):
        def _record(self, file):
            super()._record(file)
            os.utime(file.fd, ns=(1, 1))

    found = check_hash_chain(Busy(tmp_path))
    assert (found.status, found.details["problem"]) == ("ERROR", "FileChanged")


def test_measurements_say_what_was_expected(tmp_path: Path) -> None:
    """A threshold stands with its limit, so that it can be charted and judged again."""
    contract = {"name": "completeness", "min_row_count": 5, "max_null_ratio": 0.9}
    files = {**runs.validation(), "manifest.json": {**runs.MANIFEST, "contracts": [contract]}}
    report = validate_readiness(runs.write(tmp_path, files))
    sanity = next(check for check in report.checks if check.name == "config_sanity")
    assert [(m.name, m.value, m.ok) for m in sanity.measurements] == [
        ("completeness.min_row_count", 5, False),
        ("completeness.max_null_ratio", 0.9, False),
    ]
    assert sanity.status.outcome is Outcome.WARN
