"""Why a suite did not pass, and what else there is to know about it, in sentences for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from readiness.engine.outcome import quantity
from readiness.engine.suites.config import Plan
from readiness.engine.suites.tally import Tally
from readiness.engine.suites.values import Attempt, Row

_NAMED = 5


def reasons(plan: Plan, last: Attempt, counted: Tally | None, rows: Sequence[Row]) -> Iterator[str]:
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


def notes(attempts: Sequence[Attempt], counted: Tally, rows: Sequence[Row]) -> Iterator[str]:
    """What else there is to know: flaky tests, tests that failed, what is waived."""
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
