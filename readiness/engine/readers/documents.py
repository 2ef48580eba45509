"""Markdown documents as sections with their text, tables and lines; code fences are not headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from readiness.engine.errors import BadContent

MAX_CHARACTERS = 2_000_000
_parser = MarkdownIt("commonmark", {"maxNesting": 50}).enable("table")
_FRONT = re.compile(r"\A---\r?\n.*?\r?\n---\r?\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading (1-based line) with the text below it, deeper headings and their text included."""

    title: str
    level: int
    line: int
    text: str


def sections(text: str, file: str) -> list[Section]:
    """All sections in order. Raises BadContent for a document that is too large."""
    if len(text) > MAX_CHARACTERS:
        raise BadContent(
            f"{file} has {len(text)} characters; at most {MAX_CHARACTERS} are read.", "Split it."
        )
    text = _without_front_matter(text)
    lines = text.splitlines()
    headings = list(_headings(_parser.parse(text)))
    made = []
    for position, (level, start, end, title) in enumerate(headings):
        following = (h[1] for h in headings[position + 1 :] if h[0] <= level)
        stop = next(following, len(lines))
        made.append(Section(title, level, start + 1, "\n".join(lines[end:stop])))
    return made


def _without_front_matter(text: str) -> str:
    # Replaced by empty lines, so that line numbers stay true.
    return _FRONT.sub(lambda match: "\n" * match[0].count("\n"), text, count=1)


def _headings(tokens: list[Token]) -> Iterator[tuple[int, int, int, str]]:
    for opening, inline in zip(tokens, tokens[1:], strict=False):
        if opening.type == "heading_open" and opening.map:
            yield int(opening.tag[1]), opening.map[0], opening.map[1], plain(inline.content)


def plain(text: str) -> str:
    """A heading or cell without Markdown marks and emoji at its ends."""
    return re.sub(r"[*_`]+", "", text).strip().strip("✅❌⚠️🔒 ").strip()


def table_pairs(text: str) -> Iterator[tuple[str, str]]:
    """(label, cell) of every table row: its first cell, and the first other cell that is not empty."""
    row: list[str] = []
    for token in _parser.parse(_without_front_matter(text)):
        if token.type == "tr_open":
            row = []
        elif token.type == "inline" and token.level > 0:
            row.append(plain(token.content))
        elif token.type == "tr_close" and len(row) > 1:
            yield row[0], next((cell for cell in row[1:] if cell), "")


def plain_lines(text: str) -> Iterator[str]:
    """Lines outside code fences and tables."""
    fenced = False
    for line in text.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and not line.lstrip().startswith("|"):
            yield line
