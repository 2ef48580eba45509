"""`junit`: test cases are counted themselves, and no test is no pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PASSED = '<testcase classname="staging" name="ok"/>'
FAILED = '<testcase classname="staging" name="health"><failure message="503">no</failure></testcase>'
BROKEN = '<testcase name="boom"><error/></testcase>'
SKIPPED = '<testcase name="later"><skipped/></testcase>'
FILE = {"file": "r.xml"}


def suite(*cases, stated=""):
    """A report with one suite."""
    return f"<testsuites><testsuite {stated}>{''.join(cases)}</testsuite></testsuites>"


@pytest.mark.parametrize(
    ("params", "report", "outcome", "words"),
    [
        ({}, suite(PASSED, PASSED), "PASS", "2 of 2 tests passed"),
        ({}, suite(PASSED, SKIPPED), "PASS", "1 of 1 tests passed, 1 skipped"),
        ({}, suite(PASSED, FAILED), "FAIL", "1 of 2 tests failed: staging.health"),
        ({}, suite(PASSED, BROKEN), "FAIL", "1 of 2 tests failed: boom"),
        ({}, suite(*[FAILED] * 5), "FAIL", "staging.health and 2 more"),
        ({"success_rate_at_least": 50}, suite(PASSED, FAILED), "PASS", "1 of 2 tests failed"),
        ({"success_rate_at_least": 50.1}, suite(PASSED, FAILED), "FAIL", "1 of 2 tests failed"),
        ({}, suite(), "FAIL", "No test ran"),
        ({"min_tests": 0}, suite(), "FAIL", "No test ran"),
        ({}, suite(SKIPPED), "FAIL", "No test ran, 1 skipped"),
        ({}, suite(stated='tests="9" failures="0"'), "FAIL", "No test ran"),
        ({"min_tests": 3}, suite(PASSED, PASSED), "FAIL", "tests run 2, needs ≥ 3"),
        ({"max_skipped": 0}, suite(PASSED, SKIPPED), "FAIL", "skipped 1, needs ≤ 0"),
        ({}, f"<testsuite>{PASSED}</testsuite>", "PASS", "1 of 1"),
        ({}, f'<testsuite xmlns="urn:x">{PASSED}{FAILED}</testsuite>', "FAIL", "1 of 2"),
        ({}, suite('<testcase name="a" status="notrun"/>'), "FAIL", "No test ran"),
        ({}, suite(PASSED, '<testcase name="a" status="failed"/>'), "FAIL", "1 of 2 tests failed: a"),
        ({}, suite(PASSED, '<testcase name="a" result="error"/>'), "FAIL", "1 of 2 tests failed: a"),
        ({}, suite(PASSED, '<testcase name="a" status="run" result="completed"/>'), "PASS", "2 of 2"),
        ({}, suite(PASSED, stated='errors="1"'), "FAIL", "states 1 failures and errors, but shows 0"),
        ({}, suite(PASSED, FAILED, stated='failures="0"'), "FAIL", "1 of 2 tests failed"),
        ({}, f'<testsuites errors="2">{PASSED}</testsuites>', "FAIL", "states 2"),
    ],
)
def test_reports(finding, params, report, outcome, words):
    """What passed, failed, was skipped or never ran, however the writer says it."""
    found = finding("junit", FILE | params, {"r.xml": report})
    assert found.outcome == outcome
    assert words in found.message


def test_no_test_fails_by_itself(finding):
    """However low the limits: the number of tests is itself judged, not only their rate."""
    found = finding("junit", FILE | {"min_tests": 0, "success_rate_at_least": 0}, {"r.xml": suite()})
    assert [m.ok for m in found.measurements[:2]] == [False, False]


BOMB = '<!DOCTYPE a [<!ENTITY x "x"><!ENTITY y "&x;&x;&x;">]><testsuite>&y;</testsuite>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><testsuite>&x;</testsuite>'


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (BOMB, "declares a DTD or entities"),
        (OUTSIDE, "declares a DTD or entities"),
        ('<!DOCTYPE testsuite SYSTEM "http://localhost/x.dtd"><testsuite/>', "declares a DTD"),
        ("<!DOCTYPE testsuite><testsuite/>", "declares a DTD"),
        ("", "not usable XML"),
        (suite(PASSED)[:-5], "not usable XML"),
        ("all tests passed", "not usable XML"),
        ('<?xml version="1.0" encoding="rot13"?><testsuite/>', "not usable XML"),
        (b"\x00\xff" * 50, "not usable XML"),
        ("<html><body>502</body></html>", "not a JUnit report: its root is <html>"),
        ("<a>" * 100_000 + "</a>" * 100_000, "not a JUnit report"),
        ("<testsuite>" * 1_000_000, "nested deeper than 200 levels"),
        ("<testsuites><testsuite/>" + "<a/>" * 1_000_000 + "</testsuites>", "more than 1000000 elements"),
        (suite(PASSED, stated='tests="-1"'), "tests of a <testsuite> is '-1'"),
        (suite(PASSED, stated='failures="NaN"'), "failures of a <testsuite> is 'NaN'"),
        (suite(PASSED, stated='tests="3"'), "states 3 tests, but shows 1"),
        (suite('<testcase name="a" time="-1"/>'), "the time of a is '-1'"),
        (suite('<testcase name="a" time="NaN"/>'), "the time of a is 'NaN'"),
    ],
    ids=[
        "bomb",
        "file",
        "http",
        "doctype",
        "empty",
        "cut",
        "text",
        "encoding",
        "bytes",
        "html",
        "deep",
        "deep suites",
        "wide",
        "negative tests",
        "failures not a number",
        "missing cases",
        "negative time",
        "time not a number",
    ],
)
def test_hostile_reports(finding, report, words):
    """Bombs, entities, cut files, pages of a proxy, deep nesting: each FAILs by name."""
    found = finding("junit", FILE, {"r.xml": report})
    assert found.outcome in ("FAIL", "ERROR")
    assert words in found.message


RETRIES = FILE | {"success_rate_at_least": 98, "flake_rate_below": 10}
AGAIN = '<testcase classname="staging" name="health"/>'
SUREFIRE = '<testcase name="net"><flakyFailure message="x"/></testcase>'


def passing(count):
    """So many passing tests of different names."""
    return [f'<testcase name="t{n}" time="0.5"/>' for n in range(count)]


@pytest.mark.parametrize(
    ("params", "cases", "outcome", "words"),
    [
        ({}, [*passing(10), FAILED, AGAIN], "PASS", "11 of 11 tests passed, 1 flaky (staging.health)"),
        ({}, [*passing(9), FAILED, AGAIN], "FAIL", "flake rate 10 %, needs < 10 %"),
        ({}, [*passing(9), AGAIN, AGAIN], "FAIL", "flake rate 10 %, needs < 10 %"),
        (
            {},
            [*passing(10), AGAIN, FAILED],
            "FAIL",
            "1 of 11 tests failed: staging.health; success rate 90.91 %",
        ),
        ({}, [*passing(49), FAILED], "PASS", "1 of 50 tests failed"),
        ({}, [*passing(48), FAILED], "FAIL", "success rate 97.96 %, needs ≥ 98 %"),
        ({}, [*passing(10), SUREFIRE], "PASS", "11 of 11 tests passed, 1 flaky (net)"),
        ({}, [SUREFIRE], "FAIL", "flake rate 100 %"),
        (
            {},
            [*passing(3), '<testcase name="n"><rerunFailure/></testcase>'],
            "FAIL",
            "1 of 4 tests failed: n",
        ),
        (
            {},
            [*passing(3), BROKEN, '<testcase name="boom"><skipped/></testcase>'],
            "FAIL",
            "1 of 4 tests failed",
        ),
        ({}, [SKIPPED, SKIPPED], "FAIL", "No test ran"),
        ({"flake_rate_below": 0}, passing(2), "FAIL", "flake rate 0 %, needs < 0 %"),
        ({"max_seconds": 1}, passing(2), "PASS", "2 of 2"),
        ({"max_seconds": 0.9}, passing(2), "FAIL", "duration 1 s, needs ≤ 0.9 s"),
        ({"max_seconds": 5}, [PASSED], "FAIL", "duration not found"),
        ({"success_rate_at_least": 0.98}, passing(2), "WARN", "was 98 % meant?"),
    ],
)
def test_retries(finding, params, cases, outcome, words):
    """Tries of one name are one test, whose last try counts; one that needed several is flaky."""
    found = finding("junit", RETRIES | params, {"r.xml": suite(*cases)})
    assert found.outcome == outcome
    assert words in found.message


def test_without_a_flake_limit_every_failed_try_counts(finding):
    """A re-run does not excuse a failure that no limit allows."""
    found = finding("junit", FILE, {"r.xml": suite(FAILED, AGAIN)})
    assert (found.outcome, found.message) == ("FAIL", "1 of 2 tests failed: staging.health")


def test_the_same_name_in_two_suites_or_files_is_two_passing(finding):
    """A test that fails on one platform and passes on the other is no flake."""
    first, second = f'<testsuite name="a">{FAILED}</testsuite>', f'<testsuite name="b">{AGAIN}</testsuite>'
    both = f"<testsuites>{first}{second}</testsuites>"
    assert "1 of 2 tests failed" in finding("junit", RETRIES, {"r.xml": both}).message
    files = {"a/1.xml": suite(FAILED), "a/2.xml": suite(AGAIN)}
    assert "1 of 2 tests failed" in finding("junit", RETRIES | {"file": "a/*.xml"}, files).message


def test_what_pytest_rerunfailures_writes(finding):
    """The plugin shows failed tries as cases without a failure: 4 tests, not 9."""
    report = (Path(__file__).parents[2] / "fixtures/junit/pytest-rerunfailures.xml").read_bytes()
    found = finding("junit", RETRIES, {"r.xml": report})
    assert found.outcome == "FAIL"
    assert "2 of 4 tests failed: rr.test_r.test_bad, rr.test_r.test_td, 1 flaky" in found.message


def test_durations_are_summed(finding):
    """Seconds of all cases, written with or without thousands separators; absent ones are left out."""
    cases = ['<testcase name="a" time="1,000.5"/>', '<testcase name="b" time="1e-1"/>', PASSED]
    found = finding("junit", FILE, {"r.xml": suite(*cases)})
    assert {m.name: m.value for m in found.measurements}["Duration"] == pytest.approx(1000.6)


def test_several_files(finding):
    """A pattern takes all of its files together; one that matches none is missing."""
    files = {"a/1.xml": suite(PASSED), "a/2.xml": suite(FAILED)}
    found = finding("junit", {"file": "a/*.xml"}, files)
    assert (found.outcome, found.message) == ("FAIL", "1 of 2 tests failed: staging.health")
    assert "No file matches" in finding("junit", {"file": "b/*.xml"}, files).message
    assert finding("junit", {"file": "b/*.xml"}, files, required=False).outcome == "SKIP"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([PASSED, FAILED, BROKEN, SKIPPED]), max_size=6))
def test_a_pass_needs_tests_that_passed(finding, cases):
    """PASS exactly when at least one test ran and none failed."""
    found = finding("junit", FILE, {"r.xml": suite(*cases)})
    clean = FAILED not in cases and BROKEN not in cases
    assert (found.outcome == "PASS") == (PASSED in cases and clean)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 60), st.binary(max_size=6))
def test_damaged_bytes(finding, at, junk):
    """A report with bytes replaced is judged or refused, and never breaks the check."""
    good = suite(PASSED, FAILED).encode()
    found = finding("junit", FILE, {"r.xml": good[:at] + junk + good[at + len(junk) :]})
    assert found.outcome == "FAIL"


def test_a_bounded_number_of_names_is_kept(finding):
    """Every failure is counted, the names of the first ones are kept."""
    found = finding("junit", FILE, {"r.xml": suite(*[FAILED] * 500)})
    assert found.message.startswith("500 of 500 tests failed")
    assert len(found.details["failed"]) == 200
