"""Columns of loggers' tables: sparse ones are read, a last value that was NaN is not passed over."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.engine.errors import BadContent, CheckProblem, NotFound
from readiness.engine.readers import metrics, tables
from readiness.engine.readers.metrics import Wanted


def column(run, text, key="acc", *, last=False):
    """The cells of one column."""
    return tables.column(run({"m.csv": text}), "m.csv", key, last=last)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("epoch,acc\n0,1\n1,2\n", ["1", "2"]),
        ("epoch,acc\r\n0, 1 \r\n\r\n1,2", ["1", "2"]),
        ("epoch,acc,loss\n0,1,\n0,,3\n1,2,\n1,,4\n", ["1", "2"]),
        ("epoch,acc,loss\n0,NA,1\n1,2,3\n", ["2"]),
        ('epoch,note,acc\n0,"a, ""b""\nc",1\n', ["1"]),
        ("epoch,acc\n", []),
        ("\ufeffepoch,acc\n0,1\n", ["1"]),
    ],
)
def test_cells(run, text, cells):
    """Sparse rows, blanks, quoted newlines, a byte order mark."""
    assert column(run, text).values == cells


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("epoch,acc,loss\n0,1,1\n1,2,2\n2,,3\n", 4),
        ("epoch,acc,loss\n0,1,1\n1,2,2\n2,NA,3\n3,,\n", 4),
        ("acc,loss\n1,1\n,2\n", 3),
    ],
)
def test_a_last_value_that_is_missing(run, text, row):
    """NaN becomes an empty cell in pandas: where all else was logged as ever, it is asked for."""
    with pytest.raises(BadContent, match=f"row {row} has loss, but no acc: it may have been NaN"):
        column(run, text, last=True)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("epoch,step,acc,loss,test\n0,9,1,1,\n1,9,2,2,\n1,9,,,5\n", "2"),
        ("epoch,step,acc,loss\n0,1,,1\n0,2,1,\n1,3,,2\n1,4,2,\n1,5,,3\n", "2"),
        ("epoch,loss,acc\n0,1,\n1,1,7\n2,1,\n", "7"),
        ("epoch,acc\n0,1\n1,\n", "1"),
    ],
    ids=["test row", "steps and epochs", "every second epoch", "only a counter beside"],
)
def test_other_rows_are_passed_over(run, text, cell):
    """Rows of something else: a test, a step, an epoch without validation."""
    assert column(run, text, last=True).values[-1] == cell


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("epoch,loss\n0,1\n", NotFound),
        ("", BadContent),
        ("acc\n1,2\n", BadContent),
        ("acc,acc\n1,2\n", BadContent),
        ('acc\n"1\n', BadContent),
        ('acc\n"' + "1" * 200_000 + '"\n', BadContent),
        (b"acc\n\xff\n", BadContent),
        (b"\xff\xfea", BadContent),
    ],
    ids=[
        "no column",
        "empty",
        "ragged",
        "doubled",
        "open quote",
        "endless cell",
        "bytes",
        "cut UTF-16",
    ],
)
def test_refused(run, text, problem):
    """Nothing of a broken table is used."""
    with pytest.raises(problem) as raised:
        column(run, text)
    assert "m.csv" in raised.value.message


@pytest.mark.parametrize("pick", ["max", "min", "last"])
def test_a_bad_cell_is_named_with_its_row(run, pick):
    """A value that cannot be compared refuses the choice and says where it stands."""
    wanted = Wanted(file="m.csv", key="acc", pick=pick)
    with pytest.raises(BadContent, match=r"m\.csv · acc \(row 3\) is nan"):
        metrics.read(run({"m.csv": "acc\n1\nnan\n"}), wanted)


def test_the_only_value_may_be_an_old_one(run):
    """One value and then NaN: without `pick`, too, the missing one is asked for."""
    with pytest.raises(BadContent, match="may have been NaN"):
        metrics.read(run({"m.csv": "acc,loss\n1,1\n,2\n"}), Wanted(file="m.csv", key="acc"))


CELL = st.floats(0, 100).map(lambda x: f"{x:.4f}") | st.just("")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELL, CELL, st.text(max_size=6)), min_size=1, max_size=6))
def test_what_csv_writes_is_read(run, rows):
    """Any table that the csv module writes gives the cells that are not empty, in order."""
    text = io.StringIO()
    csv.writer(text).writerows([("acc", "loss", "note"), *rows])
    try:
        found = column(run, text.getvalue().encode())
    except CheckProblem:
        assert any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for row in rows for c in row[2])
        return
    assert found.values == [row[0] for row in rows if row[0]]
