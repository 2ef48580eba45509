"""Tests of the JUnit XML."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given

from readiness.engine.outcome import Outcome
from readiness.engine.readers import junit_reports
from readiness.engine.render import junit
from readiness.engine.render.sheet import Sheet
from readiness.engine.target import RunDirectory
from tests.engine.render.sheets import ACCURACY, SHEETS, line, sheet


@pytest.mark.parametrize(
    ("outcome", "child"),
    [
        (Outcome.PASS, "system-out"),
        (Outcome.WARN, "system-out"),
        (Outcome.SKIP, "skipped"),
        (Outcome.FAIL, "failure"),
        (Outcome.ERROR, "error"),
    ],
)
def test_outcomes(outcome: Outcome, child: str) -> None:
    """Each outcome becomes the element that CI systems know; only FAIL and ERROR are red."""
    case = fromstring(junit.render(sheet(line(outcome)))).find(".//testcase")
    assert [element.tag for element in case] == [child]
    assert case.attrib == {
        "classname": "accuracy.metric",
        "name": "Accuracy meets the target",
        "time": "0.250",
        "file": "metrics.json",
    }


def test_failure_says_observed_expected_and_advice() -> None:
    """The failure's message is the finding, its text also what was expected and what to do."""
    root = fromstring(junit.render(sheet(line(measurements=(ACCURACY,)))))
    failure = root.find(".//failure")
    assert failure.get("message") == "Test accuracy 77.3 %, needs ≥ 80 %"
    assert "Test accuracy: 77.3 %, expected ≥ 80 %" in failure.text
    assert "Improve it." in failure.text


def test_warning_passes_and_says_so() -> None:
    """A WARN is a passing case whose output names the warning."""
    root = fromstring(junit.render(sheet(line(Outcome.WARN))))
    assert root.get("failures") == root.get("errors") == root.get("skipped") == "0"
    assert root.find(".//system-out").text.startswith("WARN: Test accuracy")


def test_items_left_to_people_are_skipped_cases() -> None:
    """What people must decide is counted as skipped, never as passed."""
    root = fromstring(junit.render(sheet(line(Outcome.PASS), left=("Code review: a person decides",))))
    assert (root.get("tests"), root.get("skipped")) == ("2", "1")
    suite = root.findall("testsuite")[-1]
    assert suite.get("name") == junit.LEFT
    assert suite.find("testcase/skipped") is not None


def test_control_characters_become_visible() -> None:
    """What XML cannot carry is escaped in words; markup stays text."""
    text = "\x1b[31mred\x00 </failure><!-- \ud800 ]]> &amp; \uffff\v"
    root = fromstring(junit.render(sheet(line(message=text))))
    assert root.find(".//failure").get("message") == (
        "\\x1b[31mred\\x00 </failure><!-- \\ud800 ]]> &amp; \\uffff\\x0b"
    )


def number(element: Element, attribute: str) -> int:
    return int(element.get(attribute) or "missing")


@given(value=SHEETS)
def test_any_sheet_is_well_formed_and_its_totals_hold(value: Sheet) -> None:
    """Any text gives XML that parses, and the totals are those of the cases."""
    root = fromstring(junit.render(value).encode("utf-8"))
    cases = list(root.iter("testcase"))
    assert len(cases) == number(root, "tests") == len(value.lines) + len(value.left)
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        found = sum(1 for case in cases if case.find(tag) is not None)
        assert found == number(root, attribute) == sum(number(suite, attribute) for suite in root)


def test_our_own_reader_agrees(tmp_path: Path) -> None:
    """The kind `junit` reads our report back with the same counts."""
    lines = [line(outcome, name=f"a.{outcome}", title=outcome) for outcome in Outcome]
    written = junit.render(sheet(*lines, left=("Review",)))
    (tmp_path / "report.xml").write_text(written, encoding="utf-8")
    cases = junit_reports.read(RunDirectory(tmp_path), "report.xml")
    assert (len(cases), sum(c.failed for c in cases), sum(c.skipped for c in cases)) == (6, 2, 2)
    assert len({case.key for case in cases}) == 6
