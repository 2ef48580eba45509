"""What one run of the suites found: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from readiness.engine.outcome import Limit

SEVERITIES = ("critical", "high", "medium", "low", "unknown")


class Status(StrEnum):
    """How a suite ended. Only PASSED passes."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"  # it could not be run, or its reports could not be read
    INTERRUPTED = "interrupted"
    NOT_RUN = "not-run"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One test of one attempt: `state` is passed, failed, errored or skipped; `flaky`: a try of it failed."""

    name: str
    state: str
    flaky: bool = False

    @property
    def ran(self) -> bool:
        """Whether it says anything: skipped tests do not."""
        return self.state != "skipped"

    @property
    def bad(self) -> bool:
        """Whether it failed, by an assertion or because it broke."""
        return self.state in ("failed", "errored")


Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the reports of one attempt say; None where no such report is declared or readable.

    `p95_ms` of the slowest report, `error_rate` a fraction; `findings` counts by severity, `ids` their names
    (None where not all are known). `missing` and `unreadable` are sentences.
    """

    tests: Mapping[Key, CaseResult] | None = None
    p95_ms: float | None = None
    error_rate: float | None = None
    findings: Mapping[str, int] | None = None
    ids: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One start of a suite's command. `status`: passed, failed, timed-out, not-started, interrupted, error.

    `duration` in seconds; `log` is the file's path beneath the output directory; `span_id` may be empty.
    """

    number: int
    status: str
    exit_code: int | None
    duration: float
    log: str
    started_at: datetime
    observed: Observed = Observed()
    span_id: str = ""
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """`{number, status, exit_code, duration, log, started_at}`."""
        return {
            "number": self.number,
            "status": self.status,
            "exit_code": self.exit_code,
            "duration": round(self.duration, 3),
            "log": self.log,
            "started_at": stamp(self.started_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One threshold of a suite beside what was observed. `waived`: an approved waiver covers it."""

    name: str
    observed: float | int | None
    limit: Limit
    unit: str
    waived: str = ""

    @property
    def ok(self) -> bool:
        """Whether it holds, or is waived; what was not observed never holds."""
        return self.limit.holds(self.observed) or bool(self.waived)

    def to_dict(self) -> dict[str, Any]:
        """`{name, observed, op, limit, unit, ok, waived}`."""
        return {
            "name": self.name,
            "observed": self.observed,
            "op": self.limit.op,
            "limit": self.limit.value,
            "unit": self.unit,
            "ok": self.ok,
            "waived": self.waived,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteResult:
    """One suite: how it ended and why, and what was measured (None where nothing was).

    Counts are of distinct tests by their latest result; rates are fractions of the tests that ran;
    `flaky` names the tests that failed once and passed once.
    """

    name: str
    kind: str
    status: Status
    blocking: bool
    duration: float = 0.0
    attempts: tuple[Attempt, ...] = ()
    tests: int | None = None
    failures: int | None = None
    errors: int | None = None
    skipped: int | None = None
    success_rate: float | None = None
    flake_rate: float | None = None
    flaky: tuple[str, ...] = ()
    p95_latency_ms: float | None = None
    error_rate: float | None = None
    findings: Mapping[str, int] | None = None
    thresholds: tuple[Row, ...] = ()
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def passed_on_retry(self) -> bool:
        """Whether only a later attempt passed: the suite itself is flaky."""
        return self.status is Status.PASSED and len(self.attempts) > 1

    def to_dict(self) -> dict[str, Any]:
        """The form of `readiness_report.json`."""
        return {
            "name": self.name,
            "kind": self.kind,
            "status": self.status.value,
            "blocking": self.blocking,
            "duration": round(self.duration, 3),
            "attempts": [each.to_dict() for each in self.attempts],
            "passed_on_retry": self.passed_on_retry,
            "tests": self.tests,
            "failures": self.failures,
            "errors": self.errors,
            "skipped": self.skipped,
            "success_rate": self.success_rate,
            "flake_rate": self.flake_rate,
            "flaky": list(self.flaky),
            "p95_latency_ms": self.p95_latency_ms,
            "error_rate": self.error_rate,
            "findings": None if self.findings is None else dict(self.findings),
            "thresholds": [each.to_dict() for each in self.thresholds],
            "reasons": list(self.reasons),
            "notes": list(self.notes),
        }


def stamp(at: datetime) -> str:
    """A moment as ISO 8601 with milliseconds, in UTC: 2025-10-01T12:00:00.000Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
