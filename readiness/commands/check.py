"""`readiness check`: a checklist on a run directory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.commands._formats import Formats, format_options, run_path
from readiness.commands._shared import Exit, load_checklist, name_values, terminal
from readiness.engine.isolation import LEVELS

if TYPE_CHECKING:
    from readiness.engine.report import Report


@click.command(short_help="Check a run against a checklist.")
@click.argument("run_dir", type=click.Path(path_type=Path))
@click.option(
    "--checklist", "checklist_name", default="", metavar="SLUG|FILE.md", help="Default: the built-in one."
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="A parameter of the checklist.")
@click.option(
    "--approved",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The run of the last approved release, which `config-drift` compares with.",
)
@format_options
@click.option("--strict", is_flag=True, help="A warning counts as not ready.")
@click.option("--complete", is_flag=True, help="Items left to people count as not ready.")
@click.option(
    "--allow-host", "hosts", multiple=True, metavar="HOST[:PORT]", help="A host that checks may ask."
)
@click.option(
    "--allow-command",
    "commands",
    multiple=True,
    metavar="WORDS",
    help='Commands that checks may run: their first words ("ruff check"), or all of them ("=ruff check .").',
)
@click.option(
    "--isolation", type=click.Choice(LEVELS), help="Least isolation of child processes; less is an error."
)
def command(
    run_dir: Path,
    checklist_name: str,
    settings: tuple[str, ...],
    *,
    approved: Path | None,
    formats: Formats,
    strict: bool,
    complete: bool,
    hosts: tuple[str, ...],
    commands: tuple[str, ...],
    isolation: str | None,
) -> int:
    """Check the run in RUN_DIR.

    Exit code: 0 every scripted check passes, 1 not ready, 2 wrong usage, 3 a check broke and nothing failed.
    """
    from readiness import env
    from readiness.engine.options import Options
    from readiness.engine.render import flatten, json, text
    from readiness.inspection import inspect

    options = Options(
        allowed_hosts=hosts,
        allowed_commands=commands,
        tokens=tuple(env.words("READINESS_TOKENS")),
        min_isolation=isolation or "",
    )
    report = inspect(
        run_dir,
        load_checklist(checklist_name),
        name_values(settings),
        options,
        approved=approved,
        terminal=sys.stderr.isatty(),
    )
    code = _exit(report, strict=strict, complete=complete)
    width, colour = terminal()
    formats.emit(
        text=lambda: text.report(report, width=width, colour=colour),
        json=lambda: json.dump(json.report(report)),
        sheet=lambda: flatten.sheet(report, run_path(run_dir), code),
    )
    return code


def _exit(report: Report, *, strict: bool, complete: bool) -> Exit:
    from readiness.engine.outcome import Outcome

    if report.overall is Outcome.ERROR:
        return Exit.CHECK_BROKE
    warned = strict and report.overall is Outcome.WARN
    left = complete and report.open_items
    return Exit.READY if report.overall.passes and not (warned or left) else Exit.NOT_READY
