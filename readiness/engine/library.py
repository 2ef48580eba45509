"""The built-in checklists: Markdown files shipped inside the package `checklists`."""

from __future__ import annotations

import importlib.resources
from importlib.resources.abc import Traversable

from readiness.engine.checklist import Checklist
from readiness.engine.errors import ChecklistError

DEFAULT = "ml-production-readiness"


def slugs() -> tuple[str, ...]:
    """The slugs of all built-in checklists, sorted."""
    return tuple(sorted(f.name.removesuffix(".md") for f in _folder().iterdir() if f.name.endswith(".md")))


def source(slug: str) -> bytes:
    """The Markdown of a built-in checklist. Raises ChecklistError naming the known ones."""
    if slug not in slugs():
        raise ChecklistError(f"There is no built-in checklist {slug!r}.", f"Built in: {', '.join(slugs())}.")
    return (_folder() / f"{slug}.md").read_bytes()


def load(slug: str = DEFAULT) -> Checklist:
    """A built-in checklist, parsed. Raises ChecklistError for an unknown slug."""
    from readiness.engine import markdown  # the parser is only loaded when a checklist is read

    return markdown.parse(source(slug), name=slug)


def _folder() -> Traversable:
    # the package is empty at its top: looking into it imports neither Django nor the app
    return importlib.resources.files("checklists") / "library"
