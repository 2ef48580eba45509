"""`readiness history`: readiness over a series of runs."""

from __future__ import annotations

from pathlib import Path

import click

from readiness.commands._shared import Exit, safe_json


@click.command(short_help="Readiness over a series of runs, oldest first.")
@click.argument("folders", nargs=-1, required=True, metavar="DIR...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the history as JSON.")
def command(folders: tuple[Path, ...], *, as_json: bool) -> int:
    """How readiness went over a series of runs, oldest first; what got worse is marked.

    Each DIR is a run, or a folder of runs. Exit code: 0, or 2 when there is no run to show.
    """
    from readiness.engine.ready.history import history
    from readiness.engine.ready.history_text import format_history
    from readiness.engine.ready.plain import dump

    found = history(folders)
    click.echo(safe_json(dump(found.to_dict())) if as_json else format_history(found))
    return Exit.READY
