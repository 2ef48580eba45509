"""Tests of a report as a sheet."""

from __future__ import annotations

from datetime import UTC, datetime

from readiness.engine import markdown, registry, report
from readiness.engine.outcome import Finding, Outcome
from readiness.engine.render import flatten
from readiness.engine.runner import CheckResult, ItemResult
from readiness.engine.target import Entry

SOURCE = "# Gate\n## One\n- [ ] Pins\n  ```yaml check\n  pins: requirements.txt\n  ```\n- [ ] Review\n"


def build(*findings: Finding) -> report.Report:
    checklist = markdown.parse(SOURCE)
    pins, review = checklist.items
    files = (Entry("a.txt", 1, "0" * 64), Entry("b.txt", 1, "0" * 64))
    checks = tuple(
        CheckResult(kind="pins", params={}, finding=f, duration_s=1.5, files=files) for f in findings
    )
    results = [ItemResult(item=pins, results=checks), ItemResult(item=review, results=())]
    return report.build(checklist, results, run_id="r", values={}, artifact="sha256:0", at=datetime.now(UTC))


def test_every_check_is_a_line_with_a_name_of_its_own() -> None:
    """Names are unique and stable, the group is the section, what is left names its reason."""
    registry.kinds()  # as every run of checks does
    finding = Finding(outcome=Outcome.PASS, message="Fine")
    found = flatten.sheet(build(finding, finding), "runs/r")
    assert [line.name for line in found.lines] == ["pins.pins", "pins.pins-2"]
    assert {line.group for line in found.lines} == {"One"}
    assert found.left == (f"Review: {report.BY_PERSON}",)
    assert (found.title, found.run_id, found.run_path) == ("Gate 1.0.0", "r", "runs/r")
    assert found.helps["pins"].startswith("Every requirement is pinned.")


def test_line_of_the_named_file() -> None:
    """A place in the details puts its file first and gives the line; an unread file's does not."""
    details = {"not_pinned": [{"file": "b.txt", "line": 4}]}
    finding = Finding(outcome=Outcome.FAIL, message="Not pinned", details=details)
    other = Finding(outcome=Outcome.FAIL, message="x", details={"file": "else.txt", "line": 4})
    first, second = flatten.sheet(build(finding, other), "r").lines
    assert (first.files, first.at_line) == (("b.txt", "a.txt"), 4)
    assert (second.files, second.at_line) == (("a.txt", "b.txt"), None)
