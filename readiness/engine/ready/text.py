"""The report as text, in the layout that people know from CI logs."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.engine.guard import legible
from readiness.engine.ready.report import ReadinessReport
from readiness.engine.ready.status import ReadinessStatus

ICONS = {
    ReadinessStatus.PASS: "✅",
    ReadinessStatus.WARN: "⚠️",
    ReadinessStatus.FAIL: "❌",
    ReadinessStatus.ERROR: "❌",
}
READY = "✓ This run is READY for production deployment"
NOT_READY = "✗ This run is NOT READY for production deployment"
_WIDTH = 50


def format_readiness_report(report: ReadinessReport, *, strict: bool = False) -> str:
    """The report as lines of text; with `strict` a warning counts as not ready."""
    return "\n".join(_lines(report, strict=strict))


def _lines(report: ReadinessReport, *, strict: bool) -> Iterator[str]:
    status, summary = report.overall_status, report.summary
    yield f"Readiness Report for {legible(report.run_id)}"
    yield "=" * _WIDTH
    yield f"Overall Status: {ICONS[status]} {status}"
    for check in report.checks:
        yield ""
        yield f"{ICONS[check.status]} {check.title}"
        yield f"   Status: {check.status}"
        yield f"   {legible(check.message)}"
        if check.advice and check.status is not ReadinessStatus.PASS:
            yield f"   → {legible(check.advice)}"
    yield ""
    yield "-" * _WIDTH
    errors = f", {summary['errors']} errors" if summary["errors"] else ""
    counts = f"{summary['passed']} passed, {summary['warnings']} warnings, {summary['failed']} failed"
    yield f"Summary: {counts}{errors}"
    yield ""
    yield READY if status is ReadinessStatus.PASS or (status.passes and not strict) else NOT_READY
