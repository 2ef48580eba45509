"""`drift`: the index and the statistic are those of NumPy and SciPy; what cannot be compared never passes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from readiness.engine import table_drift

RANDOM = np.random.default_rng(7)
NORMAL = RANDOM.normal(size=400)


def column(values, name="x"):
    """A table of one column."""
    return "\n".join([name, *(str(v) for v in values)]) + "\n"


def drifted(finding, reference, current, **params):
    """The finding on two tables."""
    files = {"r.csv": reference, "c.csv": current}
    return finding("drift", {"reference": "r.csv", "current": "c.csv", **params}, files)


def direct_psi(reference, current, bins):
    """The index as the textbook has it, by numpy.histogram."""
    values = np.unique(reference)
    if len(values) <= bins:
        r = [np.sum(reference == v) for v in values] + [0]
        c = [np.sum(current == v) for v in values] + [np.sum(~np.isin(current, values))]
    else:
        inner = np.unique(np.quantile(reference, np.linspace(0, 1, bins + 1)[1:-1]))
        # numpy's bins are closed on the left: mirrored, they are closed on the right
        edges = [-math.inf, *(-inner[::-1]), math.inf]
        r, c = (np.histogram(-side, edges)[0] for side in (reference, current))
    r, c = (np.maximum(np.array(side) / np.sum(side), 1e-4) for side in (r, c))
    return float(np.sum((c - r) * np.log(c / r)))


NUMBERS = st.lists(
    st.integers(-5, 5) | st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3)),
    min_size=1,
    max_size=60,
).map(lambda values: np.array(values, dtype=float))


@settings(max_examples=200, deadline=None)
@given(NUMBERS, NUMBERS, st.integers(2, 20))
def test_psi_is_the_direct_one(reference, current, bins):
    """For any two columns and numbers of bins; nothing falls out of the bins, and it is not negative."""
    r, c = table_drift.histograms(reference, current, bins)
    assert (sum(r), sum(c)) == (len(reference), len(current))
    found = table_drift.psi(r, c)
    assert found == pytest.approx(direct_psi(reference, current, bins), abs=1e-12)
    assert found >= 0


@settings(max_examples=100, deadline=None)
@given(NUMBERS, st.integers(2, 20))
def test_equal_columns_do_not_drift(values, bins):
    """A column against itself, shuffled: zero."""
    r, c = table_drift.histograms(values, RANDOM.permutation(values), bins)
    assert table_drift.psi(r, c) == 0


@pytest.mark.parametrize(("shift", "outcome"), [(0.0, "PASS"), (0.05, "PASS"), (1.0, "FAIL")])
def test_numbers(finding, shift, outcome):
    """Figures of the whole way through file and child are SciPy's and NumPy's."""
    current = RANDOM.normal(size=500) + shift
    found = drifted(finding, column(NORMAL), column(current))
    measured = {m.name: m.value for m in found.measurements}
    direct = stats.ks_2samp(NORMAL, current)
    assert found.outcome == outcome, found.message
    assert measured["x, PSI"] == pytest.approx(direct_psi(NORMAL, current, 10))
    assert measured["x, KS statistic"] == pytest.approx(direct.statistic)
    assert measured["x, KS p value"] == pytest.approx(direct.pvalue)
    assert found.charts[0].data == {"labels": ["x"], "values": [measured["x, PSI"]]}


@pytest.mark.parametrize(
    ("reference", "current", "params", "outcome", "words"),
    [
        ("ab" * 100, "ab" * 100, {}, "PASS", "PSI 0"),
        ("ab" * 100, "aaab" * 50, {}, "FAIL", "x, PSI 0.275, needs ≤ 0.2"),
        ("ab" * 100, "aaab" * 50, {"max_psi": 0.3}, "PASS", ""),
        ("ab" * 100, "ab" * 99 + "ac", {}, "WARN", "values that the reference never had in x"),
        ("ab" * 100, "ab" * 99 + "ac", {"max_unseen_ratio": 0.01}, "WARN", ""),
        ("ab" * 100, "ab" * 99 + "ac", {"max_unseen_ratio": 0.001}, "FAIL", "x, unseen 0.5 %"),
        ("12" * 100, "12" * 99 + "1a", {}, "FAIL", "x, not numbers 1 values"),
        ("12" * 100, "12" * 100, {"categorical": ["x"]}, "PASS", ""),
        ("1a" * 100, "1a" * 100, {"numeric": ["x"]}, "FAIL", "not numbers 200 values"),
        ("5" * 200, "3" * 200, {}, "FAIL", "x, PSI"),
        ("5" * 200, "5" * 200, {}, "PASS", ""),
        ("12" * 100, "12" * 10, {}, "FAIL", "Rows, current 20, needs ≥ 100"),
        ("12" * 100, "12" * 10, {"min_rows": 20}, "PASS", ""),
        ("12" * 100, "", {}, "FAIL", "Rows, current 0"),
        ("12" * 100, "12" * 100, {"max_ks": 0.1, "min_p": 0.05}, "PASS", ""),
        ("12" * 100, "1112" * 50, {"max_psi": 1, "max_ks": 0.2}, "FAIL", "x, KS statistic 0.25, needs ≤ 0.2"),
        ("12" * 100, "1112" * 50, {"max_psi": 1, "min_p": 0.05}, "FAIL", "x, KS p value"),
        ("12" * 100, "12" * 100, {"columns": ["y"]}, "FAIL", "r.csv has no column y"),
    ],
)  # fmt: skip
def test_what_decides(finding, reference, current, params, outcome, words):
    """Categories, unseen ones, constants, few rows, missing columns: what decides is what the limits name."""
    found = drifted(finding, column(reference), column(current), **params)
    assert (found.outcome, words in found.message) == (outcome, True), found.message


def test_nulls_are_a_bin(finding):
    """A column that is half empty now has drifted, though the values that are left have not."""
    left = ["" if n % 2 else v for n, v in enumerate(NORMAL)]
    table = "x,y\n" + "".join(f"{v},1\n" for v in NORMAL)
    holed = "x,y\n" + "".join(f"{v},1\n" for v in left)
    assert drifted(finding, table, table).outcome == "PASS"
    assert "x, PSI" in drifted(finding, table, holed).message


@pytest.mark.parametrize("side", [0, 1])
def test_column_without_values(finding, side):
    """Nothing but nulls on one side or on both is never alike."""
    full, empty = "x,y\n" + 200 * "1,2\n", "x,y\n" + 200 * ",2\n"
    pair = (full, empty) if side else (empty, full)
    assert drifted(finding, *pair).outcome == "FAIL"
    none = drifted(finding, empty, empty)
    assert (none.outcome, none.message) == ("FAIL", "x, PSI: no values to compare")


def test_missing_column(finding):
    """A column of the reference that the current table lacks fails; one that it has more is no matter."""
    two, one = "x,y\n" + 200 * "1,2\n", "x\n" + 200 * "1\n"
    missing = drifted(finding, two, one)
    assert (missing.outcome, missing.message) == ("FAIL", "c.csv has no column y")
    assert drifted(finding, one, two).outcome == "PASS"


def test_hostile_tables(finding):
    """A ragged row and another encoding are named, on either side."""
    good = "x\n" + 200 * "1\n"
    assert "c.csv line 2 has 2 cells" in drifted(finding, good, "x\n1,2\n").message
    assert "r.csv is UTF-16" in drifted(finding, good.encode("utf-16"), good).message


def test_many_columns(finding):
    """More columns than are compared at once; the chart shows the 30 that moved most."""
    table = ",".join(f"k{n}" for n in range(40)) + "\n" + 100 * (",".join("1" * 40) + "\n")
    found = drifted(finding, table, table)
    assert (found.outcome, len(found.charts[0].data["labels"])) == ("PASS", 30)


def test_wrong_bins(finding):
    """One bin holds everything, so nothing could ever drift: refused."""
    assert drifted(finding, "x\n1\n", "x\n1\n", bins=1).outcome == "ERROR"


def test_wrong_column_name_is_the_checklists_fault(finding):
    """A column that the checklist names and no table has asks for another name, not for training again."""
    found = drifted(finding, "x\n" + "1\n" * 200, "x\n" + "1\n" * 200, columns=["X"])
    assert (found.outcome, found.advice[:17]) == ("FAIL", "Correct the names"), found.advice
