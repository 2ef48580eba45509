"""The report on one run: frozen values with one dict form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from readiness.engine.outcome import Measurement
from readiness.engine.ready.status import ReadinessStatus, worst_of

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """What one check found. `message` is one line: observed against expected; `advice` says what to do.

    `details` is JSON-able and for machines, `files` are the paths beneath the run that were read.
    """

    name: str
    status: ReadinessStatus
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)
    advice: str = ""
    measurements: tuple[Measurement, ...] = ()
    files: tuple[str, ...] = ()
    duration_s: float = 0.0

    @property
    def title(self) -> str:
        """The name for people: "Hash Chain"."""
        return self.name.replace("_", " ").title()

    def to_dict(self) -> dict[str, Any]:
        """`{name, status, message, details, advice, measurements[], files[], duration_s}`."""
        return {
            "name": self.name,
            "status": self.status.value,
            "message": self.message,
            "details": dict(self.details),
            "advice": self.advice,
            "measurements": [m.to_dict() for m in self.measurements],
            "files": list(self.files),
            "duration_s": round(self.duration_s, 4),
        }


@dataclass(frozen=True)
class ReadinessReport:
    """All checks of one run, in a fixed order."""

    run_id: str
    checks: tuple[ReadinessCheck, ...] = ()

    @cached_property
    def overall_status(self) -> ReadinessStatus:
        """The worst of the checks."""
        return worst_of(check.status for check in self.checks)

    @cached_property
    def summary(self) -> Mapping[str, int]:
        """`{total_checks, passed, warnings, failed, errors, skipped}`."""
        counts = Counter(check.status for check in self.checks)
        return {
            "total_checks": len(self.checks),
            "passed": counts[ReadinessStatus.PASS],
            "warnings": counts[ReadinessStatus.WARN],
            "failed": counts[ReadinessStatus.FAIL],
            "errors": counts[ReadinessStatus.ERROR],
            "skipped": 0,
        }

    def to_dict(self) -> dict[str, Any]:
        """`{schema_version, run_id, overall_status, checks[], summary{}}`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "overall_status": self.overall_status.value,
            "checks": [check.to_dict() for check in self.checks],
            "summary": dict(self.summary),
        }

    def to_json(self, indent: int = 2) -> str:
        """The dict form as JSON; NaN and infinities, which JSON lacks, become text."""
        from readiness.engine.ready.plain import dump

        return dump(self.to_dict(), indent)
