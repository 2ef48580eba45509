"""Reports of an attempt: fresh ones count, stale and missing ones do not, hostile ones are never a pass."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from readiness.engine.suites import fresh, reports
from tests.engine.suites.made import plan_of

JUNIT = '<testsuite tests="2"><testcase name="a"/><testcase name="b"/></testsuite>'
LOAD = {"requests": 1000, "error_rate": 0.002, "latency_ms": {"p50": 20, "p95": 174.0, "p99": 190}}
BENCHMARK = {"benchmarks": [{"name": "a", "stats": {"data": [0.001] * 94 + [0.3] * 6}}]}
AUDIT = {"dependencies": [{"name": "x", "version": "1", "vulns": [{"id": "P-1"}]}], "fixes": []}


def sarif(*results, rules=()) -> dict:
    """A SARIF report of one tool."""
    driver = {"name": "bandit", "rules": list(rules)}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results)}]}


def result(rule: str, level: str | None = None, **more) -> dict:
    """One finding in SARIF."""
    return {"ruleId": rule, "message": {"text": "x"}, **({"level": level} if level else {}), **more}


def scored(rule: str, score) -> dict:
    """A rule with a score of its own."""
    return {"id": rule, "properties": {"security-severity": score}}


def observed(tmp_path: Path, content, **declared):
    """What is observed when an attempt writes `content` to the first declared report."""
    plan = plan_of("unit", reports=declared)
    known = reports.before(plan, tmp_path)
    if content is not None:
        file = tmp_path / next(iter(declared.values()))
        data = content if isinstance(content, str | bytes) else json.dumps(content)
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return reports.observe(plan, tmp_path, known)


def test_each_form_is_measured(tmp_path) -> None:
    """JUnit gives tests, load tests latency and errors, benchmarks latency, scanners findings."""
    assert len(observed(tmp_path, JUNIT, junit="j.xml").tests) == 2
    seen = observed(tmp_path, LOAD, load="l.json")
    assert (seen.p95_ms, seen.error_rate) == (174.0, 0.002)
    assert observed(tmp_path, BENCHMARK, benchmark="b.json").p95_ms == pytest.approx(300)
    assert observed(tmp_path, AUDIT, vulnerabilities="v.json").findings["unknown"] == 1
    assert observed(tmp_path, sarif(result("B1", "error")), sarif="s.sarif").findings["high"] == 1


@pytest.mark.parametrize(
    ("found", "rules", "counts"),
    [
        ([], [], {}),
        ([result("A", "error")], [], {"high": 1}),
        ([result("A", "warning"), result("A")], [], {"medium": 2}),
        ([result("A", "note")], [], {"low": 1}),
        ([result("A", "note")], [scored("A", "9.8")], {"critical": 1}),
        ([result("A", "error")], [scored("A", "5.0")], {"medium": 1}),
        ([result("A", "error")], [scored("A", 7)], {"high": 1}),
        ([result("A", "error")], [scored("A", "high")], {"high": 1}),
        ([result("A", "error")], [scored("A", 0)], {"high": 1}),
        ([result("A", "error")], [scored("A", None)], {"high": 1}),
        ([result("A", "error")], [scored("A", True)], {"high": 1}),
        ([result("A", "note")], [scored("A", "2.0"), scored("A", "9.8")], {"critical": 1}),
        ([result("A", "error", suppressions=[{"kind": "inSource"}])], [], {}),
        ([result("A", "error", kind="pass")], [], {}),
    ],
)
def test_severities_of_sarif(found, rules, counts, tmp_path) -> None:
    """The rule's score counts, else the level; what is suppressed is not counted."""
    seen = observed(tmp_path, sarif(*found, rules=rules), sarif="s.sarif").findings
    assert {level: n for level, n in seen.items() if n} == counts


def test_suppressed_findings_are_told(tmp_path) -> None:
    """Nobody waived what a comment hides."""
    content = sarif(result("A", "error", suppressions=[{"kind": "inSource"}]))
    assert observed(tmp_path, content, sarif="s.sarif").notes == (
        "s.sarif: 1 suppressed results are not counted",
    )


