"""The report in the flat form that every other output format takes."""

from __future__ import annotations

from readiness.engine.ready.report import ReadinessReport
from readiness.engine.render.sheet import Line, Sheet


def sheet(report: ReadinessReport, run_path: str, *, exit_code: int | None = None) -> Sheet:
    """One line per check; `run_path` is the run as reports name it, `exit_code` the process's own."""
    return Sheet(
        title="Production readiness",
        run_id=report.run_id,
        run_path=run_path,
        overall=report.overall_status.outcome,
        exit_code=exit_code,
        lines=tuple(
            Line(
                name=check.name,
                group="Readiness",
                title=check.title,
                kind=f"ready.{check.name}",
                outcome=check.status.outcome,
                message=check.message,
                advice=check.advice,
                measurements=check.measurements,
                files=check.files,
                duration_s=check.duration_s,
            )
            for check in report.checks
        ),
    )
