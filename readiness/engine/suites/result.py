"""One run of the suites as a whole, and the documents that are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from readiness.engine.suites.config import Config
from readiness.engine.suites.scorecard import FILE, Scorecard, SuiteScore, WaiverNote, would_pass
from readiness.engine.suites.values import Status, SuiteResult, stamp

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """All suites of a configuration, run or not. `partial`: only some were asked for."""

    config: Config
    run_id: str
    release: str
    environment: str
    started_at: datetime
    generated_at: datetime
    suites: tuple[SuiteResult, ...]
    partial: bool = False
    interrupted: bool = False
    trace_id: str = ""

    @property
    def overall_passed(self) -> bool:
        """Whether every blocking suite ran and passed, and the run came to its end."""
        return self.scorecard().overall_passed

    def blocking(self, status: Status) -> list[SuiteResult]:
        """The blocking suites that ended so."""
        return [each for each in self.suites if each.blocking and each.status is status]

    def scorecard(self) -> Scorecard:
        """The short form, for people and gates."""
        suites = tuple(_score(each) for each in self.suites)
        return Scorecard(
            release=self.release,
            suites=suites,
            generated_at=stamp(self.generated_at),
            owner=self.config.owner,
            waivers=tuple(
                msgspec.convert(grant.waiver, WaiverNote, from_attributes=True)
                for grant in self.config.waivers
            ),
            run_id=self.run_id,
            environment=self.environment,
            overall_passed=would_pass(suites, interrupted=self.interrupted),
            partial=self.partial,
            interrupted=self.interrupted,
            trace_id=self.trace_id,
        )

    def report(self) -> dict[str, Any]:
        """The form of `readiness_report.json`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "release": self.release,
            "environment": self.environment,
            "started_at": stamp(self.started_at),
            "generated_at": stamp(self.generated_at),
            "owner": self.config.owner,
            "overall_passed": self.overall_passed,
            "partial": self.partial,
            "interrupted": self.interrupted,
            "config": {"name": self.config.name, "sha256": self.config.sha256},
            "suites": [each.to_dict() for each in self.suites],
            "waivers": self.scorecard().to_dict()["waivers"],
            "scorecard": FILE,
            "trace_id": self.trace_id,
        }


def _score(suite: SuiteResult) -> SuiteScore:
    ran = suite.status is not Status.NOT_RUN
    return SuiteScore(
        name=suite.name,
        status=suite.status.value,
        kind=suite.kind,
        blocking=suite.blocking,
        duration=round(suite.duration, 3) if ran else None,
        attempts=len(suite.attempts) if ran else None,
        tests=suite.tests,
        success_rate=suite.success_rate,
        flake_rate=suite.flake_rate,
        flaky=suite.flaky,
        p95_latency_ms=suite.p95_latency_ms,
        error_rate=suite.error_rate,
        findings=None if suite.findings is None else dict(suite.findings),
        reasons=tuple(reason[:1000] for reason in suite.reasons),
    )
