"""`coverage`: rates are counted from the rows; what a report says about itself is only compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FIXTURES = Path(__file__).parents[2] / "fixtures" / "coverage"
REAL = ["cobertura.xml", "coverage-py.json", "lcov.info", "jacoco.xml"]


def real(name):
    """A fixture as the one file of a run."""
    return {name: (FIXTURES / name).read_bytes()}


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize(
    ("limits", "outcome", "words"),
    [
        ({"line_at_least": 69.2}, "PASS", "69.23 % of 13 lines reached, 50 % of 8 branches"),
        ({}, "FAIL", "Line coverage 69.23 %, needs ≥ 80 %"),
        ({"line_at_least": 60, "branch_at_least": 50}, "PASS", "69.23 %"),
        ({"line_at_least": 60, "branch_at_least": 51}, "FAIL", "Branch coverage 50 %, needs ≥ 51 %"),
        ({"line_at_least": 60, "package_at_least": 57}, "PASS", "69.23 %"),
        (
            {"line_at_least": 60, "package_at_least": 60},
            "FAIL",
            "Lowest package shop.api 57.14 %, needs ≥ 60 %",
        ),
        ({"line_at_least": 0, "package_at_least": 90}, "FAIL", "too low: shop.api 57.14 %, shop 83.33 %"),
        (
            {"line_at_least": 0, "package_branch_at_least": 26},
            "FAIL",
            "Lowest package, branches shop.api 25 %",
        ),
        ({"line_at_least": 0, "min_lines": 14}, "FAIL", "Lines 13, needs ≥ 14"),
        ({"line_at_least": 0.6}, "WARN", "was 60 % meant?"),
    ],
)
def test_the_same_project_in_every_format(finding, name, limits, outcome, words):
    """Four writers, one project, one judgement."""
    found = finding("coverage", {"file": name} | limits, real(name))
    assert found.outcome == outcome
    assert words in found.message


def test_measurements_and_packages(finding):
    """Rates with their units, the place of the lowest package, counts per package."""
    found = finding("coverage", {"file": "lcov.info", "line_at_least": 60}, real("lcov.info"))
    assert {m.name: m.observed for m in found.measurements} == {
        "Line coverage": "69.23 %",
        "Branch coverage": "50 %",
        "Lowest package": "57.14 %",
        "Lines": "13",
    }
    assert found.details["packages"][0] == {
        "name": "shop",
        "lines": 6,
        "covered": 5,
        "branches": 4,
        "taken": 3,
    }
    assert found.charts[0].data["labels"] == ["shop.api", "shop"]


def test_a_demanded_format(finding):
    """Another format than the demanded one is not taken for it."""
    good = finding("coverage", {"file": "lcov.info", "format": "lcov", "line_at_least": 1}, real("lcov.info"))
    other = finding("coverage", {"file": "lcov.info", "format": "jacoco"}, real("lcov.info"))
    assert good.outcome == "WARN"
    assert (other.outcome, "expected jacoco" in other.message) == ("FAIL", True)


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        (
            "cobertura.xml",
            'line-rate="0.6923"',
            'line-rate="0.99"',
            "states line-rate 0.99, its rows show 0.6923",
        ),
        ("cobertura.xml", 'line-rate="0.5714"', 'line-rate="1"', "of the package 'shop.api'"),
        ("cobertura.xml", 'branch-rate="0.5"', 'branch-rate="NaN"', "branch-rate is 'NaN'"),
        ("cobertura.xml", 'line-rate="0.6923"', 'line-rate="-1"', "line-rate is '-1'"),
        ("cobertura.xml", 'line-rate="0.6923"', 'line-rate="69.23"', "expected a fraction from 0 to 1"),
        ("cobertura.xml", 'lines-valid="13"', 'lines-valid="9"', "states 9 lines-valid, its rows show 13"),
        ("cobertura.xml", 'lines-covered="9"', 'lines-covered="-9"', "lines-covered of a <coverage> is '-9'"),
        ("cobertura.xml", 'number="9" hits="0"', 'number="9" hits="-1"', "hits of a <line> is '-1'"),
        ("cobertura.xml", 'number="9" hits="0"', 'number="9"', "hits of a <line> is missing"),
        ("cobertura.xml", 'number="9" hits="0"', 'number="9" hits="1e9"', "hits of a <line> is '1e9'"),
        ("cobertura.xml", 'number="8"', 'number="9"', "lists line 9 of 'shop/api/routes.py' twice"),
        ("cobertura.xml", "(0/2)", "(3/2)", "condition-coverage is '0% (3/2)'"),
        ("cobertura.xml", "0% (0/2)", "none", "condition-coverage is 'none'"),
        ("cobertura.xml", "<coverage ", "<covers ", "its root is <covers>|not usable XML"),
        ("coverage-py.json", '"covered_lines": 9', '"covered_lines": 13', "states 13 covered_lines"),
        (
            "coverage-py.json",
            '"percent_covered": 61.904761904761905',
            '"percent_covered": 99.9',
            "0.999, its rows",
        ),
        ("coverage-py.json", '"percent_covered": 61.904761904761905', '"percent_covered": NaN', "is 'nan'"),
        ("coverage-py.json", '"missing_lines": [7, 8, 9]', '"missing_lines": []', "its rows show 4"),
        (
            "coverage-py.json",
            '"missing_lines": [7, 8, 9]',
            '"missing_lines": [6, 8, 9]',
            "as reached and missed",
        ),
        ("coverage-py.json", '"missing_lines": [7, 8, 9]', '"missing_lines": "none"', "no usable list"),
        ("coverage-py.json", '"totals"', '"total"', "no summary for the totals"),
        ("coverage-py.json", '"version"', '"v"', "is not coverage.py's JSON"),
        ("coverage-py.json", '"covered_lines": 9', '"covered_lines": true', "is not a whole number"),
        ("lcov.info", "LF:6", "LF:5", "states 5 LF for shop/prices.py, its rows show 6"),
        ("lcov.info", "BRH:1", "BRH:4", "states 4 BRH"),
        ("lcov.info", "DA:9,0", "DA:9,-1", "'-1' is no count"),
        ("lcov.info", "DA:9,0", "DA:9,nan", "'nan' is no count"),
        ("lcov.info", "DA:9,0", "DA:9", "'' is no count"),
        ("lcov.info", "DA:9,0", "XX:9,0", "is no LCOV record: 'XX:9,0'"),
        ("lcov.info", "SF:shop/__init__.py\n", "", "line 1 is no LCOV record"),
        ("jacoco.xml", 'nr="9" mi="1"', 'nr="9" mi="-1"', "mi of a <line> is '-1'"),
        (
            "jacoco.xml",
            '<counter type="LINE" missed="4" covered="9"/>',
            '<counter type="LINE" missed="0" covered="13"/>',
            "covered line counts for the report",
        ),
        (
            "jacoco.xml",
            'type="BRANCH" missed="3" covered="1"',
            'type="BRANCH" missed="0" covered="1"',
            "shop.api",
        ),
    ],
)
def test_contradictions_and_bad_counts(finding, name, old, new, words):
    """A report that was edited, or counts that cannot be: FAIL with the place, however low the limit."""
    text = (FIXTURES / name).read_text()
    assert old in text
    found = finding("coverage", {"file": name, "line_at_least": 0}, {name: text.replace(old, new)})
    assert found.outcome == "FAIL"
    assert any(w in found.message for w in words.split("|"))


BOMB = '<!DOCTYPE coverage [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><coverage>&b;</coverage>'
NO_LINES = '<package name="a"><counter type="INSTRUCTION" missed="0" covered="9"/></package>'
OUTSIDE = '<!DOCTYPE coverage [<!ENTITY a SYSTEM "file:///etc/hostname">]><coverage>&a;</coverage>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("{}", "is not coverage.py's JSON"),
        ("[]", "is no LCOV record"),
        ("100 %", "is no LCOV record"),
        ("SF:a.py\nDA:1,1\n", "ends within the record of a.py"),
        ("TN:\n", "lists no line of code"),
        ("SF:a.py\nend_of_record\n", "lists no line of code"),
        ("<coverage/>", "lists no line of code"),
        ('<coverage line-rate="1"/>', "lists no line of code"),
        ("<report/>", "lists no line of code"),
        (f"<report>{NO_LINES}</report>", "has code, but no lines"),
        ("<html/>", "not a Cobertura or JaCoCo report: its root is <html>"),
        (BOMB, "declares a DTD or entities"),
        (OUTSIDE, "declares a DTD or entities"),
        ("<coverage>" * 1_000_000, "nested deeper than 200 levels"),
        ("<coverage><packages>", "not usable XML"),
        (b"\xff\xfe\x00\xd8", "text: byte"),
        (json.dumps({"meta": {"version": "7"}, "files": {"a.py": None}, "totals": {}}), "no usable list"),
        ('{"meta": {"version": "7"}, "files": {}, "files": {}}', "stands twice"),
        ("[" * 500, "is no LCOV record"),
        ('{"a":' * 500, "nested deeper"),
    ],
)
def test_hostile_files(finding, content, words):
    """Empty, foreign, cut, deep, with entities: none is taken for a report without gaps."""
    found = finding("coverage", {"file": "c", "line_at_least": 0}, {"c": content})
    assert found.outcome == "FAIL"
    assert words in found.message


def test_branches_that_were_not_measured(finding):
    """Asked for and not in the report is not 100 %."""
    files = {"c": "SF:a/b.py\nDA:1,1\nend_of_record\n"}
    assert finding("coverage", {"file": "c"}, files).outcome == "PASS"
    found = finding("coverage", {"file": "c", "branch_at_least": 0}, files)
    assert (found.outcome, "Branch coverage not found" in found.message) == ("FAIL", True)


def test_a_document_type_alone_is_no_fault(finding):
    """Cobertura and JaCoCo name their DTD; it is never fetched."""
    text = (FIXTURES / "cobertura.xml").read_text()
    doctype = "<!DOCTYPE coverage SYSTEM 'http://cobertura.example/coverage-04.dtd'>"
    with_type = text.replace("<coverage ", f"{doctype}<coverage ", 1)
    assert finding("coverage", {"file": "c", "line_at_least": 60}, {"c": with_type}).outcome == "PASS"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.integers(1, 50), st.integers(0, 3), min_size=1), st.integers(0, 100))
def test_the_rate_is_that_of_the_rows(finding, lines, least):
    """PASS exactly when the reached share of the listed lines meets the limit."""
    rows = "".join(f"DA:{number},{hits}\n" for number, hits in lines.items())
    found = finding(
        "coverage", {"file": "c", "line_at_least": least}, {"c": f"SF:a.py\n{rows}end_of_record\n"}
    )
    rate = 100 * sum(h > 0 for h in lines.values()) / len(lines)
    assert (found.outcome in ("PASS", "WARN")) == (rate >= least)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(REAL), st.floats(0, 1), st.binary(max_size=6))
def test_damaged_bytes(finding, name, at, junk):
    """A report with bytes replaced is judged or refused, and never breaks the check."""
    good = (FIXTURES / name).read_bytes()
    cut = int(at * len(good))
    found = finding(
        "coverage", {"file": name, "line_at_least": 99.9}, {name: good[:cut] + junk + good[cut + 9 :]}
    )
    assert found.outcome == "FAIL"


AGGREGATED = (FIXTURES / "jacoco-aggregate.xml").read_text()
API, WHOLE = (
    'missed="7" covered="4"/><counter type="LINE" missed=',
    '<counter type="LINE" missed="{}" covered="4"/></report>',
)


def test_an_aggregated_jacoco_report(finding):
    """Groups are modules; what stands in no row counts as missed, and never as covered."""
    found = finding("coverage", {"file": "j.xml", "line_at_least": 40}, {"j.xml": AGGREGATED})
    # 2 of 3 and 1 of 2 lines in rows, 2 missed ones of a class without a source file; 1 of 1 branch, 1 missed
    assert found.message == "42.86 % of 7 lines reached, 50 % of 2 branches"
    assert found.outcome == "PASS"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('<class name="shop/api/Made">', '<class name="x" sourcefilename="X">', "5 line counts for shop.api"),
        ('"BRANCH" missed="1" covered="2"', '"BRANCH" missed="0" covered="0"', "branch counts for shop"),
        (f'{API}"3"', f'{API}"0"', "line counts for shop.api"),
        (WHOLE.format(4), WHOLE.format(9), "misses more as a whole than its packages show"),
        ('<line nr="7" ci="3"/>', '<line nr="7" ci="x"/>', "ci of a <line> is 'x'"),
    ],
)
def test_counters_below_or_beyond_the_rows(finding, old, new, words):
    """Counters may know of more that is missed, where a class has no source file, and never of less."""
    assert old in AGGREGATED
    text = AGGREGATED.replace(old, new)
    found = finding("coverage", {"file": "j.xml", "line_at_least": 0}, {"j.xml": text})
    assert (found.outcome, words in found.message) == ("FAIL", True), found.message
