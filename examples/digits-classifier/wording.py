"""Numbers as words and tables for the documents, and templates filled with them."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from settings import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def percent(share: float) -> str:
    """A fraction of 1 as `91.2 %`."""
    return f"{100 * share:.1f} %"


def points(share: float, other: float = 0.0) -> str:
    """How far one fraction of 1 lies above another, as `3.2 points`, between the printed figures."""
    return f"{round(100 * share, 1) - round(100 * other, 1):.1f} points"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    names = list(head)
    lines = [names, ["---"] * len(names), *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fill(template: str, values: Mapping[str, object], *, without: str | None = None) -> str:
    """A template of this directory with its `$names` filled in, and without one section if asked."""
    text = (SOURCE / "templates" / template).read_text(encoding="utf-8")
    if without is not None:
        text = _without_section(text, without)
    return Template(text).substitute(values)


def _without_section(text: str, heading: str) -> str:
    first, *sections = text.split("\n## ")
    kept = [section for section in sections if section.splitlines()[0] != heading]
    if len(kept) == len(sections):
        raise ValueError(f"no section {heading!r} to leave out")
    return "\n## ".join([first, *kept]).rstrip() + "\n"
