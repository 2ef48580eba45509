"""Markdown documents as sections with their text, tables and lines; code fences are not headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from readiness.engine.errors import BadContent
from readiness.engine.readers import plain_yaml

MAX_CHARACTERS = 500_000
# Blocks only: the text inside them is not parsed, which is what costs time on hostile documents.
_parser = MarkdownIt("commonmark", {"maxNesting": 50}).enable("table").disable("inline")
_FRONT = re.compile(r"\A---[ \t]*\n(?P<yaml>(?:.*?\n)??)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
LONGEST_FRONT = 64_000


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with the text below it, deeper headings and their text included.

    `line` is the heading's, `first` that of the text (an underlined heading takes two lines); 1-based.
    """

    title: str
    level: int
    line: int
    text: str
    first: int


def sections(text: str, file: str) -> list[Section]:
    """All sections in order. Raises BadContent for a document that is too large."""
    text = body(text, file)
    lines = text.split("\n")
    headings = list(_headings(_parser.parse(text)))
    made = []
    ends = [len(lines)] * 7  # by level: where the next heading of that level begins
    for level, start, end, title in reversed(headings):
        stop = min(ends[1 : level + 1])
        made.append(Section(title, level, start + 1, "\n".join(lines[end:stop]), end + 1))
        ends[level] = start
    return made[::-1]


def front_matter(text: str) -> str:
    """The YAML between the `---` lines at the beginning; "" for none."""
    match = _FRONT.match(_unix(text))
    return match["yaml"] if match and _is_front(match["yaml"]) else ""


def body(text: str, file: str) -> str:
    """The document without its front matter, which becomes empty lines, so that line numbers stay true.

    Raises BadContent for a document that is too large.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadContent(
            f"{file} has {len(text)} characters; at most {MAX_CHARACTERS} are read.", "Split it."
        )
    text = _unix(text)
    match = _FRONT.match(text)
    if match is None or not _is_front(match["yaml"]):
        return text
    return "\n" * match[0].count("\n") + text[match.end() :]


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")  # as the parser counts lines


def _is_front(front: str) -> bool:
    # A document may begin with a thematic break and prose; a mapping between the lines is no prose.
    if len(front) > LONGEST_FRONT:
        return True
    try:
        loaded = plain_yaml.parse(front, "front matter")
    except BadContent:
        return True
    return loaded is None or isinstance(loaded, dict)


def _headings(tokens: list[Token]) -> Iterator[tuple[int, int, int, str]]:
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.map:
            yield int(opening.tag[1]), opening.map[0], opening.map[1], plain(inline.content)


def plain(text: str) -> str:
    """A heading or cell without Markdown marks and emoji at its ends."""
    return re.sub(r"[*_`]+", "", text).strip().strip("✅❌⚠️🔒 ").strip()


def table_cells(text: str, file: str) -> Iterator[tuple[str, list[str]]]:
    """(label, cells) of every table: each row under its first cell, each column under its heading.

    Cells that are empty are left out. Raises BadContent for a document that is too large.
    """
    for rows in _tables(_parser.parse(body(text, file))):
        header, *below = rows
        yield from ((row[0], [cell for cell in row[1:] if cell]) for row in below if row)
        for column, name in enumerate(header[1:], 1):
            yield name, [row[column] for row in below if column < len(row) and row[column]]
        if header and len(below) == 1:  # a single row has no label of its own
            yield header[0], below[0][:1]


def _tables(tokens: list[Token]) -> Iterator[list[list[str]]]:
    rows: list[list[str]] = []
    inside = False
    for token in tokens:
        if token.type == "table_open":
            rows, inside = [], True
        elif token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and inside and rows:
            rows[-1].append(plain(token.content))
        elif token.type == "table_close":
            inside = False
            yield rows


def plain_lines(text: str) -> Iterator[str]:
    """Lines outside code, tables and comments."""
    yield from without(text, "table_open").split("\n")


def without(text: str, *types: str) -> str:
    """The text with its code blocks, comments and the blocks of these token types emptied, line by line."""
    lines = _unix(text).split("\n")
    for token in _parser.parse("\n".join(lines)):
        comment = token.type == "html_block" and token.content.lstrip().startswith("<!--")
        if token.map and (comment or token.type in ("fence", "code_block", *types)):
            for number in range(*token.map):
                lines[number] = ""
    return "\n".join(lines)
