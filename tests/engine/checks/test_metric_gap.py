"""`metric-gap`: the distance between two values, to the limit."""

from __future__ import annotations

import pytest

GAP = {"file": "m.json", "first": "val.accuracy", "second": "test.accuracy", "below": 5, "excellent": 2}


@pytest.mark.parametrize(
    ("val", "test", "outcome", "words"),
    [
        (0.839, 0.828, "PASS", "Gap 1.1 points, needs < 5 points (excellent)"),
        (0.86, 0.828, "PASS", "(2–5: acceptable)"),
        (0.828, 0.86, "PASS", "Gap 3.2 points"),
        (0.88, 0.83, "FAIL", "Gap 5 points, needs < 5 points"),
        (0.939, 0.876, "FAIL", "Gap 6.3 points"),
        ("93.9 %", "87.6 %", "FAIL", "Gap 6.3 points"),
        ("93.9 %", 0.92, "PASS", "Gap 1.9 points"),
        (float("nan"), 0.9, "FAIL", "not a finite number"),
        (0.9, None, "FAIL", "is null"),
        (0.9, "n/a", "FAIL", "the text 'n/a'"),
    ],
)
def test_gap(finding, val, test, outcome, words):
    """At the limit is over it; text and NaN never pass."""
    found = finding("metric-gap", GAP, {"m.json": {"val": {"accuracy": val}, "test": {"accuracy": test}}})
    assert found.outcome == outcome
    assert words in found.message


def test_two_files(finding):
    """The second value may lie elsewhere; both sources are named."""
    files = {"m.json": {"val": {"accuracy": 0.9}}, "t.json": {"test": {"accuracy": 0.89}}}
    found = finding("metric-gap", GAP | {"second_file": "t.json"}, files)
    assert [m.source.split(" ")[0] for m in found.measurements] == ["m.json", "t.json", "computed"]


def test_missing_side(finding):
    """One value alone proves nothing."""
    assert finding("metric-gap", GAP, {"m.json": {"val": {"accuracy": 0.9}}}).outcome == "FAIL"
