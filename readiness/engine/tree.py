"""Reading the block tree of a Markdown document: sources, lines, and which list items are tasks."""

from __future__ import annotations

import re

from markdown_it.tree import SyntaxTreeNode

from readiness.engine import inline
from readiness.engine.labels import label

LISTS = ("bullet_list", "ordered_list")
_TASK = re.compile(r"\[([ xX])\]\s+(?=\S)")
_HARD_BREAK = re.compile(r"(?:(?<! ) {2,}|\\)$")


def title(text: str) -> tuple[str, list[str], inline.Attributes]:
    """The item's own words, the lines behind them, and its attributes.

    The words end at `{#id …}`, at a hard line break, or at a line that opens with a label.
    """
    lines = text.split("\n")
    for number, line in enumerate(lines):
        words, attributes = inline.take_attributes(line)
        if attributes != inline.Attributes() or _HARD_BREAK.search(line):
            return " ".join([*lines[:number], words.rstrip("\\")]), lines[number + 1 :], attributes
        if number and label(line):
            return " ".join(lines[:number]), lines[number:], inline.Attributes()
    return " ".join(lines), [], inline.Attributes()


def task(entry: SyntaxTreeNode) -> re.Match[str] | None:
    """The box of a task item (group 1: its mark), or None for any other list item."""
    if not entry.children or entry.children[0].type != "paragraph":
        return None
    return _TASK.match(content(entry.children[0]))


def has_tasks(node: SyntaxTreeNode) -> bool:
    """Whether a task item lies anywhere in a block."""
    return any(child.type == "list_item" and task(child) for child in node.walk())


def content(node: SyntaxTreeNode) -> str:
    """The inline source of a paragraph or heading."""
    return node.children[0].content if node.children else ""


def line_of(node: SyntaxTreeNode) -> int:
    """The 1-based first source line of a block."""
    return node.map[0] + 1 if node.map else 1


def end_of(node: SyntaxTreeNode) -> int:
    """The 1-based last source line of a block."""
    return node.map[1] if node.map else 1


def source(lines: list[str], start: int, end: int) -> str:
    """Source lines `start` to `end` (1-based, inclusive) without the first line's indentation."""
    taken = lines[start - 1 : end]
    indent = len(taken[0]) - len(taken[0].lstrip()) if taken else 0
    return "\n".join(line[min(indent, len(line) - len(line.lstrip())) :] for line in taken).rstrip()
