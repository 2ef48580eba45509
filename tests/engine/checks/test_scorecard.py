"""`scorecard`: of this release, recent enough, every blocking suite passed; what contradicts itself fails."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from readiness.engine import runner
from readiness.engine.checklist import CheckSpec
from readiness.engine.options import Options
from readiness.engine.target import RunDirectory

NOW = datetime(2025, 10, 8, 12, tzinfo=UTC)
SUITES = [
    {"name": "integration", "status": "passed", "duration": 312.5, "flake_rate": 0.02},
    {"name": "performance", "status": "passed", "p95_latency_ms": 174},
]
CARD = {
    "release": "2025.10.01", "suites": SUITES, "waivers": [], "generated_at": "2025-10-01T12:00:00Z",
    "owner": "platform", "schema_version": 1, "run_id": "r1", "environment": "staging",
    "overall_passed": True,
}  # fmt: skip


def failed(name: str, status: str = "failed", **more) -> dict:
    """The scorecard with one more suite."""
    blocking = more.get("blocking", True)
    suite = {"name": name, "status": status, **more}
    return {"suites": [*SUITES, suite], "overall_passed": not blocking}


@pytest.mark.parametrize(
    ("params", "change", "outcome", "words"),
    [
        ({}, {}, "PASS", "2 of 2 suites passed for 2025.10.01 on 2025-10-01 12:00 UTC"),
        ({"release": "2025.10.01", "environment": "staging"}, {}, "PASS", "2 of 2"),
        ({"release": "2025.10.02"}, {}, "FAIL", "Release is 2025.10.01, needs 2025.10.02"),
        ({"environment": "production"}, {}, "FAIL", "Environment is staging, needs production"),
        ({"environment": "staging"}, {"environment": ""}, "FAIL", "Environment is not found"),
        ({"suites": ["integration"]}, {}, "PASS", ""),
        ({"suites": ["security"]}, {}, "FAIL", "Suite security is not found, needs passed"),
        ({}, failed("e2e"), "FAIL", "Suite e2e is failed, needs passed"),
        ({}, failed("e2e", "not-run"), "FAIL", "Suite e2e is not-run"),
        ({}, failed("e2e", blocking=False), "WARN", "not blocking: e2e failed"),
        ({"suites": ["e2e"]}, failed("e2e", blocking=False), "FAIL", "Suite e2e is failed"),
        ({}, {"overall_passed": False}, "FAIL", "Passed is no, needs yes"),
        ({}, {"overall_passed": False, "interrupted": True}, "FAIL", "Passed is no"),
        ({"max_age_days": 7}, {}, "PASS", ""),
        ({"max_age_days": 7}, {"generated_at": "2025-10-01T11:59:59Z"}, "FAIL", "Age is"),
        ({"max_age_days": 7}, {"generated_at": "2025-10-01T14:00:00+02:00"}, "PASS", ""),
        ({"max_age_days": 7}, {"generated_at": "2025-10-01T12:00:00"}, "PASS", ""),
        ({}, {"generated_at": "2025-10-08T12:05:00Z"}, "PASS", ""),
        ({}, {"generated_at": "2025-10-08T12:05:01Z"}, "FAIL", "In the future is yes"),
        ({"flake_rate_below": 2}, {}, "FAIL", "Flake rate of integration is 2 %, needs < 2 %"),
        ({"flake_rate_below": 2.1}, {}, "PASS", ""),
        ({"flake_rate_below": None}, {"suites": [{**SUITES[0], "flake_rate": 0.5}]}, "PASS", ""),
        ({}, {"suites": [{**SUITES[0], "flake_rate": 0.1}]}, "FAIL", "needs < 10 %"),
        ({"p95_below": 174}, {}, "FAIL", "p95 of performance is 174 ms, needs < 174 ms"),
        ({"p95_below": 175}, {}, "PASS", ""),
        ({"max_age_days": -1}, {}, "ERROR", "max_age_days is -1"),
        ({}, {"suites": []}, "FAIL", "says that the release passed"),
        ({}, {"schema_version": 2}, "FAIL", "schema version 2"),
        ({}, {"suites": [{"name": "a", "status": "green"}]}, "FAIL", "'green'"),
    ],
)
def test_scorecards(params, change, outcome, words, tmp_path) -> None:
    """Each thing that may be wrong with one."""
    (tmp_path / "card.json").write_text(json.dumps(CARD | change))
    run = RunDirectory(tmp_path, options=Options(now=NOW))
    spec = CheckSpec(kind="scorecard", params={"file": "card.json", **params})
    found = runner.run_check(spec, run, {}, required=True).finding
    assert found.outcome == outcome, found.message
    assert words in f"{found.message} {found.advice}"


def test_the_bare_form(finding) -> None:
    """A scorecard without a schema version is judged by its suites."""
    bare = {k: v for k, v in CARD.items() if k not in ("schema_version", "overall_passed")}
    assert finding("scorecard", "card.json", {"card.json": bare}).outcome == "PASS"
    bad = bare | {"suites": [*SUITES, {"name": "x", "status": "error"}]}
    assert finding("scorecard", "card.json", {"card.json": bad}).outcome == "FAIL"


def test_missing(finding) -> None:
    """No scorecard: failed, or skipped where the item is not mandatory."""
    assert finding("scorecard", {}, {}).outcome == "FAIL"
    assert finding("scorecard", {}, {}, required=False).outcome == "SKIP"


def test_time_passing_never_helps(tmp_path) -> None:
    """From the moment when it is too old, it stays so."""
    (tmp_path / "card.json").write_text(json.dumps(CARD))
    seen = []
    for hours in range(0, 24 * 10, 5):
        at = datetime(2025, 10, 1, 12, tzinfo=UTC) + timedelta(hours=hours)
        spec = CheckSpec(kind="scorecard", params={"file": "card.json", "max_age_days": 7})
        run = RunDirectory(tmp_path, options=Options(now=at))
        seen.append(runner.run_check(spec, run, {}, required=True).finding.outcome.passes)
    assert seen == sorted(seen, reverse=True)
    assert {True, False} == set(seen)
