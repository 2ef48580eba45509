"""`readiness check`: a checklist on a run directory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.commands._shared import Exit, load_checklist, name_values, terminal

if TYPE_CHECKING:
    from readiness.engine.report import Report


@click.command()
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option(
    "--checklist", "checklist_name", default="", metavar="SLUG|FILE.md", help="Default: the built-in one."
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A parameter of the checklist.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--complete", is_flag=True, help="Items left to people count as not ready.")
@click.option(
    "--allow-host", "hosts", multiple=True, metavar="HOST[:PORT]", help="A host that checks may ask."
)
def command(
    run_dir: Path,
    checklist_name: str,
    settings: tuple[str, ...],
    *,
    as_json: bool,
    complete: bool,
    hosts: tuple[str, ...],
) -> int:
    """Check the run in RUN_DIR.

    Exit code: 0 every scripted check passes, 1 not ready, 2 wrong usage, 3 a check broke and nothing failed.
    """
    from readiness.engine.render import json, text
    from readiness.inspection import inspect

    report = inspect(
        run_dir, load_checklist(checklist_name), name_values(settings), hosts, terminal=sys.stderr.isatty()
    )
    if as_json:
        click.echo(json.dump(json.report(report)))
    else:
        width, colour = terminal()
        click.echo(text.report(report, width=width, colour=colour))
    return _exit(report, complete=complete)


def _exit(report: Report, *, complete: bool) -> Exit:
    from readiness.engine.outcome import Outcome

    if report.overall is Outcome.ERROR:
        return Exit.CHECK_BROKE
    open_counts = complete and report.open_items
    return Exit.READY if report.overall.passes and not open_counts else Exit.NOT_READY
