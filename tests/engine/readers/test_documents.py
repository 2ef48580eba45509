"""Markdown sections: true lines, no headings from code or comments, linear time."""

from __future__ import annotations

import time

import pytest

from readiness.engine.errors import BadContent
from readiness.engine.readers import documents

TEXT = """---
title: x
---
# One
a

## Two
b
```
# Not one
```
### Three
c

Four
----
d
# Five
"""


def test_sections():
    """Level, line and text; deeper sections belong to their parent, the next equal one ends it."""
    found = {s.title: s for s in documents.sections(TEXT, "d.md")}
    assert [(s.title, s.level, s.line) for s in found.values()] == [
        ("One", 1, 4),
        ("Two", 2, 7),
        ("Three", 3, 12),
        ("Four", 2, 15),
        ("Five", 1, 18),
    ]
    assert (found["Three"].text, found["Four"].text, found["Five"].text) == ("c\n", "d", "")
    assert found["Two"].text.endswith("### Three\nc\n")
    assert "Four" in found["One"].text


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends(end):
    """Lines are counted alike whatever ends them."""
    plain = documents.sections(TEXT, "d.md")
    assert [s.line for s in documents.sections(TEXT.replace("\n", end), "d.md")] == [s.line for s in plain]


def test_without_keeps_the_lines():
    """Code and comments go, line numbers stay."""
    text = "a\n```\nb\n```\n<!--\nc\n-->\n\nd"
    assert documents.without(text).split("\n") == ["a", "", "", "", "", "", "", "", "d"]


@pytest.mark.parametrize(
    "unit",
    [">", "- ", "[", "#\n", "a\n", "* a\n", "<!--\n", "[a]: 'b\n", "|a|b|\n", "`", "```\n", "a\n=\n", "> - "],
)
def test_hostile_documents_are_quick(unit):
    """100 kB of anything is read in seconds."""
    started = time.monotonic()
    documents.sections(unit * (100_000 // len(unit)), "d.md")
    assert time.monotonic() - started < 40


def test_brackets_are_not_parsed():
    """Text inside blocks is left alone: brackets alone would cost half a minute."""
    started = time.monotonic()
    documents.sections("[" * 400_000, "d.md")
    assert time.monotonic() - started < 40


def test_too_large():
    """A document beyond the limit is refused by its size."""
    with pytest.raises(BadContent, match="500001 characters"):
        documents.sections("a" * 500_001, "d.md")
