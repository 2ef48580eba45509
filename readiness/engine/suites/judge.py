"""From what was observed to how a suite ended. Pure: the same attempts give the same answer.

A suite passes when its last attempt ended well, each declared report was written by that attempt and could be
read, something was measured, and every threshold holds. Whatever is unknown does not pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from readiness.engine.deploy import dates
from readiness.engine.outcome import Limit, quantity
from readiness.engine.suites import tally
from readiness.engine.suites.config import Grant, Plan
from readiness.engine.suites.grants import covering
from readiness.engine.suites.tally import Tally
from readiness.engine.suites.values import SEVERITIES, Attempt, Observed, Row, Status, SuiteResult

MAX_FLAKY = 200
_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What a judgement needs beside the attempts: the plan, the waivers, the moment."""

    plan: Plan
    grants: tuple[Grant, ...]
    at: datetime


def explained(plan: Plan, code: int, seen: Observed) -> bool:
    """Whether reports say what a command's exit code means, so that their thresholds judge instead of it."""
    if code not in plan.findings_exit_codes:
        return False
    failed = any(test.bad for test in (seen.tests or {}).values())
    found = any((seen.findings or {}).values())
    return failed or found or bool(seen.error_rate)


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
    reasons = tuple(_reasons(plan, last, counted if has_tests else None, rows))
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
        notes=tuple(_notes(attempts, counted, rows)),
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


def _reasons(plan: Plan, last: Attempt, counted: Tally | None, rows: Sequence[Row]) -> Iterator[str]:
    """Why the suite does not pass, in sentences without a stop; none when it does."""
    if last.status == "interrupted":
        yield "it was interrupted"
        return
    known = [last.problem] if last.problem else []
    known += [*last.observed.missing, *last.observed.unreadable]
    over = last.status in ("timed-out", "not-started")
    if (
        not (over or last.observed.missing)
        and plan.reports.patterns("junit")
        and not (counted and counted.ran)
    ):
        known.append("no test ran")
    yield from known
    for row in rows:
        # what could not be measured is told already
        if not row.ok and not over and not (known and row.observed is None):
            yield said(row)


def said(row: Row) -> str:
    """A threshold that does not hold, for people: "success rate 0.97, needs ≥ 0.98"."""
    name = row.name.partition("_")[2].removesuffix("_ms").removesuffix("_s").replace("_", " ")
    if row.unit == "findings":
        waiver = ", or an approved waiver" if row.limit.value == 0 and row.name == "max_medium" else ""
        return f"{quantity(row.observed)} {name} {_findings(row)}, needs {row.limit.words()}{waiver}"
    shown = quantity(row.observed, row.unit or None)
    if row.observed is not None and shown == quantity(float(str(row.limit.value)), row.unit or None):
        shown = f"{row.observed:.10g} {row.unit}".strip()  # a near miss keeps its digits
    return f"{name} {shown}, needs {row.limit.words(row.unit or None)}"


def _findings(row: Row) -> str:
    return "finding" if row.observed == 1 else "findings"


def _notes(attempts: Sequence[Attempt], counted: Tally, rows: Sequence[Row]) -> Iterator[str]:
    yield from attempts[-1].observed.notes
    if len(attempts) > 1 and attempts[-1].status == "passed":
        yield f"passed only on attempt {attempts[-1].number}"
    for word, names in (("failed", counted.bad), ("flaky", counted.flaky)):
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield f"{word}: {', '.join(names[:_NAMED])}{more}"
    for row in rows:
        if row.waived:
            name = row.name.partition("_")[2]
            yield f"waived: {quantity(row.observed)} {name} {_findings(row)}: {row.waived}"