def test_several_reports_are_one(tmp_path) -> None:
    """A glob reads each file; the slowest latency counts, findings add up."""
    plan = plan_of("unit", reports={"load": ["a.json", "b.json"], "sarif": "*.sarif"})
    known = reports.before(plan, tmp_path)
    (tmp_path / "a.json").write_text(json.dumps(LOAD))
    (tmp_path / "b.json").write_text(json.dumps({**LOAD, "latency_ms": {"p95": 300}, "error_rate": 0}))
    for name in "xy":
        (tmp_path / f"{name}.sarif").write_text(json.dumps(sarif(result(name, "warning"))))
    seen = reports.observe(plan, tmp_path, known)
    assert (seen.p95_ms, seen.error_rate, seen.findings["medium"]) == (300, 0.002, 2)
    assert seen.ids["medium"] == ("x", "y")


def test_a_report_of_an_earlier_run_does_not_count(tmp_path) -> None:
    """A file that lies there before and is not written again is named, and there are no tests."""
    (tmp_path / "j.xml").write_text(JUNIT)
    seen = observed(tmp_path, None, junit="j.xml")
    assert (seen.tests, seen.missing) == (None, ("j.xml was not written by this run",))


def test_a_stale_file_beside_a_fresh_one_is_left_out(tmp_path) -> None:
    """Of a glob only what this attempt wrote is counted; the rest is told."""
    (tmp_path / "old.xml").write_text(JUNIT)
    plan = plan_of("unit", reports={"junit": "*.xml"})
    known = reports.before(plan, tmp_path)
    (tmp_path / "new.xml").write_text(JUNIT)
    seen = reports.observe(plan, tmp_path, known)
    assert (len(seen.tests or ()), seen.missing) == (2, ())
    assert seen.notes == ("old.xml was not written by this run, and is not counted",)


@pytest.mark.parametrize("way", ["rewrite", "replace", "append", "touch later"])
def test_written_again_is_fresh(way, tmp_path) -> None:
    """Overwriting, replacing and adding to a report all make it one of this run."""
    file = tmp_path / "j.xml"
    file.write_text(JUNIT)
    os.utime(file, ns=(10**18, 10**18))
    known = fresh.look(tmp_path, ["j.xml"])
    if way == "rewrite":
        file.write_text(JUNIT)
    elif way == "replace":
        (tmp_path / "tmp").write_text(JUNIT)
        os.utime(tmp_path / "tmp", ns=(10**18, 10**18))
        (tmp_path / "tmp").rename(file)
    elif way == "append":
        with file.open("a") as opened:
            opened.write(" ")
        os.utime(file, ns=(10**18, 10**18))
    else:
        os.utime(file, ns=(10**18, 10**18 + 1))
    assert fresh.since(known, tmp_path, "j.xml").new == ("j.xml",)


@pytest.mark.parametrize(
    ("form", "content", "words"),
    [
        ("junit", "", "not usable XML"),
        ("junit", JUNIT[:40], "not usable XML"),
        ("junit", b"\x00\xff" * 50, "not usable XML"),
        ("junit", "<html/>", "root is <html>"),
        ("junit", '<!DOCTYPE a [<!ENTITY b "c">]><testsuite/>', "DTD"),
        ("junit", '<testsuite tests="9"><testcase name="a"/></testsuite>', "states 9 tests"),
        ("junit", '<testsuite failures="1"><testcase name="a"/></testsuite>', "states 1 failures"),
        ("junit", '<testsuite><testcase name="a" time="-1"/></testsuite>', "expected seconds"),
        ("junit", "<testsuite>" * 300, "deeper"),
        ("load", "{}", "requests"),
        ("load", {**LOAD, "requests": 0}, "no requests"),
        ("load", {**LOAD, "error_rate": -1}, "negative"),
        ("load", {**LOAD, "error_rate": 7}, "error_rate"),
        ("load", {**LOAD, "latency_ms": {"p50": 500, "p95": 1}}, "do not rise"),
        ("load", '{"requests": 1000, "error_rate": 0, "latency_ms": {"p95": NaN}}', "not a finite number"),
        ("load", '{"requests": 1, "requests": 1000}', "twice"),
        ("benchmark", {"benchmarks": []}, "no benchmark"),
        ("benchmark", [], "pytest-benchmark"),
        ("benchmark", {"benchmarks": [{"stats": {"mean": 0.1}}]}, "times of each"),
        ("benchmark", {"benchmarks": [{"stats": {"data": [-1]}}]}, "a time that is none"),
        ("benchmark", {"benchmarks": [{"stats": {"data": [True]}}]}, "a time that is none"),
        ("benchmark", '{"benchmarks": [{"stats": {"data": [Infinity]}}]}', "a time that is none"),
        ("benchmark", {"benchmarks": [BENCHMARK["benchmarks"][0], 3]}, "times of each"),
        ("sarif", {"version": "2.1.0", "runs": []}, "no run"),
        ("sarif", {"version": "3.0", "runs": []}, "2.1.0"),
        ("sarif", [], "no SARIF"),
        ("sarif", sarif(result("A", "catastrophic")), "catastrophic"),
        ("sarif", "[" * 1000, "deeper"),
        ("vulnerabilities", {"dependencies": [], "fixes": []}, "looked at nothing"),
        ("vulnerabilities", {"results": []}, "which tool looked"),
        ("vulnerabilities", {"x": 1}, "is no report"),
    ],
)
def test_hostile_reports_are_unknown(form, content, words, tmp_path) -> None:
    """What cannot be read leaves nothing measured, and says why."""
    seen = observed(tmp_path, content, **{form: "report.json"})
    assert (seen.tests, seen.p95_ms, seen.findings) == (None, None, None)
    assert words in " ".join(seen.unreadable)


