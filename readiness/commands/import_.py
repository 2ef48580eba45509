"""`readiness import`: what a Markdown checklist parses to."""

from __future__ import annotations

from pathlib import Path

import click

from readiness.commands._shared import read_markdown, safe_json


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print what the document parses to as JSON.")
def command(file: Path, *, as_json: bool) -> None:
    """Show what the Markdown checklist FILE parses to."""
    from readiness.engine import markdown
    from readiness.engine.guard import legible
    from readiness.engine.render import json, outline

    source = read_markdown(file)
    checklist = markdown.parse(source, name=file.stem)
    notes = markdown.notes(source)
    if as_json:
        click.echo(safe_json(json.dump(json.checklist(checklist, notes))))
    else:
        click.echo(outline.outline(checklist))
    for note in notes:
        click.echo(legible(f"readiness: {file}: {note}"), err=True)
