"""Markdown texts of a checklist as safe HTML, rendered once, at import.

The parser that reads a checklist's structure renders its texts too, with raw HTML off; nh3 then keeps a
short list of tags. Images, scripts, forms and `hx-*` attributes do not survive.
"""

from __future__ import annotations

from typing import Any

import nh3
from markdown_it import MarkdownIt

from readiness.engine.checklist import Checklist

TAGS = {
    "a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "strong",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable("table")


def html(text: str) -> str:
    """Safe HTML of one Markdown text; an empty string stays empty."""
    if not text.strip():
        return ""
    return nh3.clean(
        _parser.render(text),
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"https", "http", "mailto"},
        url_relative="deny",
        link_rel="noopener noreferrer",
    )


def render(checklist: Checklist) -> dict[str, Any]:
    """`{"summary": html, "items": {id: {"guidance": html, "evidence": html, "remediation": html}}}`."""
    return {
        "summary": html(checklist.summary),
        "items": {
            item.id: {
                "guidance": html(item.guidance),
                "evidence": html(item.evidence),
                "remediation": html(item.remediation),
            }
            for item in checklist.items
        },
    }