def test_half_of_the_reports_unreadable_is_unknown(tmp_path) -> None:
    """One good file does not make up for a bad one: it is named."""
    plan = plan_of("unit", reports={"junit": "*.xml"})
    known = reports.before(plan, tmp_path)
    (tmp_path / "a.xml").write_text(JUNIT)
    (tmp_path / "b.xml").write_text("<testsuite>")
    seen = reports.observe(plan, tmp_path, known)
    assert (len(seen.tests or ()), len(seen.unreadable)) == (2, 1)


def test_a_link_that_leaves_is_refused(tmp_path) -> None:
    """A report that is a link to a file elsewhere is not read."""
    outside = tmp_path / "outside.xml"
    outside.write_text(JUNIT)
    root = tmp_path / "root"
    root.mkdir()
    plan = plan_of("unit", reports={"junit": "j.xml"})
    known = reports.before(plan, root)
    (root / "j.xml").symlink_to(outside)
    seen = reports.observe(plan, root, known)
    assert seen.tests is None
    assert "leaves the run directory" in seen.unreadable[0]


@pytest.mark.parametrize(("tool", "readable"), [(None, False), ("osv-scanner", True), ("trivy", False)])
def test_who_scanned_may_be_said(tool, readable, tmp_path) -> None:
    """An empty list of OSV-Scanner is believed only when the file says that it is one."""
    plan = plan_of("unit", reports={"vulnerabilities": "v.json", "vulnerabilities_format": tool})
    known = reports.before(plan, tmp_path)
    (tmp_path / "v.json").write_text('{"results": []}')
    seen = reports.observe(plan, tmp_path, known)
    assert (seen.findings is not None) is readable


def test_without_a_directory_all_reports_are_missing(tmp_path) -> None:
    """The command removed its own directory."""
    plan = plan_of("unit", reports={"junit": "j.xml"})
    assert reports.observe(plan, tmp_path / "gone", {}).missing == ("the report j.xml is not there",)


def test_thousands_of_stale_files_stay_stale(tmp_path) -> None:
    """Removing one of very many old reports makes no other one new."""
    for number in range(reports.MAX_FILES + 10):
        (tmp_path / f"{number:05}.xml").touch()
    plan = plan_of("unit", reports={"junit": "*.xml"})
    known = reports.before(plan, tmp_path)
    (tmp_path / "00000.xml").unlink()
    seen = reports.observe(plan, tmp_path, known)
    assert seen.tests is None
    assert len(seen.missing) == 1


def test_many_unreadable_reports_are_told_shortly(tmp_path) -> None:
    """Twenty are named, the others counted."""
    plan = plan_of("unit", reports={"junit": "*.xml"})
    known = reports.before(plan, tmp_path)
    for number in range(50):
        (tmp_path / f"{number}.xml").write_text("<a")
    seen = reports.observe(plan, tmp_path, known)
    assert (len(seen.unreadable), seen.unreadable[-1]) == (21, "30 more reports cannot be read")
