"""What a run of the suites and a release process leave behind."""

from __future__ import annotations

import hashlib

from tests.engine.library_runs.content import Files, fixture, lines, moment, scan

SUITES = ("unit", "integration", "end-to-end", "performance", "security")


def _governed(good: bool) -> Files:
    """Manifest and rehearsal of a release."""
    archive, log = b"archive", b"rolled back in 412 s\n"
    manifest = {
        "release": "2.4.0",
        "artifacts": [{"path": "dist/service.tar", "sha256": hashlib.sha256(archive).hexdigest()}],
        "configuration": {"base_release": "2.3.1", "deltas": [{"key": "workers", "from": 2, "to": 4}]},
        "rollout": {"window": {"start": "2026-11-20T08:00:00Z", "end": "2026-11-20T18:00:00Z"}},
        "rollback": {"steps": ["Route all traffic back"], "rehearsal": {"to_version": "2.3.1"}},
        "scorecard": {"path": "readiness-scorecard.json"},
        "approvals": [{"role": "technical-lead", "name": "Ada", "decision": "approve"}] if good else [],
    }
    rehearsal = {
        "performed_at": moment(good=good),
        "environment": "staging",
        "from_version": "2.4.0",
        "to_version": "2.3.1",
        "duration_s": 412,
        "outcome": "passed",
        "log": "logs/rehearsal.log",
    }
    return {
        "dist/service.tar": archive if good else b"another",
        "logs/rehearsal.log": log,
        "release-manifest.json": manifest,
        "rollback-rehearsal.json": rehearsal,
    }


def _suites(good: bool) -> Files:
    """What a run of the suites leaves behind."""
    p95 = 174 if good else 260
    status = "passed" if good else "failed"
    card = {
        "release": "2.4.0",
        "suites": [{"name": name, "status": status, "p95_latency_ms": p95} for name in SUITES],
        "waivers": [],
        "generated_at": moment(good=good),
        "owner": "platform-readiness",
    }
    names = ("tenant", "environment", "component", "command", "artifact", "trace_id", "span_id", "outcome")
    line = {"timestamp": "2026-11-19T12:00:00Z"} | (dict.fromkeys(names, "x") if good else {})
    return {
        "readiness-scorecard.json": card,
        "readiness_report.json": {"overall_passed": good, "run_id": "r1", "suites": []},
        "readiness_metrics.json": {"run_id": "r1", "metrics": []} if good else {"run_id": "r1"},
        "readiness_logs/readiness.jsonl": lines(line),
        "reports/load-test.json": {
            "requests": 5000,
            "error_rate": 0.0,
            "latency_ms": {"p50": 40, "p95": p95, "p99": 300},
        },
    }


def files(good: bool) -> Files:
    alerts = ("readiness-suite-failed", "error-budget-burn", "queue-depth-spike", "llm-cost-spike")
    template = "Impact:\nTimeline:\nRoot cause:\nMitigations applied:\nFollow-up actions:\n"
    return {
        **_governed(good),
        **_suites(good),
        "docs/templates/incident.md": template if good else "What happened:\n",
        "monitoring/alerts.yml": "".join(f"- alert: {name}\n" for name in (alerts if good else alerts[:1])),
        "observability/trace-coverage.json": {"covered": 0.97 if good else 0.4},
        "reports/bandit.json": fixture(f"lint/bandit-{'clean' if good else 'pkg'}.json"),
        "reports/container.json": scan(good=good),
        "reports/dependencies.json": scan(good=good),
    }
