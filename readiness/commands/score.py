"""`readiness score`: what a checklist claims about itself, as a weighted score."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.commands._shared import Exit, read_markdown, safe_json, terminal

if TYPE_CHECKING:
    from readiness.engine.checklist import Checklist

CLAIMED = "Claimed, not verified: these are the marks of the document, nothing was looked at."


@click.command(short_help="Score what a checklist claims.")
@click.argument("checklist", metavar="FILE.md|SLUG")
@click.option("--json", "as_json", is_flag=True, help="Print the score as JSON.")
def command(checklist: str, *, as_json: bool) -> int:
    """Score what the Markdown checklist FILE.md claims: by section, with its gaps and the way to 100 %.

    A ticked box and (done) claim an item, (partial) claims half of it. In a document without boxes the plain
    bullet points are read. "(Weight 12%)" in a heading weighs its section. Nothing is verified: `readiness
    check` does that, and a gate decides. Exit code: 0 the score could be made, 2 it could not.
    """
    from readiness.engine import claims, score
    from readiness.engine.render import json
    from readiness.engine.render import score as render
    from readiness.engine.render.text import safe

    known = _read(checklist)
    value = score.score(claims.sections(known))
    if as_json:
        named = {"slug": known.slug, "title": known.title, "version": known.version}
        click.echo(safe_json(json.dump({"basis": "claimed", "checklist": named} | value.to_dict())))
    else:
        click.echo(f"{safe(known.title)} {safe(known.version)}\n{CLAIMED}\n")
        click.echo(render.text(value, width=terminal()[0]))
    return Exit.READY


def _read(name: str) -> Checklist:
    from readiness.engine import claims, library

    path = Path(name)
    if path.suffix.lower() in (".md", ".markdown", ".txt") or path.is_file():
        return claims.read(read_markdown(path), name=path.stem)
    return library.load(name)
