"""`readiness ready`: the seven checks on a run directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.commands._formats import Formats, format_options, run_path
from readiness.commands._run import run_option
from readiness.commands._shared import Exit

if TYPE_CHECKING:
    from readiness.engine.ready.report import ReadinessReport
    from readiness.engine.render.sheet import Sheet


@click.command()
@run_option
@click.option("--strict", is_flag=True, help="A warning counts as not ready.")
@format_options
def command(run_dir: Path, *, strict: bool, formats: Formats) -> int:
    """Is this run fit for production? Seven checks of its files.

    Exit code: 0 ready, 1 not ready, 2 wrong usage, 3 a check broke and nothing failed.
    """
    from readiness.engine.ready.text import format_readiness_report
    from readiness.engine.ready.validate import validate_readiness

    report = validate_readiness(run_dir)
    code = exit_code(report, strict=strict)

    def as_sheet() -> Sheet:
        from readiness.engine.ready.sheet import sheet

        return sheet(report, run_path(run_dir), exit_code=int(code))

    formats.emit(
        text=lambda: format_readiness_report(report, strict=strict), json=report.to_json, sheet=as_sheet
    )
    return code


def exit_code(report: ReadinessReport, *, strict: bool) -> Exit:
    """READY for PASS, and for WARN unless `strict`."""
    from readiness.engine.ready.status import ReadinessStatus

    status = report.overall_status
    if status is ReadinessStatus.ERROR:
        return Exit.CHECK_BROKE
    warned = status is ReadinessStatus.WARN and strict
    return Exit.READY if status.passes and not warned else Exit.NOT_READY
