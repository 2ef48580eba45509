"""Readiness over a series of runs: each one's status, and what got worse since the run before."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from readiness.engine.errors import CheckProblem, ReadinessError, RunDirectoryError
from readiness.engine.ready import layout, listing, metrics, moment, redaction
from readiness.engine.ready.files import RunFiles, open_run
from readiness.engine.ready.report import SCHEMA_VERSION
from readiness.engine.ready.status import ReadinessStatus
from readiness.engine.ready.validate import validate_readiness

_MARKS = (
    listing.MANIFEST, listing.DECISION, layout.RUN_META, listing.HASHES, layout.ENVIRONMENT,
    redaction.FILE, layout.EVALUATION,
)  # fmt: skip
_SEVERITY = list(ReadinessStatus)  # PASS, WARN, FAIL, ERROR
_MANY = 40  # runs: fewer are looked at faster than processes start
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One run of the series. `regressions` are sentences about the run before it; `problem` says why nothing
    could be looked at.
    """

    run_id: str
    path: str
    at: datetime
    status: ReadinessStatus
    checks: Mapping[str, ReadinessStatus] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    regressions: tuple[str, ...] = ()
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """`{run_id, path, at, overall_status, checks{}, metrics{}, regressions[], problem}`."""
        return {
            "run_id": self.run_id,
            "path": self.path,
            "at": self.at.isoformat(),
            "overall_status": self.status.value,
            "checks": {name: status.value for name, status in self.checks.items()},
            "metrics": dict(self.metrics),
            "regressions": list(self.regressions),
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The runs in order of time; `others` are folders without any file of a run."""

    runs: tuple[Past, ...]
    others: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """`{schema_version, runs[], summary{runs, passed, …, regressions}, others[]}`."""
        counts = Counter(run.status for run in self.runs)
        return {
            "schema_version": SCHEMA_VERSION,
            "runs": [run.to_dict() for run in self.runs],
            "summary": {
                "runs": len(self.runs),
                "passed": counts[ReadinessStatus.PASS],
                "warnings": counts[ReadinessStatus.WARN],
                "failed": counts[ReadinessStatus.FAIL],
                "errors": counts[ReadinessStatus.ERROR],
                "regressions": sum(bool(run.regressions) for run in self.runs),
            },
            "others": list(self.others),
        }


def history(folders: Iterable[Path], *, workers: int | None = None) -> History:
    """Every run among `folders` (a run each, or a folder of runs), oldest first.

    Raises RunDirectoryError for a folder that is not there, or when there is no run at all.
    """
    found, others = _runs(list(folders))
    if not found:
        raise RunDirectoryError("There is no run to show.", "Name run directories, or a folder of them.")
    looked = sorted(_look_at_all(found, workers or os.cpu_count() or 1), key=lambda run: (run.at, run.path))
    return History(runs=tuple(_compared(looked)), others=tuple(others))


def look(path: Path) -> Past:
    """One run, whatever state it is in."""
    try:
        files = open_run(path)
        report = validate_readiness(files.run)
        return Past(
            run_id=report.run_id,
            path=str(path),
            at=moment.of_run(files),
            status=report.overall_status,
            checks={check.name: check.status for check in report.checks},
            metrics=_metrics(files),
        )
    except (ReadinessError, OSError) as error:
        return Past(
            run_id=path.name, path=str(path), at=_EARLIEST, status=ReadinessStatus.ERROR, problem=str(error)
        )


def _metrics(files: RunFiles) -> dict[str, float]:
    try:
        return metrics.of_run(files)
    except CheckProblem:
        return {}  # the regression check fails for it


def _runs(folders: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Each run once, and the folders beside them that hold no file of a run."""
    found: dict[str, Path] = {}
    others: list[str] = []
    for folder in folders:
        if not folder.is_dir():
            raise RunDirectoryError(f"{folder} is not a directory.", "Check the path.")
        inner = [folder] if _marked(folder) else sorted(p for p in folder.iterdir() if p.is_dir())
        for path in inner:
            if _marked(path):
                found.setdefault(os.path.realpath(path), path)
            elif not path.name.startswith("."):
                others.append(str(path))
    return list(found.values()), others


def _marked(folder: Path) -> bool:
    return any(os.path.lexists(folder / name) for name in _MARKS)


def _look_at_all(paths: Sequence[Path], workers: int) -> list[Past]:
    if len(paths) < _MANY or workers < 2:
        return [look(path) for path in paths]
    from concurrent.futures import ProcessPoolExecutor  # slow to load

    with ProcessPoolExecutor(min(workers, len(paths))) as pool:
        return list(pool.map(look, paths, chunksize=max(1, len(paths) // (workers * 8))))


def _compared(runs: Sequence[Past]) -> Iterable[Past]:
    before: Past | None = None
    for run in runs:
        yield _against(before, run) if before else run
        before = run


def _against(before: Past, run: Past) -> Past:
    worse = []
    if _SEVERITY.index(run.status) > _SEVERITY.index(before.status):
        names = [
            name
            for name, status in run.checks.items()
            if name in before.checks and _SEVERITY.index(status) > _SEVERITY.index(before.checks[name])
        ]
        because = f" ({', '.join(names)})" if names else ""
        worse.append(f"status {before.status} → {run.status}{because}")
    worse += [change.words for change in metrics.worse(before.metrics, run.metrics)]
    return Past(
        run_id=run.run_id,
        path=run.path,
        at=run.at,
        status=run.status,
        checks=run.checks,
        metrics=run.metrics,
        regressions=tuple(worse),
        problem=run.problem,
    )
