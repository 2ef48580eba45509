"""What `from readiness import …` gives to programs."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

import readiness
from readiness import (
    ReadinessCheck,
    ReadinessError,
    ReadinessReport,
    ReadinessStatus,
    format_readiness_report,
    validate_readiness,
)
from readiness.engine.target import RunDirectory
from tests.engine.ready import runs

CHECKS = [
    "contract_integrity",
    "hash_chain",
    "privacy_safety",
    "contamination_risk",
    "regression_risk",
    "config_sanity",
    "reproducibility",
]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A run that passes all seven checks."""
    return runs.write(tmp_path / "run_001", runs.validation())


def test_validate(good: Path) -> None:
    """The report of the guide: run, status, seven checks in order, summary."""
    for where in (good, str(good)):
        report = validate_readiness(where)
        assert report.run_id == "run_001"
        assert report.overall_status == ReadinessStatus.PASS
        assert [check.name for check in report.checks] == CHECKS
        assert report.summary["total_checks"] == 7
        assert json.loads(report.to_json()) == json.loads(json.dumps(report.to_dict()))


def test_a_name_of_ones_own(good: Path) -> None:
    """`run_id` names the report."""
    assert validate_readiness(good, run_id="candidate 7").run_id == "candidate 7"


@pytest.mark.parametrize("where", ["/nowhere/at/all", __file__])
def test_no_directory(where: str) -> None:
    """A missing directory, or a file, is a ReadinessError with a message."""
    with pytest.raises(ReadinessError, match="director"):
        validate_readiness(where)


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_by_itself(good: Path, name: str) -> None:
    """Each takes a path as text, a Path or a RunDirectory, and raises for a missing directory."""
    check = getattr(readiness, f"check_{name}")
    for run in (str(good), good, RunDirectory(good)):
        found = check(run)
        assert isinstance(found, ReadinessCheck)
        assert (found.name, found.status) == (name, ReadinessStatus.PASS)
    with pytest.raises(ReadinessError):
        check("/nowhere/at/all")


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_on_an_empty_directory(tmp_path: Path, name: str) -> None:
    """Nothing there is never a pass, and never a crash."""
    found = getattr(readiness, f"check_{name}")(tmp_path)
    assert found.status in (ReadinessStatus.WARN, ReadinessStatus.FAIL)
    assert found.message


def test_values_are_frozen(good: Path) -> None:
    """A report cannot be made better afterwards."""
    report = validate_readiness(good)
    with pytest.raises(FrozenInstanceError):
        report.checks = ()  # type: ignore[misc]
    with pytest.raises((FrozenInstanceError, TypeError)):
        report.checks[0].status = ReadinessStatus.PASS  # type: ignore[misc]


def test_statuses() -> None:
    """They compare with text and know which of them pass."""
    assert ReadinessStatus.FAIL == "FAIL"
    assert ReadinessStatus("WARN").value == "WARN"
    assert [s for s in ReadinessStatus if s.passes] == [ReadinessStatus.PASS, ReadinessStatus.WARN]


def test_text(good: Path) -> None:
    """The report as text names the run, and ends with what it means."""
    text = format_readiness_report(validate_readiness(good))
    assert text.startswith("Readiness Report for run_001\n")
    assert text.endswith("✓ This run is READY for production deployment")


def test_a_report_of_nothing_is_no_pass() -> None:
    """Nobody looked."""
    report = ReadinessReport("run_001")
    assert report.overall_status == ReadinessStatus.ERROR
    assert "NOT READY" in format_readiness_report(report)


def test_public_names() -> None:
    """Every public name is there and listed; any other is an AttributeError."""
    assert {f"check_{name}" for name in CHECKS} < set(readiness.__all__)
    for name in readiness.__all__:
        assert getattr(readiness, name) is not None
        assert name in dir(readiness)
    with pytest.raises(AttributeError, match="check_nothing"):
        _ = readiness.check_nothing
    with pytest.raises(ImportError):
        exec("from readiness import no_such_name")


@pytest.mark.processes
def test_imports_load_neither_django_nor_celery() -> None:
    """All public names, in a process of their own."""
    code = (
        "import sys, readiness; [getattr(readiness, n) for n in readiness.__all__];"
        "print([m for m in ('django', 'celery', 'kombu', 'rich', 'yaml', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
