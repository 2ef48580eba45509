"""From what was observed to how a suite ended. Pure: the same attempts give the same answer.

A suite passes when its last attempt ended well, each declared report was written by that attempt and could be
read, something was measured, and every threshold holds. Whatever is unknown does not pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from readiness.engine.deploy import dates
from readiness.engine.outcome import Limit
from readiness.engine.suites import tally, why
from readiness.engine.suites.config import Grant, Plan
from readiness.engine.suites.grants import covering
from readiness.engine.suites.tally import Tally
from readiness.engine.suites.values import SEVERITIES, Attempt, Observed, Row, Status, SuiteResult

MAX_FLAKY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What a judgement needs beside the attempts: the plan, the waivers, the moment."""

    plan: Plan
    grants: tuple[Grant, ...]
    at: datetime


def explained(plan: Plan, code: int, seen: Observed) -> bool:
    """Whether reports say what a command's exit code means, so that their thresholds judge instead of it.

    What no threshold judges explains nothing.
    """
    if code not in plan.findings_exit_codes:
        return False
    limits = plan.limits
    failed = limits.min_success_rate is not None and any(test.bad for test in (seen.tests or {}).values())
    judged = any(getattr(limits, f"max_{severity}") is not None for severity in SEVERITIES)
    found = judged and any((seen.findings or {}).values())
    return failed or found or (limits.max_error_rate is not None and bool(seen.error_rate))


def suite(want: Judging, attempts: Sequence[Attempt]) -> SuiteResult:
    """The result of a suite after these attempts, in order; without any it was not run."""
    plan = want.plan
    base = SuiteResult(name=plan.name, kind=plan.kind, status=Status.NOT_RUN, blocking=plan.blocking)
    if not attempts:
        return base
    last = attempts[-1]
    counted = tally.over([a.observed.tests for a in attempts if a.observed.tests is not None])
    has_tests = any(a.observed.tests is not None for a in attempts)
    rows = tuple(_rows(want, attempts, counted if has_tests else None))
    reasons = tuple(why.reasons(plan, last, counted if has_tests else None, rows))
    if not reasons and last.status == "failed" and len(attempts) > 1:
        reasons = suite(want, [last]).reasons  # what earlier attempts show does not mend the last one
    result = replace(
        base,
        status=_status(last, reasons),
        duration=sum(a.duration for a in attempts),
        attempts=tuple(attempts),
        p95_latency_ms=_rounded(last.observed.p95_ms),
        error_rate=_rounded(last.observed.error_rate),
        findings=last.observed.findings,
        thresholds=rows,
        reasons=reasons,
        notes=tuple(why.notes(attempts, counted, rows)),
    )
    return _with_tests(result, counted) if has_tests else result


def _with_tests(result: SuiteResult, counted: Tally) -> SuiteResult:
    return replace(
        result,
        tests=counted.tests,
        failures=counted.failures,
        errors=counted.errors,
        skipped=counted.skipped,
        success_rate=counted.success_rate,
        flake_rate=counted.flake_rate,
        flaky=counted.flaky[:MAX_FLAKY],
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _status(last: Attempt, reasons: Sequence[str]) -> Status:
    if last.status == "interrupted":
        return Status.INTERRUPTED
    if last.status in ("not-started", "error"):
        return Status.ERROR
    return Status.FAILED if reasons or last.status != "passed" else Status.PASSED


def _rows(want: Judging, attempts: Sequence[Attempt], counted: Tally | None) -> Iterator[Row]:
    limits, seen = want.plan.limits, attempts[-1].observed
    duration = round(sum(a.duration for a in attempts), 3)
    observed = (
        ("max_duration_s", "<=", duration, "s"),
        ("min_success_rate", ">=", counted.success_rate if counted else None, ""),
        ("max_flake_rate", "<", counted.flake_rate if counted else None, ""),
        ("max_p95_ms", "<", seen.p95_ms, "ms"),
        ("max_error_rate", "<", seen.error_rate, ""),
    )
    for name, op, value, unit in observed:
        if (limit := getattr(limits, name)) is not None:
            yield Row(name=name, observed=value, limit=Limit(op, limit), unit=unit)
    for severity in SEVERITIES:
        name = f"max_{severity}"
        if (limit := getattr(limits, name)) is not None:
            count = None if seen.findings is None else seen.findings[severity]
            most = 0 if limit == "waiver" else limit
            row = Row(name=name, observed=count, limit=Limit("<=", most), unit="findings")
            waivable = limit == "waiver" and count
            yield replace(row, waived=_waived(want, name, seen.ids.get(severity))) if waivable else row


def _waived(want: Judging, rule: str, ids: tuple[str, ...] | None) -> str:
    grant = covering(want.grants, want.plan.name, rule, ids, want.at)
    if grant is None:
        return ""
    by, until = grant.waiver.approved_by, dates.words(grant.expires_at)
    return f"{grant.waiver.reason} (approved by {by}, until {until})"
