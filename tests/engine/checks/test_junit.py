"""`junit`: test cases are counted themselves, and no test is no pass."""

from __future__ import annotations

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
        ("<html><body>502</body></html>", "no JUnit report: its root is <html>"),
        ("<a>" * 100_000 + "</a>" * 100_000, "no JUnit report"),
        ("<testsuite>" * 5000 + "</testsuite>" * 5000, "No test ran"),
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
    ],
)
def test_hostile_reports(finding, report, words):
    """Bombs, entities, cut files, pages of a proxy, deep nesting: each FAILs by name."""
    found = finding("junit", FILE, {"r.xml": report})
    assert found.outcome == "FAIL"
    assert words in found.message


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
