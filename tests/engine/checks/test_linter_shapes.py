"""`lint`: the shapes that ESLint and CodeQL document, with what they suppress."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures" / "lint"
FILE = {"file": "r"}


def shape(name):
    """A fixture as a value that a test may change."""
    return json.loads((FIXTURES / name).read_text())


@pytest.mark.parametrize(
    ("name", "params", "outcome", "words"),
    [
        (
            "eslint.json",
            {},
            "FAIL",
            "2 errors, 2 warnings, 2 suppressed; errors 2, needs ≤ 0: no-unused-vars /project/cart.js:1",
        ),
        ("eslint.json", {"max_errors": 2, "format": "eslint"}, "PASS", "2 suppressed"),
        ("eslint.json", {"max_errors": 2, "max_suppressed": 1}, "FAIL", "suppressed 2, needs ≤ 1"),
        ("eslint-metadata.json", {"max_errors": 2}, "PASS", "2 errors, 2 warnings, 2 suppressed"),
        (
            "codeql.sarif",
            {},
            "FAIL",
            "CodeQL: 2 errors, 1 note, 1 suppressed; errors 2, needs ≤ 0: py/sql-injection shop/db.py:12",
        ),
        ("codeql.sarif", {"max_errors": 2, "max_suppressed": 0}, "FAIL", "suppressed 1, needs ≤ 0"),
    ],
)
def test_figures(finding, name, params, outcome, words):
    """Levels, places and what is suppressed."""
    found = finding("lint", FILE | params, {"r": json.dumps(shape(name))})
    assert found.outcome == outcome
    assert words in found.message


def test_ignored_files_were_not_looked_at(finding):
    """ESLint lists them with a warning; with nothing else, nobody looked at anything."""
    report = shape("eslint.json")
    found = finding("lint", FILE | {"max_errors": 9}, {"r": json.dumps(report)})
    assert {m.name: m.value for m in found.measurements}["Looked at"] == 2
    alone = finding("lint", FILE, {"r": json.dumps(report[2:])})
    assert (alone.outcome, "looked at 0, needs ≥ 1" in alone.message) == ("FAIL", True)


@pytest.mark.parametrize("suppressed", [7, {}, [7], "none"])
def test_odd_lists_of_suppressed_messages(finding, suppressed):
    """What is suppressed is counted, so its list must be one."""
    report = shape("eslint.json")
    report[0]["suppressedMessages"] = suppressed
    found = finding("lint", FILE | {"max_errors": 9}, {"r": json.dumps(report)})
    assert (found.outcome, "suppressedMessages is no list" in found.message) == ("FAIL", True)


def sarif(result, *, rules=(), more=()):
    """SARIF with one result, rules of the driver, and of an extension."""
    tool = {"driver": {"name": "t", "rules": list(rules)}, "extensions": [{"name": "e", "rules": list(more)}]}
    return {"version": "2.1.0", "runs": [{"tool": tool, "results": [{"message": {"text": "m"}} | result]}]}


def rule(level, name="R1"):
    """A rule with its default level."""
    return {"id": name, "defaultConfiguration": {"level": level}}


@pytest.mark.parametrize(
    ("report", "outcome", "words"),
    [
        (sarif({"ruleId": "R1"}, more=[rule("error")]), "FAIL", "1 error"),
        (sarif({"ruleId": "R1"}, rules=[rule("note")], more=[rule("error")]), "FAIL", "1 error"),
        (sarif({"ruleId": "R1"}, rules=[rule("note")]), "PASS", "1 note"),
        (sarif({"ruleId": "R1/2"}, rules=[rule("error")]), "FAIL", "1 error; errors 1, needs ≤ 0: R1/2"),
        (sarif({"ruleIndex": 1}, rules=[rule("note"), rule("error", "R2")]), "FAIL", "R2"),
        (sarif({"ruleIndex": 9}, rules=[rule("note")]), "PASS", "1 warning"),
        (sarif({"ruleIndex": -1}, rules=[rule("note")]), "PASS", "1 warning"),
        (sarif({"rule": {"id": "R1", "index": 0}}, more=[rule("error")]), "FAIL", "1 error"),
        (sarif({"ruleId": "R1", "level": "note"}, more=[rule("error")]), "PASS", "1 note"),
        (sarif({"ruleId": "R1"}, more=[rule("none")]), "PASS", "nothing found"),
        (
            sarif({"ruleId": "R1"}, rules=[rule("none")], more=[rule("fatal")]),
            "FAIL",
            "level 'fatal' is not known",
        ),
        (sarif({"level": "error", "suppressions": [{"kind": "inSource"}]}), "PASS", "1 suppressed"),
        (sarif({"level": "error", "suppressions": []}), "FAIL", "1 error"),
        (sarif({"level": "error", "suppressions": [{"status": "rejected"}]}), "FAIL", "1 error"),
        (sarif({"level": "error", "suppressions": [{"state": "underReview"}]}), "FAIL", "1 error"),
        (sarif({"level": "error", "suppressions": [{}, {"status": "rejected"}]}), "FAIL", "1 error"),
    ],
)
def test_levels_and_suppressions_of_sarif(finding, report, outcome, words):
    """A result without level has its rule's, wherever that stands; only an accepted suppression counts."""
    found = finding("lint", FILE, {"r": json.dumps(report)})
    assert found.outcome == outcome
    assert words in found.message
