"""`leakage`: shared rows and test rows that are not later are found, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TRAIN = "id,text,day\n1,Hello  World,2024-01-01\n2,b,2024-01-31\n"


def leaked(finding, train, test, **params):
    """The finding on one table a side."""
    files = {"train.csv": train, "test.csv": test}
    return finding("leakage", {"train": "train.csv", "test": "test.csv", **params}, files)


@pytest.mark.parametrize(
    ("test", "params", "outcome", "words"),
    [
        ("id,text,day\n3,c,2024-02-01\n", {}, "PASS", "1 test rows against 2 training rows: 0 in both"),
        ("id,text,day\n2,b,2024-01-31\n", {}, "FAIL", "first test.csv line 2 = train.csv line 3"),
        ("day,id,text\n2024-01-31,2,b\n", {}, "FAIL", "1 of 1 test rows (100 %, needs ≤ 0 %)"),
        ("id,text,day\n 2 ,b, 2024-01-31\n", {}, "FAIL", "1 of 1"),
        ("id,text,day\n2,b,2024-02-01\n", {}, "PASS", ""),
        ("id,text,day\n2,b,2024-02-01\n", {"key": ["id"]}, "FAIL", "1 of 1"),
        ("id\n2\n", {"key": ["id"]}, "FAIL", "1 of 1"),
        ("id\n2\n3\n", {"key": ["id"], "max_overlap_ratio": 0.5}, "PASS", "1 in both"),
        ("id\n2\n2\n3\n", {"key": ["id"], "max_overlap_ratio": 0.5}, "FAIL", "2 of 3"),
        ("text\nhello world\n", {"key": ["text"]}, "PASS", ""),
        ("text\nhello world\n", {"key": ["text"], "normalise": ["text"]}, "FAIL", "1 of 1"),
        ("text\nＨＥＬＬＯ\u00a0 world\n", {"key": ["text"], "normalise": ["text"]}, "FAIL", "1 of 1"),
        ("id,text\n2,b\n", {}, "FAIL", "different columns (day)"),
        ("id\n2\n", {"key": ["nope"]}, "FAIL", "has no column nope"),
        ("id,text,day\n", {}, "FAIL", "Test rows: 0, needs ≥ 1"),
        ("", {}, "FAIL", "test.csv is empty"),
        ("id,text,day\n3,c\n", {}, "FAIL", "test.csv line 2 has 2 cells"),
        ("id\n2\n", {"rows": False}, "ERROR", "needs a `time_column`"),
        ("id\n2\n", {"max_overlap_ratio": 5}, "ERROR", "max_overlap_ratio is 5"),
    ],
)
def test_rows(finding, test, params, outcome, words):
    """Equal rows in any column order, keys, normalised text; what cannot be compared never passes."""
    found = leaked(finding, TRAIN, test, **params)
    assert (found.outcome, words in f"{found.message} {found.advice}") == (outcome, True), found.message


@pytest.mark.parametrize(
    ("train", "test", "params", "outcome"),
    [
        ("2024-01-31", "2024-02-01", {}, "PASS"),
        ("2024-01-31", "2024-01-31", {}, "FAIL"),
        ("2024-01-31", "2024-01-31T23:59:59", {}, "FAIL"),
        ("2024-01-31T10:00", "2024-01-31", {}, "FAIL"),
        ("2024-01-31T10:00:00", "2024-01-31T10:00:01", {}, "PASS"),
        ("2024-01-31T10:00:00", "2024-01-31T10:00:00", {}, "FAIL"),
        ("2024-01-31T10:00:00+02:00", "2024-01-31T09:00:00Z", {}, "PASS"),
        ("2024-01-31T10:00:00-02:00", "2024-01-31T11:00:00Z", {}, "FAIL"),
        ("2024-01-31T10:00:00Z", "2024-01-31T11:00:00", {}, "FAIL"),
        ("2024-01-31", "", {}, "FAIL"),
        ("soon", "2024-01-31", {}, "FAIL"),
        ("1700000000", "1800000000", {}, "FAIL"),
        ("2024-01-31", "2024-02-07", {"min_gap_days": 6}, "PASS"),
        ("2024-01-31", "2024-02-06", {"min_gap_days": 6}, "FAIL"),
        ("2024-01-31", "2024-02-06", {"min_gap_days": -1}, "ERROR"),
    ],
)
def test_times(finding, train, test, params, outcome):
    """Every test row is later than every training row: days, times, zones, gaps, and what is no time."""
    found = leaked(
        finding, f"t,n\n2023-01-01T00:00Z,0\n{train},1\n" if "Z" in train + test else f"t,n\n{train},1\n",
        f"t,n\n{test},2\n", rows=False, time_column="t", **params,
    )  # fmt: skip
    assert found.outcome == outcome, found.message


def test_times_and_rows_together(finding):
    """Both are told at once, with the two times that meet."""
    found = leaked(finding, TRAIN, "id,text,day\n2,b,2024-01-31\n", time_column="day")
    assert "1 of 1 test rows" in found.message
    assert "last training time 2024-01-31, first test time 2024-01-31" in found.message


def test_several_files(finding):
    """Files by name and by glob, of both formats, on either side."""
    files = {
        "train/a.csv": "id,x\n1,a\n",
        "train/b.jsonl": '{"id": 2, "x": "b"}\n',
        "test/a.csv": "id,x\n3,a\n",
        "test/b.csv": "x,id\nb,2\n",
    }
    params = {"train": ["train/*.csv", "train/b.jsonl"], "test": "test/*"}
    found = finding("leakage", params, files)
    assert "1 of 2 test rows" in found.message
    assert found.details["places"] == [["test/b.csv", 2, "train/b.jsonl", 1]]
    assert (
        finding("leakage", params | {"train": "none/*"}, files).message
        == "No file of the run matches none/*."
    )


def test_file_on_both_sides(finding):
    """A glob that catches the training table too is a fault of the checklist, not a leak."""
    found = finding("leakage", {"train": "train.csv", "test": "*.csv"}, {"train.csv": TRAIN})
    assert (found.outcome, "train.csv is on both sides" in found.message) == ("ERROR", True)


def test_cells_are_not_joined(finding):
    """Rows whose cells only join to the same text are not shared."""
    assert leaked(finding, 'a,b\n"x,",y\n', 'a,b\nx,",y"\n').outcome == "PASS"


ROWS = st.lists(st.tuples(st.sampled_from("ab1"), st.sampled_from(["", "x", "x y"])), min_size=1, max_size=6)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, ROWS)
def test_count_is_that_of_sets(finding, train, test):
    """The number of shared rows is what Python's sets say."""
    tables = ["a,b\n" + "".join(f"{a},{b}\n" for a, b in rows) for rows in (train, test)]
    found = leaked(finding, *tables)
    shared = sum(row in set(train) for row in test)
    assert next(m.value for m in found.measurements if m.name == "Shared rows") == shared
    assert found.outcome == ("FAIL" if shared else "PASS")
