"""The files that a run of the suites leaves behind: each whole or not at all."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from readiness.engine import atomic
from readiness.engine.errors import RunDirectoryError
from readiness.engine.suites.attempt import LOGS
from readiness.engine.suites.metrics import metrics
from readiness.engine.suites.result import RunResult
from readiness.engine.suites.scorecard import FILE
from readiness.engine.suites.values import Attempt, SuiteResult, stamp

REPORT = "readiness_report.json"
METRICS = "readiness_metrics.json"
HISTORY = "readiness_scorecards"
LINES = "readiness.jsonl"


def prepare(folder: Path) -> None:
    """Make the output directories. Raises RunDirectoryError."""
    try:
        for name in ("", LOGS, HISTORY):
            (folder / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunDirectoryError(
            f"{folder} cannot be written: {error.strerror}.", "Name another --output-dir."
        ) from None


def begin(folder: Path, result: RunResult) -> None:
    """Replace the documents of the run before: if this one is cut off, none of them says "passed"."""
    _write(folder, FILE, result.scorecard().to_dict())
    _write(folder, REPORT, result.report())
    _write(folder, METRICS, metrics(result))


def finish(folder: Path, result: RunResult) -> None:
    """Write all documents, and the scorecard into the history. The scorecard comes last."""
    _write(folder, REPORT, result.report())
    _write(folder, METRICS, metrics(result))
    lines = [json.dumps(line, ensure_ascii=False) for line in log_lines(result)]
    atomic.write(
        folder / LOGS, LINES, "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
    )
    card = result.scorecard().to_dict()
    _write(folder / HISTORY, f"{result.run_id}.json", card)
    _write(folder, FILE, card)


def _write(folder: Path, name: str, document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    atomic.write(folder, name, f"{text}\n".encode("utf-8", "backslashreplace"))


def log_lines(result: RunResult) -> list[dict[str, Any]]:
    """One structured line per attempt and one per suite, in the order in which they ended."""
    lines = []
    for suite in result.suites:
        for each in suite.attempts:
            lines.append(_line(result, suite, each))
    return sorted(lines, key=lambda line: str(line["timestamp"]))


def _line(result: RunResult, suite: SuiteResult, made: Attempt) -> dict[str, Any]:
    ended = made.started_at + timedelta(seconds=made.duration)
    failed = made.status != "passed"
    return {
        "timestamp": stamp(ended),
        "tenant": result.config.tenant,
        "environment": result.environment,
        "component": f"suite:{suite.name}",
        "command": "run",
        "artifact": result.release,
        "run_id": result.run_id,
        "attempt": made.number,
        "trace_id": result.trace_id,
        "span_id": made.span_id,
        "outcome": "ok" if not failed else made.status,
        "duration_ms": round(made.duration * 1000),
        "error": (made.problem or "; ".join(suite.reasons)[:1000] or made.status) if failed else None,
    }
