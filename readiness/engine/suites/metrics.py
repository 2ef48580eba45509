"""Figures of a run as flat metrics: what is kept for review where no collector takes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from readiness.engine.suites.result import RunResult
from readiness.engine.suites.values import Status, SuiteResult, stamp

SCHEMA_VERSION = 1


def metrics(result: RunResult) -> dict[str, Any]:
    """`{schema_version, run_id, metrics: [{name, value, unit, attributes}]}`; what is unknown is left out."""
    shared = {"release": result.release, "environment": result.environment}
    listed = [_metric("readiness.passed", int(result.overall_passed), "1", shared)]
    for suite in result.suites:
        attributes = {**shared, "suite": suite.name, "kind": suite.kind}
        listed += [_metric(name, value, unit, attributes) for name, value, unit in _of(suite)]
        for severity, count in (suite.findings or {}).items():
            own = {**attributes, "severity": severity}
            listed.append(_metric("readiness.suite.findings", count, "{finding}", own))
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": result.run_id,
        "generated_at": stamp(result.generated_at),
        "trace_id": result.trace_id,
        "metrics": listed,
    }


def _of(suite: SuiteResult) -> Iterator[tuple[str, float, str]]:
    if suite.status is Status.NOT_RUN:
        return
    yield "readiness.suite.passed", int(suite.status is Status.PASSED), "1"
    yield "readiness.suite.duration", round(suite.duration, 3), "s"
    yield "readiness.suite.attempts", len(suite.attempts), "{attempt}"
    optional = (
        ("readiness.suite.tests", suite.tests, "{test}"),
        ("readiness.suite.success_rate", suite.success_rate, "1"),
        ("readiness.suite.flake_rate", suite.flake_rate, "1"),
        ("readiness.suite.p95_latency", suite.p95_latency_ms, "ms"),
        ("readiness.suite.error_rate", suite.error_rate, "1"),
    )
    for name, value, unit in optional:
        if value is not None:
            yield name, value, unit


def _metric(name: str, value: float, unit: str, attributes: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "attributes": attributes}
