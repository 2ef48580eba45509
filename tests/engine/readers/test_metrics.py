"""Metrics in reports: a value that stands twice, or beside its target, is never chosen silently."""

from __future__ import annotations

import time

import pytest

from readiness.engine.errors import BadContent, CheckProblem
from readiness.engine.readers import metrics
from readiness.engine.readers.metrics import Wanted

TABLE = "| Metric | {} |\n|---|{}\n| Test accuracy | {} |\n"


def table(*cells, heads=None):
    """A table with one row."""
    return TABLE.format(" | ".join(heads or "v" * len(cells)), "---|" * len(cells), " | ".join(cells))


def accuracy(run, text, **more):
    """The test accuracy that a report states, in per cent."""
    return metrics.read(run({"r.md": text}), Wanted(file="r.md", key="Test Accuracy", unit="%", **more)).value


@pytest.mark.parametrize(
    "text",
    [
        table("91.2 %"),
        table("at least 80 %", "91.2 %", "yes"),
        table("91.2 %") + "\nTest Accuracy: 91.20%\n",
        "| Test Accuracy | Test F1 |\n|---|---|\n| 91.2 % | 90 % |\n",
        "| Model | Test accuracy |\n|---|---|\n| A | 91.2 % |\n",
        "Test accuracy: 91.2 %\n",
        "**Test Accuracy:** 91.2 %\n",
        "* **Test Accuracy**: **91.2%**\n",
        "> - Test accuracy = 0.912\n",
        "Test Accuracy: at least 80 % was asked\n\nTest Accuracy: 91.2 %\n",
    ],
)
def test_found(run, text):
    """Rows, columns, lines, bold or not, with the target in words beside it."""
    assert accuracy(run, text) == pytest.approx(91.2)


@pytest.mark.parametrize(
    "text",
    [
        table("80 %", "12 %", heads=["Needed", "Observed"]),
        table("93 %", "70 %"),
        table("91.2 %") + "\nTest Accuracy: 71.2 %\n",
        "| Model | Test accuracy |\n|---|---|\n| A | 91.2 % |\n| B | 70 % |\n",
        "<!--\nTest Accuracy: 91.2 %\n-->\n",
        "```\n~~~\nTest Accuracy: 91.2 %\n```\n",
        "    Test Accuracy: 91.2 %\n",
        "# Test Accuracy: 91.2 %",
        "Test Accuracy: at least 91.2 %\n",
        "Not Test Accuracy: 91.2 %\n",
        table("nan"),
        "",
    ],
)
def test_not_chosen(run, text):
    """Two different values, comments, code, words, NaN: a problem, never a number."""
    with pytest.raises(CheckProblem):
        accuracy(run, text)


def test_both_values_are_named(run):
    """The message shows what contradicts."""
    with pytest.raises(BadContent, match="'Test Accuracy' as 80 % and 12 %"):
        accuracy(run, table("80 %", "12 %"))


@pytest.mark.parametrize(
    ("values", "pick", "value"),
    [
        ([0.5, "60 %", 0.95], "min", 50),
        ([0.95, "60 %"], "min", 60),
        ([0.95, "60 %"], "max", 95),
        ([0.5, 0.9], "last", 90),
        ([0.5, 0.9], "first", 50),
    ],
)
def test_pick(run, values, pick, value):
    """Values of one list are compared by what they mean, not by how they are written."""
    wanted = Wanted(file="m.json", key="acc", unit="%", pick=pick)
    assert metrics.read(run({"m.json": {"acc": values}}), wanted).value == pytest.approx(value)


def test_series_needs_a_choice(run):
    """One value per epoch: without `pick` nobody said which one counts."""
    files = {"m.json": {"acc": [0.5, 0.9]}, "m.csv": "epoch,acc\n1,0.5\n2,0.9\n"}
    for file in files:
        with pytest.raises(BadContent, match="holds 2 values"):
            metrics.read(run(files), Wanted(file=file, key="acc", unit="%"))


@pytest.mark.parametrize(
    "text", [" " * 200_000 + "x", "a:" * 100_000, ("|" * 200 + "\n") * 500, "- " * 50_000]
)
def test_hostile_reports_are_quick(run, text):
    """Patterns over foreign text take linear time."""
    started = time.monotonic()
    with pytest.raises(CheckProblem):
        accuracy(run, text)
    assert time.monotonic() - started < 40
