"""A run of the suites in the flat form that every output format takes."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.engine.outcome import Measurement, Outcome
from readiness.engine.render.sheet import Line, Sheet
from readiness.engine.suites.result import RunResult
from readiness.engine.suites.values import Status, SuiteResult

_OUTCOMES = {
    Status.PASSED: Outcome.PASS,
    Status.FAILED: Outcome.FAIL,
    Status.ERROR: Outcome.ERROR,
    Status.INTERRUPTED: Outcome.ERROR,
    Status.NOT_RUN: Outcome.SKIP,
}
_ADVICE = "Correct what the log shows, and run the suite again."


def sheet(result: RunResult, run_path: str, *, exit_code: int) -> Sheet:
    """One line per suite. One that blocks nothing and did not pass is a warning."""
    return Sheet(
        title=f"Suites of {result.release}",
        run_id=result.run_id,
        run_path=run_path,
        overall=Outcome.PASS if result.overall_passed else Outcome.FAIL,
        exit_code=exit_code,
        lines=tuple(_line(each) for each in result.suites),
    )


def _line(suite: SuiteResult) -> Line:
    outcome = _OUTCOMES[suite.status]
    loose = not suite.blocking and outcome in (Outcome.FAIL, Outcome.ERROR)
    log = [suite.attempts[-1].log] if suite.attempts else []
    return Line(
        name=suite.name,
        group="Suites",
        title=suite.name,
        kind=f"suite.{suite.kind}",
        outcome=Outcome.WARN if loose else outcome,
        message=_message(suite),
        advice=_ADVICE if suite.reasons else "",
        measurements=tuple(_measurements(suite)),
        files=tuple(log),
        duration_s=suite.duration,
    )


def _message(suite: SuiteResult) -> str:
    if suite.status is Status.NOT_RUN:
        return "It was not run"
    said = [*suite.reasons, *suite.notes]
    return "; ".join(said[:6]) if said else suite.status.value.capitalize()


def _measurements(suite: SuiteResult) -> Iterator[Measurement]:
    for row in suite.thresholds:
        # a waived figure is over its limit, and does not fail
        limit = None if row.waived else row.limit
        name = row.name.replace("_", " ").removesuffix(" ms").removesuffix(" s").capitalize()
        unit = row.unit if row.unit in ("s", "ms") else None
        yield Measurement(name=name, value=row.observed, unit=unit, limit=limit, volatile=True)
