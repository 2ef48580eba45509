"""What makes a function one of the seven checks: it opens the run, is timed, and never raises."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

from readiness.engine.errors import CheckProblem, ExtraMissing, FileChanged
from readiness.engine.guard import guard, legible
from readiness.engine.outcome import Finding, Measurement
from readiness.engine.ready.files import RunFiles, open_run
from readiness.engine.ready.report import ReadinessCheck
from readiness.engine.ready.status import ReadinessStatus
from readiness.engine.target import RunDirectory

Check = Callable[["RunFiles | RunDirectory | str | Path"], ReadinessCheck]


def readiness_check(name: str) -> Callable[[Callable[[RunFiles], Finding]], Check]:
    """Make a check of a function that reads the run's files and says what it found.

    The check takes a path, a RunDirectory or RunFiles. A problem with a file is FAIL, naming it; a crash, a
    file that changes meanwhile or a missing library is ERROR. Raises RunDirectoryError for a missing run.
    """

    def decorate(function: Callable[[RunFiles], Finding]) -> Check:
        @wraps(function)
        def check(run: RunFiles | RunDirectory | str | Path) -> ReadinessCheck:
            files, started = open_run(run), time.monotonic()
            finding = guard(name, lambda: _found(function, files), files.run.options.interrupts)
            return ReadinessCheck(
                name=name,
                status=ReadinessStatus(finding.outcome.value),
                message=legible(finding.message),
                details=finding.details,
                advice=legible(finding.advice),
                measurements=finding.measurements,
                files=tuple(files.read),
                duration_s=time.monotonic() - started,
            )

        return check

    return decorate


def _found(function: Callable[[RunFiles], Finding], files: RunFiles) -> Finding:
    try:
        return function(files)
    except CheckProblem as problem:
        broken = isinstance(problem, FileChanged | ExtraMissing)
        return replace(
            finding(
                ReadinessStatus.ERROR if broken else ReadinessStatus.FAIL, problem.message, problem.advice
            ),
            details={"problem": type(problem).__name__},
        )


def finding(
    status: ReadinessStatus,
    message: str,
    advice: str = "",
    details: Mapping[str, Any] | None = None,
    measurements: Iterable[Measurement] = (),
) -> Finding:
    """A finding in the words of a readiness report."""
    return Finding(
        outcome=status.outcome,
        message=message,
        advice=advice,
        details=details or {},
        measurements=tuple(measurements),
    )
