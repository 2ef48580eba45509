"""Tests of the report on a bare run: what counts, what is left to people, and what the terminal may show."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from readiness.engine import markdown, report
from readiness.engine.outcome import Finding, Measurement, Outcome
from readiness.engine.policy import VerdictState
from readiness.engine.render import json as render_json
from readiness.engine.render import text
from readiness.engine.report import Report
from readiness.engine.runner import CheckResult, ItemResult

CHECKLIST = markdown.parse("""---
parameters: {x: {}, y: {}}
sign_off: [technical-lead]
---
## Part
- [ ] Must {#must}

  ```yaml check
  file: a
  ```
- [ ] Should (recommended) {#should}

  ```yaml check
  file: b
  ```
- [ ] Look {#look}
  - Seen by a person (confirm)

  ```yaml check
  file: c
  ```
- [ ] Hand {#hand}
- [ ] Probe {#probe}

  ```yaml check
  file: $x
  when: $x
  ```
- [ ] Lead {#lead role=technical-lead}
""")


def made(must: str, should: str = "PASS", message: str = "as expected") -> Report:
    outcomes = {"must": must, "should": should, "look": "PASS"}
    results = []
    for item in CHECKLIST.items:
        finding = Finding(
            outcome=Outcome(outcomes.get(item.id, "PASS")),
            message=message,
            measurements=(Measurement(name="size", value=float("nan")),),
            details={"ratio": float("inf")},
        )
        ran = item.id in outcomes
        entry = CheckResult(kind="file", params="a", finding=finding, duration_s=0.01)
        results.append(ItemResult(item=item, results=(entry,) if ran else ()))
    return report.build(
        CHECKLIST,
        results,
        run_id="run",
        values=dict.fromkeys(("x", "y"), "long " * 20),
        artifact="sha256:00",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("must", "should", "overall", "verdict"),
    [
        ("PASS", "PASS", "PASS", "open"),
        ("WARN", "PASS", "WARN", "open"),
        ("PASS", "SKIP", "PASS", "open"),
        ("SKIP", "PASS", "SKIP", "open"),
        ("FAIL", "PASS", "FAIL", "blocked"),
        ("PASS", "FAIL", "FAIL", "blocked"),
        ("ERROR", "SKIP", "ERROR", "blocked"),
        ("ERROR", "FAIL", "FAIL", "blocked"),
    ],
)
def test_overall_and_verdict(must: str, should: str, overall: str, verdict: str) -> None:
    """A skipped check of a recommended item is not counted, a mandatory one's is; FAIL beats ERROR."""
    made_report = made(must, should)
    assert made_report.overall is Outcome(overall)
    assert made_report.verdict.state is VerdictState(verdict)


def test_nothing_checked_is_not_ready() -> None:
    """A checklist without a single check result proves nothing."""
    bare = markdown.parse("- [ ] by hand")
    empty = report.build(
        bare,
        [ItemResult(item=bare.items[0], results=())],
        run_id="run",
        values={},
        artifact="sha256:00",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    assert empty.overall is Outcome.SKIP
    assert "nothing to check" in text.report(empty)


def test_open_items_say_why() -> None:
    """Each item that no check decides is listed with its reason; decided and failed ones are not."""
    assert {i.id: i.why for i in made("FAIL", "SKIP", "b is not there").open_items} == {
        "should": "b is not there",
        "look": "To confirm: Seen by a person.",
        "hand": report.BY_PERSON,
        "probe": report.NOT_APPLICABLE.format(name="x"),
        "lead": report.NEEDS_SIGNATURE.format(role="technical lead"),
    }


def test_json_form_is_strict_json() -> None:
    """The JSON has the promised keys and counts; NaN and infinity become text."""
    data = json.loads(render_json.dump(render_json.report(made("FAIL", "SKIP"))), parse_constant=pytest.fail)
    assert data["summary"] == {
        "total_checks": 3,
        "passed": 1,
        "warnings": 0,
        "failed": 1,
        "errors": 0,
        "skipped": 1,
    }
    assert [c["name"] for c in data["checks"]] == ["must.file", "should.file", "look.file"]
    assert data["checks"][0]["details"] == {"ratio": "inf"}
    assert data["schema_version"] == 1


def test_text_cannot_steer_the_terminal() -> None:
    """Escape sequences and direction marks from a run's files are shown as replacement characters."""
    shown = text.report(made("FAIL", message="red \x1b[31m \u202e txt.exe"))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "red \ufffd[31m" in shown


def test_text_keeps_to_its_width() -> None:
    """Long messages wrap; every state stands there as a word."""
    shown = text.report(made("FAIL", "SKIP", "word " * 60), width=80)
    assert max(len(line) for line in shown.splitlines()) <= 80
    for word in ("✗ Failed", "○ Open", "Left to people (5)", "Not ready: 1 item failed (Must)"):
        assert word in shown


def test_broken_check_is_named_as_such() -> None:
    """When nothing failed but a check broke, the last line says so."""
    assert "1 item failed because a check broke (Must)" in text.report(made("ERROR")).splitlines()[-1]
