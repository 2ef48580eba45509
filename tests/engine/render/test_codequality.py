"""Tests of the GitLab code quality report."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from readiness.engine.outcome import Outcome
from readiness.engine.render import codequality
from readiness.engine.render.sheet import Sheet
from tests.engine.render.sheets import SHEETS, line, sheet


def test_entry() -> None:
    """Each entry has the five fields that GitLab needs, and a path from the repository's root."""
    (entry,) = json.loads(codequality.render(sheet(line(at_line=3))))
    assert len(entry.pop("fingerprint")) == 64
    assert entry == {
        "description": "Accuracy meets the target: Test accuracy 77.3 %, needs ≥ 80 %. Improve it.",
        "check_name": "metric",
        "severity": "blocker",
        "location": {"path": "runs/7/metrics.json", "lines": {"begin": 3}},
    }


@pytest.mark.parametrize(
    ("outcome", "severities"),
    [
        (Outcome.PASS, []),
        (Outcome.WARN, ["minor"]),
        (Outcome.SKIP, ["info"]),
        (Outcome.FAIL, ["blocker"]),
        (Outcome.ERROR, ["critical"]),
    ],
)
def test_severities(outcome: Outcome, severities: list[str]) -> None:
    """Passed checks are no entries; the others are of GitLab's severities."""
    found = json.loads(codequality.render(sheet(line(outcome))))
    assert [entry["severity"] for entry in found] == severities


@given(value=SHEETS)
def test_any_sheet_is_json_in_utf8(value: Sheet) -> None:
    """Any text gives a list of entries that UTF-8 can carry."""
    found = json.loads(codequality.render(value).encode("utf-8"))
    assert len(found) == sum(entry.outcome is not Outcome.PASS for entry in value.lines)
