"""Tests of the GitHub annotations: the runner must read back what was said, and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from readiness.engine.outcome import Outcome
from readiness.engine.render.annotations import render
from readiness.engine.render.sheet import Sheet
from tests.engine.render.sheets import SHEETS, line, sheet

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def read(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Decode commands as GitHub's runner does."""
    found = []
    for one in text.splitlines():
        level, properties, data = COMMAND.fullmatch(one).groups()
        pairs = dict(pair.split("=", 1) for pair in properties.split(","))
        found.append((level, {k: decoded(v) for k, v in pairs.items()}, decoded(data)))
    return found


def decoded(text: str) -> str:
    for code, plain in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, plain)
    return text


def test_place_title_and_message() -> None:
    """File from the repository's root, line, title and the whole sentence."""
    assert read(render(sheet(line(at_line=3)))) == [
        (
            "error",
            {
                "file": "runs/7/metrics.json",
                "line": "3",
                "title": "Accuracy meets the target (metric)",
            },
            "Test accuracy 77.3 %, needs ≥ 80 %. Improve it.",
        )
    ]


@pytest.mark.parametrize(
    ("outcome", "level"),
    [
        (Outcome.FAIL, "error"),
        (Outcome.ERROR, "error"),
        (Outcome.WARN, "warning"),
        (Outcome.SKIP, "notice"),
    ],
)
def test_levels(outcome: Outcome, level: str) -> None:
    """Each outcome has its level."""
    assert read(render(sheet(line(outcome))))[0][0] == level


def test_passed_checks_are_silent() -> None:
    """Nothing is said when all passed."""
    assert render(sheet(line(Outcome.PASS))) == ""


@pytest.mark.parametrize(
    ("failed", "last"), [(10, "Test accuracy"), (11, "2 more of 11"), (60, "51 more of 60")]
)
def test_at_most_ten_of_a_level(failed: int, last: str) -> None:
    """GitHub shows ten per level: the tenth says how many more there are."""
    lines = [line(name=f"{n}.metric") for n in range(failed)] + [line(Outcome.WARN)]
    found = read(render(sheet(*lines)))
    errors = [data for level, _, data in found if level == "error"]
    assert len(errors) == 10
    assert errors[-1].startswith(last)
    assert len(found) == 11


def test_injected_commands_stay_data() -> None:
    """Line ends, colons and commas of a run's text can start no command and add no property."""
    text = "bad\n::set-env name=A::b\r%0A::error::x"
    found = read(render(sheet(line(message=text, title="t,file=/etc/passwd:x", advice=""))))
    assert len(found) == 1
    _, properties, data = found[0]
    assert properties["title"] == "t,file=/etc/passwd:x (metric)"
    assert properties["file"] == "runs/7/metrics.json"
    assert data == text


@given(value=SHEETS)
def test_any_sheet_is_lines_of_commands(value: Sheet) -> None:
    """Any text gives whole commands, one per line, at most ten of a level."""
    levels = [level for level, _, _ in read(render(value))]
    assert len(levels) == sum(entry.outcome is not Outcome.PASS for entry in value.lines)
