"""What was decided, as `decision.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from readiness.engine import atomic
from readiness.engine.contracts.config import (
    CompletenessContract,
    Config,
    ContaminationContract,
    SchemaContract,
)
from readiness.engine.outcome import Finding, Outcome, worst
from readiness.engine.seal import SCHEMA_VERSION
from readiness.engine.target import Entry, RunDirectory

FILE = "decision.json"
AnyContract = SchemaContract | CompletenessContract | ContaminationContract
_KINDS = {
    SchemaContract: "schema",
    CompletenessContract: "completeness",
    ContaminationContract: "contamination",
}
_RECOMMENDED = {
    Outcome.PASS: "SHIP",
    Outcome.WARN: "SHIP",
    Outcome.FAIL: "DONT_SHIP",
    Outcome.ERROR: "DONT_SHIP",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractResult:
    """What one contract found on the run, and the files it read."""

    contract: AnyContract
    finding: Finding
    files: tuple[Entry, ...]

    @property
    def status(self) -> Outcome:
        """PASS, WARN, FAIL or ERROR; whatever is neither a pass nor certain counts as ERROR."""
        outcome = self.finding.outcome
        if outcome is Outcome.FAIL and self.contract.severity == "warn":
            return Outcome.WARN
        return Outcome.ERROR if outcome is Outcome.SKIP else outcome

    def to_dict(self) -> dict[str, Any]:
        """`{status, type, message, advice, severity, measurements[], datasets[{path, hash}], details}`."""
        finding = self.finding.to_dict()
        return {
            "status": self.status.value,
            "type": _KINDS[type(self.contract)],
            "message": finding["message"],
            "advice": finding["advice"],
            "severity": self.contract.severity,
            "measurements": finding["measurements"],
            "datasets": [{"path": f.path, "hash": f"sha256:{f.sha256}"} for f in self.files],
            "details": finding["details"],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What all contracts say together. `notes` tells what the run lacks; it is shown, not written."""

    run_id: str
    results: tuple[ContractResult, ...]
    config: Config
    at: datetime
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> Outcome:
        """PASS, WARN, FAIL or ERROR: the worst of the contracts."""
        own = [Outcome.WARN] if self.warnings else []
        return worst([*(r.status for r in self.results), *own])

    def to_dict(self) -> dict[str, Any]:
        """The form of `decision.json`, which `readiness ready` reads."""
        statuses = [r.status for r in self.results]
        warned = [f"{r.contract.name}: {r.finding.message}" for r in self.results if r.status is Outcome.WARN]
        said: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "status": self.status.value,
            "passed": self.status.passes,
            "recommendation": _RECOMMENDED[self.status],
            "timestamp": self.at.isoformat(timespec="seconds"),
            "config": {"name": self.config.name, "sha256": self.config.sha256},
            "checks": {r.contract.name: r.to_dict() for r in self.results},
            "summary": {
                "total_checks": len(statuses),
                "passed": statuses.count(Outcome.PASS),
                "warnings": [*warned, *self.warnings],
                "failed": statuses.count(Outcome.FAIL),
                "errors": statuses.count(Outcome.ERROR),
            },
        }
        apart = [r.status for r in self.results if isinstance(r.contract, ContaminationContract)]
        return said | ({"contamination": {"status": worst(apart).value}} if apart else {})


def write(run: RunDirectory, decision: Decision) -> Path:
    """Put `decision.json` into the run: the whole file or none. Raises RunDirectoryError."""
    text = json.dumps(decision.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return atomic.write(run.root, FILE, text.encode("utf-8", "backslashreplace"))
