"""A run of the suites for a terminal: a table, then why it did not pass."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from readiness.engine.outcome import quantity
from readiness.engine.render.text import safe
from readiness.engine.suites.config import Config, Plan, Thresholds
from readiness.engine.suites.result import RunResult
from readiness.engine.suites.values import Status, SuiteResult

_MARKS = {
    Status.PASSED: ("✓", "32"),
    Status.FAILED: ("✗", "31"),
    Status.ERROR: ("✗", "31"),
    Status.INTERRUPTED: ("○", "33"),
    Status.NOT_RUN: ("○", "34"),
}
_HEAD = ("", "Suite", "Kind", "Status", "Duration", "Tests", "Success", "Flaky", "p95", "Findings")


def table(result: RunResult, *, colour: bool = False) -> str:
    """The whole report as text; `colour` adds ANSI colours."""
    rows = [_HEAD, *(_row(each) for each in result.suites)]
    lines = [f"{safe(result.release)} · {safe(result.environment)} · run {result.run_id}", ""]
    lines += _columns(rows)
    for suite in result.suites:
        lines += _why(suite)
    return "\n".join([*lines, "", _verdict(result, colour=colour)])


def _row(suite: SuiteResult) -> tuple[str, ...]:
    ran = suite.status is not Status.NOT_RUN
    status = suite.status.value + ("" if suite.blocking else " (not blocking)")
    again = f" ({len(suite.attempts)} attempts)" if len(suite.attempts) > 1 else ""
    counted = {k: v for k, v in (suite.findings or {}).items() if v}
    found = ", ".join(f"{v} {k}" for k, v in counted.items()) or "none"
    return (
        _MARKS[suite.status][0],
        suite.name,
        suite.kind,
        f"{status}{again}",
        f"{suite.duration:.1f} s" if ran else "",
        "" if suite.tests is None else str(suite.tests),
        _share(suite.success_rate),
        _share(suite.flake_rate),
        "" if suite.p95_latency_ms is None else quantity(suite.p95_latency_ms, "ms"),
        "" if suite.findings is None else found,
    )


def _share(rate: float | None) -> str:
    return "" if rate is None else quantity(100 * rate, "%")


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    kept = [i for i in range(len(rows[0])) if i < 2 or any(row[i] for row in rows[1:])]
    widths = {i: max(len(row[i]) for row in rows) for i in kept}
    for row in rows:
        yield "  ".join(f"{row[i]:<{widths[i]}}" for i in kept).rstrip()


def _why(suite: SuiteResult) -> Iterator[str]:
    if not (suite.reasons or suite.notes):
        return
    yield ""
    yield suite.name
    for reason in suite.reasons:
        yield f"  ✗ {safe(reason)}"
    for note in suite.notes:
        yield f"  · {safe(note)}"
    if suite.reasons and suite.attempts:
        yield f"  → {suite.attempts[-1].log}"


def _verdict(result: RunResult, *, colour: bool) -> str:
    if result.overall_passed:
        count = len(result.blocking(Status.PASSED))
        return _paint(f"✓ Passed: {count} blocking suite{'s' if count != 1 else ''}.", "32", colour=colour)
    if result.interrupted:
        return _paint("✗ Interrupted: nothing has passed.", "31", colour=colour)
    left = {
        "failed": result.blocking(Status.FAILED),
        "could not be judged": result.blocking(Status.ERROR),
        "did not run": result.blocking(Status.NOT_RUN),
    }
    parts = [f"{', '.join(s.name for s in suites)} {word}" for word, suites in left.items() if suites]
    return _paint(f"✗ Not passed: {'; '.join(parts)}.", "31", colour=colour)


def listing(config: Config) -> str:
    """What would be run, one suite a paragraph."""
    return "\n".join(line for plan in config.suites for line in _plan(plan))


def _plan(plan: Plan) -> Iterator[str]:
    blocking = "blocking" if plan.blocking else "not blocking"
    yield f"{plan.name} ({plan.kind}, {blocking})"
    yield f"  {safe(shlex.join(plan.argv))}"
    limits = {name: getattr(plan.limits, name) for name in Thresholds.__struct_fields__}
    said = [f"{name}: {value:g}" if isinstance(value, float) else f"{name}: {value}"
            for name, value in limits.items() if value is not None]  # fmt: skip
    if said:
        yield f"  {', '.join(said)}"


def _paint(text: str, code: str, *, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
