"""`lint`: nothing found counts only where something says that a linter looked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FIXTURES = Path(__file__).parents[2] / "fixtures" / "lint"
FILE = {"file": "r"}


def real(name):
    """A fixture as the file `r`."""
    return {"r": (FIXTURES / name).read_bytes()}


@pytest.mark.parametrize(
    ("name", "params", "outcome", "words"),
    [
        (
            "ruff-pkg.json",
            {},
            "FAIL",
            "ruff: 4 errors; errors 4, needs ≤ 0: F401 /project/pkg/bad.py:1, E741",
        ),
        ("ruff-pkg.json", {"max_errors": 4}, "PASS", "ruff: 4 errors"),
        ("ruff-pkg.txt", {}, "FAIL", "ruff: 4 errors"),
        ("ruff-clean.txt", {}, "PASS", "ruff: nothing found"),
        ("ruff-pkg.sarif", {}, "FAIL", "ruff: 4 errors"),
        ("ruff-clean.sarif", {"format": "sarif"}, "PASS", "ruff: nothing found"),
        ("ruff-clean.sarif", {"format": "ruff"}, "PASS", "ruff: nothing found"),
        ("ruff-clean.sarif", {"format": "bandit"}, "FAIL", "was written by ruff, expected bandit"),
        ("flake8-pkg.txt", {}, "FAIL", "flake8: 5 errors; errors 5, needs ≤ 0: F401 pkg/bad.py:1"),
        ("flake8-pkg.txt", {"max_errors": 9}, "WARN", "the file does not say where it ends"),
        ("flake8-count-pkg.txt", {"max_errors": 9}, "PASS", "flake8: 5 errors"),
        ("flake8-count-clean.txt", {"format": "flake8"}, "PASS", "flake8: nothing found"),
        ("flake8-count-clean.txt", {}, "FAIL", "is no complete report"),
        ("pylint-pkg.txt", {}, "PASS", "pylint: 2 warnings, 2 notes"),
        ("pylint-pkg.txt", {"max_warnings": 1}, "FAIL", "warnings 2, needs ≤ 1: W0612 pkg/bad.py:5"),
        ("pylint-pkg.json", {"max_notes": 0}, "FAIL", "notes 2, needs ≤ 0"),
        ("pylint2-pkg.json", {"max_findings": 3}, "FAIL", "findings 4, needs ≤ 3"),
        ("pylint-clean.txt", {}, "PASS", "pylint: nothing found"),
        ("pylint2-clean.json", {}, "PASS", "pylint: nothing found"),
        ("mypy-pkg.txt", {}, "FAIL", "mypy: 1 error; errors 1, needs ≤ 0"),
        ("mypy-clean.txt", {}, "PASS", "mypy: nothing found"),
        ("mypy-broken.txt", {}, "FAIL", "mypy: 2 errors"),
        ("black-pkg.txt", {}, "FAIL", "black: 1 error; errors 1, needs ≤ 0: would be reformatted"),
        ("black-clean.txt", {}, "PASS", "black: nothing found"),
        ("black-broken.txt", {}, "FAIL", "black: 2 errors"),
        ("black-none.txt", {}, "FAIL", "is no complete report"),
        ("bandit-pkg.json", {}, "FAIL", "Bandit: 1 error, 1 note; errors 1, needs ≤ 0: B602 pkg/bad.py:5"),
        ("bandit-clean.json", {}, "PASS", "Bandit: nothing found"),
        ("bandit-broken.json", {"max_errors": 1}, "FAIL", "not scanned pkg/broken.py"),
        ("mypy-clean.txt", {"format": "ruff"}, "FAIL", "is no complete report of ruff"),
        ("ruff-clean.txt", {"format": "eslint"}, "FAIL", "is no JSON, as eslint writes it"),
    ],
)
def test_real_reports(finding, name, params, outcome, words):
    """What seven tools wrote about the same three files."""
    found = finding("lint", FILE | params, real(name))
    assert found.outcome == outcome
    assert words in found.message


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("ruff-pkg.txt", "Found 4 errors.", "Found 3 errors.", "states 3 errors, but shows 4"),
        ("ruff-pkg.txt", "Found 4 errors.", "All checks passed!", "says that all is well, but shows 4"),
        ("ruff-pkg.txt", "Found 4 errors.", "", "is no complete report|errors 4"),
        ("mypy-pkg.txt", "Found 1 error in", "Found 0 errors in", "states 0 errors, but shows 1"),
        ("mypy-pkg.txt", "Found 1 error in 1 file", "Success: nothing in 1 file", "is no complete report"),
        ("mypy-clean.txt", "in 1 source file", "in 0 source files", "looked at 0, needs ≥ 1"),
        ("flake8-count-pkg.txt", "\n5\n", "\n4\n", "states 4 errors, but shows 5"),
        ("pylint-clean.txt", "Your code has been rated", "Somebody rated", "is no complete report"),
        ("pylint2-pkg.json", '"convention": 2', '"convention": 1', "states 3 findings, but shows 4"),
        (
            "pylint2-pkg.json",
            '"convention": 2',
            '"convention": -2',
            "convention is -2, expected a whole number",
        ),
        ("pylint2-pkg.json", '"convention": 2', '"convention": NaN', "convention is nan"),
        ("pylint2-clean.json", '"modulesLinted": 3', '"modulesLinted": 0', "looked at 0, needs ≥ 1"),
        (
            "black-pkg.txt",
            "1 file would be reformatted",
            "1 file would be left unchanged",
            "states that 0 would be",
        ),
        (
            "bandit-pkg.json",
            '"SEVERITY.HIGH": 1',
            '"SEVERITY.HIGH": 2',
            "states 2 findings of the severity HIGH",
        ),
        ("bandit-clean.json", '"loc": 4', '"loc": 0', "looked at 0, needs ≥ 1"),
        ("bandit-clean.json", '"_totals"', '"totals"', "loc is None"),
        ("ruff-pkg.json", '"row": 5', '"row": -5', "row is -5"),
        ("ruff-pkg.sarif", '"version": "2.1.0"', '"version": "2.0.0"', "is SARIF 2.0.0, expected 2.1.0"),
    ],
)
def test_contradictions(finding, name, old, new, words):
    """A total that disagrees with the findings, a scan of nothing, a count that cannot be."""
    text = (FIXTURES / name).read_text()
    assert old in text
    found = finding("lint", FILE, {"r": text.replace(old, new)})
    assert found.outcome == "FAIL"
    assert any(w in found.message for w in words.split("|"))


@pytest.mark.parametrize(
    ("content", "params", "words"),
    [
        ("", {}, "is empty, which does not say that a linter ran"),
        ("\n\n", {"format": "flake8"}, "is empty"),
        ("[]", {}, "an empty list, which does not say"),
        ("[]", {"format": "eslint"}, "an empty list"),
        ("[]", {"format": "bandit"}, "an empty list"),
        ("{}", {}, "is no report of ruff"),
        ("[{}]", {}, "is no report of ruff, pylint or ESLint"),
        ("[7]", {}, "is no list of objects"),
        ("null", {}, "is no complete report"),
        ("OK", {}, "is no complete report"),
        ("bash: ruff: command not found", {}, "is no complete report"),
        ("All checks passed!\nerror: the disk is full", {}, "is no complete report"),
        ("All checks passed!\nSuccess: no issues found in 1 source file", {}, "is no complete report"),
        ("Success: no issues found in 1 source file\n" * 2, {}, "is no complete report"),
        ("a.py:1:1: E1 x" + "y" * 10_000, {}, "line 1 has more than 10000 characters"),
        ('{"runs": [], "version": "2.1.0"}', {}, "holds no run of a tool"),
        ('{"runs": null, "version": "2.1.0"}', {}, "runs is no list"),
        ('{"results": [], "metrics": {}}', {}, "loc is None"),
        ('{"results": [], "metrics": {}, "metrics": {}}', {}, "stands twice"),
        ('[{"filename": "a.py", "code": "F401"}]', {}, "row is None"),
        ("[" * 300, {}, "nested deeper"),
        (b"\xff\xfe\x00\xd8", {}, "text: byte"),
    ],
)
def test_hostile_files(finding, content, params, words):
    """Empty, foreign, cut: none of it means that nothing was found."""
    found = finding("lint", FILE | params, {"r": content})
    assert found.outcome == "FAIL"
    assert words in found.message


@pytest.mark.parametrize("tool", ["ruff", "pylint"])
def test_an_empty_list_of_a_named_tool(finding, tool):
    """Both write `[]` when they find nothing; the checklist says who wrote it."""
    assert finding("lint", FILE | {"format": tool}, {"r": "[]"}).outcome == "PASS"


def eslint(*severities, **more):
    """An ESLint report over one file."""
    messages = [{"ruleId": "no-undef", "severity": s, "message": "x", "line": 1} for s in severities]
    counts = {"errorCount": severities.count(2), "warningCount": severities.count(1)}
    return [{"filePath": "/a.js", "messages": messages, "suppressedMessages": []} | counts | more]


@pytest.mark.parametrize(
    ("report", "outcome", "words"),
    [
        (eslint(), "PASS", "ESLint: nothing found"),
        (eslint(1), "PASS", "1 warning"),
        (eslint(2), "FAIL", "1 error; errors 1, needs ≤ 0: no-undef /a.js:1"),
        (eslint(suppressedMessages=[{}]), "PASS", "nothing found, 1 suppressed"),
        (eslint(2, errorCount=0), "FAIL", "states 0 findings for /a.js, but shows 1"),
        (eslint(errorCount=-1), "FAIL", "errorCount is -1"),
        (eslint(errorCount=True), "FAIL", "errorCount is True"),
        (eslint(3), "FAIL", "neither 1 nor 2"),
        (eslint(messages=None), "FAIL", "messages is no list"),
    ],
)
def test_eslint(finding, report, outcome, words):
    """Counted from the messages, compared with what each file states."""
    found = finding("lint", FILE, {"r": json.dumps(report)})
    assert found.outcome == outcome
    assert words in found.message


def sarif(*results, **more):
    """A SARIF report of one run."""
    rules = [{"id": "R1", "defaultConfiguration": {"level": "error"}}, {"id": "R2"}]
    run = {"tool": {"driver": {"name": "scan", "rules": rules}}, "results": list(results)} | more
    return {"version": "2.1.0", "runs": [{k: v for k, v in run.items() if v != "none"}]}


@pytest.mark.parametrize(
    ("report", "outcome", "words"),
    [
        (sarif({"ruleId": "R1"}), "FAIL", "scan: 1 error"),
        (sarif({"ruleId": "R2"}), "PASS", "scan: 1 warning"),
        (sarif({"ruleId": "R1", "level": "note"}), "PASS", "scan: 1 note"),
        (sarif({"ruleId": "R1", "level": "none"}), "PASS", "nothing found"),
        (sarif({"ruleId": "R1", "kind": "pass"}), "PASS", "nothing found"),
        (sarif({"ruleId": "R1", "baselineState": "absent"}), "PASS", "nothing found"),
        (sarif({"ruleId": "R1", "suppressions": [{"kind": "inSource"}]}), "PASS", "1 suppressed"),
        (sarif({"ruleId": "R1", "suppressions": [{"status": "underReview"}]}), "FAIL", "1 error"),
        (sarif({"ruleId": "R1", "suppressions": []}), "FAIL", "1 error"),
        (sarif({"rule": {"id": "R1"}}), "FAIL", "1 error"),
        (sarif({"level": "fatal"}), "FAIL", "the level 'fatal' is not known"),
        (sarif(results="none"), "FAIL", "does not hold the results of scan"),
        (sarif(results=None), "FAIL", "results is no list"),
        (sarif(invocations=[{"executionSuccessful": False}]), "FAIL", "scan did not end well"),
        (sarif(externalPropertyFileReferences={}), "FAIL", "does not hold the results"),
        (sarif(tool={"driver": {}}), "FAIL", "names no tool"),
        (sarif(tool="none"), "FAIL", "names no tool"),
    ],
)
def test_sarif(finding, report, outcome, words):
    """Levels by result and rule, suppressions, runs that failed or hold nothing."""
    found = finding("lint", FILE, {"r": report})
    assert found.outcome == outcome
    assert words in found.message


def test_details_hold_the_findings(finding):
    """A bounded list for machines."""
    found = finding("lint", FILE, real("flake8-count-pkg.txt"))
    first = {
        "level": "error",
        "rule": "F401",
        "path": "pkg/bad.py",
        "line": 1,
        "text": "'os' imported but unused",
    }
    assert found.details["tool"] == "flake8"
    assert found.details["findings"][0] == first
    many = "".join(f"a.py:{n}:1: E501 long\n" for n in range(1, 1001)) + "1000\n"
    assert len(finding("lint", FILE, {"r": many}).details["findings"]) == 200


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        [
            "ruff-pkg.json",
            "ruff-pkg.txt",
            "mypy-pkg.txt",
            "bandit-pkg.json",
            "black-pkg.txt",
            "ruff-pkg.sarif",
            "flake8-count-pkg.txt",
        ]
    ),
    st.floats(0, 1),
)
def test_a_cut_report_never_passes(finding, name, at):
    """However much of it is left."""
    text = (FIXTURES / name).read_bytes()
    found = finding("lint", FILE, {"r": text[: int(at * (len(text) - 1))]})
    assert found.outcome == "FAIL"
