"""A checklist's texts as HTML: whatever somebody writes, little markup comes out."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checklists.guidance import TAGS, html

HARMLESS = {
    "**bold** and `code`": "<p><strong>bold</strong> and <code>code</code></p>",
    "[a](https://example.org)": '<p><a href="https://example.org" rel="noopener noreferrer">a</a></p>',
    "a < b": "<p>a &lt; b</p>",
}
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<div hx-post="/gates/1/run" hx-trigger="load">',
    "![x](https://elsewhere.example/pixel.png)",
    "[x](javascript:alert(1))",
    "[x](  java\tscript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](//elsewhere.example)",
    "[x](/gates/1/run)",
    "[x]: javascript:alert(1)\n\n[x]",
    '<a href="/x" onclick="alert(1)">x</a>',
    "<svg onload=alert(1)>",
    '<form action="/gates/1/run" method="post"><button>go</button></form>',
    "<style>*{display:none}</style>",
]
FRAGMENTS = [
    "<",
    ">",
    '"',
    "'",
    "[x](",
    ")",
    "![",
    "`",
    "&lt;",
    "hx-post=",
    "onerror=",
    "script",
    "javascript:",
    "\n",
]


def odd_markup(text: str) -> list[str]:
    """Tags, attributes and addresses in the HTML that should not be there."""
    found = [tag for tag in re.findall(r"</?([a-zA-Z0-9]+)", text) if tag not in TAGS]
    for inside in re.findall(r"<[a-z0-9]+\s([^>]*)>", text):
        found += [name for name in re.findall(r'([\w-]+)="', inside) if name not in {"href", "rel", "title"}]
        found += [
            to for to in re.findall(r'href="([^"]*)', inside) if not re.match(r"(?i)https?:|mailto:", to)
        ]
    return found


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_write_is_kept(text):
    """Ordinary Markdown comes out as ordinary HTML."""
    assert html(text).strip() == HARMLESS[text]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts(text):
    """No script, handler, image, form, htmx attribute, nor an address of this site or of no scheme."""
    assert odd_markup(html(text)) == []


@given(st.lists(st.sampled_from([*HOSTILE, *FRAGMENTS]), max_size=8).map("".join))
def test_any_mixture(text):
    """The same for whatever the pieces make together."""
    assert odd_markup(html(text)) == []


@pytest.mark.parametrize("text", ["[" * 64_000, "![" * 30_000, "*a " * 20_000, "> " * 30_000, "`" * 64_000])
def test_pathological_texts_are_quick(text):
    """As many characters as a checklist may have take seconds at most."""
    started = time.process_time()
    html(text)
    assert time.process_time() - started < 5
