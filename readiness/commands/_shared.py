"""What several subcommands share: exit codes, reading a checklist, the terminal."""

from __future__ import annotations

import sys
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from readiness.engine.checklist import Checklist


class Exit(IntEnum):
    """Exit codes: what CI reads."""

    READY = 0
    NOT_READY = 1
    USAGE = 2
    CHECK_BROKE = 3
    INTERRUPTED = 130


def load_checklist(name: str) -> Checklist:
    """The built-in checklist of that slug, or the Markdown file; empty: the built-in default.

    What a file's author most likely meant to be an item or a check, and is none, is said on standard error.
    """
    from readiness.engine import library, markdown
    from readiness.engine.render.text import safe

    path = Path(name)
    if name and (path.suffix.lower() in (".md", ".markdown", ".txt") or path.is_file()):
        source = read_markdown(path)
        checklist = markdown.parse(source, name=path.stem)
        for note in markdown.overlooked(source):
            click.echo(safe(f"readiness: {path}: {note}"), err=True)
        return checklist
    return library.load(name or library.DEFAULT)


def read_markdown(path: Path) -> bytes:
    """The bytes of a Markdown file. Raises ChecklistError when it cannot be read."""
    from readiness.engine.errors import ChecklistError
    from readiness.engine.markdown import MAX_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ChecklistError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from None


def name_values(pairs: tuple[str, ...]) -> dict[str, str]:
    """`--set NAME=VALUE` as a mapping. Raises click.BadParameter."""
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE.", param_hint="--set")
    return dict(pair.split("=", 1) for pair in pairs)


def safe_json(text: str) -> str:
    """The same JSON with the characters that steer a terminal (C1, direction marks) as escapes; it may be
    printed there. Those below 32 are escapes in any JSON.
    """
    import re

    return re.sub(
        "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]",
        lambda found: f"\\u{ord(found[0]):04x}",
        text,
    )


def terminal() -> tuple[int, bool]:
    """Columns to write in, and whether colours help: both from standard output."""
    import shutil

    seen = sys.stdout.isatty()
    return (min(shutil.get_terminal_size().columns, 120) if seen else 100), seen
