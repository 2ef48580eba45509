"""Tests of the kind `emissions`."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.engine.outcome import Outcome
from readiness.engine.testing import finding

HEAD = "timestamp,emissions\n"
WANTED = {"at_most": 2.5}


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ("a,1.0\nb,1.5\n", Outcome.PASS),
        ("a,1.0\nb,1.6\n", Outcome.FAIL),
        ("", Outcome.FAIL),
        ("a,nan\n", Outcome.FAIL),
        ("a,-3\n", Outcome.FAIL),
        ("a,inf\n", Outcome.FAIL),
        ("a,much\n", Outcome.FAIL),
        ("a\n", Outcome.FAIL),
        (f"a,{'9' * 200_000}\n", Outcome.FAIL),
    ],
)
def test_budget(tmp_path: Path, rows: str, outcome: Outcome) -> None:
    """At most the budget passes; more, nothing, or what is no amount does not."""
    found = finding("emissions", WANTED, {"emissions.csv": HEAD + rows}, at=tmp_path)
    assert found.outcome is outcome


def test_measurement_shows_observed_and_expected(tmp_path: Path) -> None:
    """The finding says what was measured, and against what."""
    found = finding("emissions", 2.5, {"emissions.csv": f"{HEAD}a,1.25\n"}, at=tmp_path)
    (measured,) = found.measurements
    assert (measured.observed, measured.expected) == ("1.25 kg CO₂eq", "≤ 2.5 kg CO₂eq")
    assert found.message == "1 trainings emitted 1.25 kg CO₂eq, budget ≤ 2.5 kg CO₂eq"


def test_another_file_is_refused(tmp_path: Path) -> None:
    """A table without the column is not read as zero."""
    found = finding("emissions", WANTED, {"emissions.csv": "a,b\n1,2\n"}, at=tmp_path)
    assert found.outcome is Outcome.FAIL


@pytest.mark.parametrize(("required", "outcome"), [(True, Outcome.FAIL), (False, Outcome.SKIP)])
def test_missing_file(tmp_path: Path, *, required: bool, outcome: Outcome) -> None:
    """A missing file never passes."""
    assert finding("emissions", WANTED, {}, at=tmp_path, required=required).outcome is outcome
