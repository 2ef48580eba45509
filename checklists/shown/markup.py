"""A row and its line as HTML, written here once for page and fragments.

A template that is included for each of 200 rows costs more than everything else on the page together; this
costs a tenth of it. Every text is escaped in `_text`.
"""

from __future__ import annotations

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from checklists.shown.rows import Row

_CLIP_PATH = "M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.3 3.3 0 0 1 4.7 4.7L9.2 17a1.7 1.7 0 0 1-2.4-2.4L14 7.5"
_CLIP = (
    '<span class="item-clip" title="{0} attached">'
    f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{_CLIP_PATH}"/></svg>'
    '{0}<span class="visually-hidden"> pieces of evidence</span></span>'
)


def summary(row: Row, *, oob: bool = False) -> SafeString:
    """The `<summary>` of a row; `oob` marks it to be swapped into a page that stands."""
    swap = ' hx-swap-oob="true"' if oob else ""
    parts = (
        f'<summary class="item-line" id="row-{row.number}" data-state="{row.state}"{swap}>',
        f'<span class="mark">{row.icon}</span>',
        f'<span class="item-what"><span class="item-title">{_text(row.title)}</span>',
        f' <span class="item-tag">{_text(row.tag)}</span>' if row.tag else "",
        f'<span class="item-observed">{_text(row.observed)}</span></span><span class="item-meta">',
        _CLIP.format(row.evidence) if row.evidence else "",
        f'<span class="item-hint">{_text(row.hint)}</span>' if row.hint else "",
        f'<span class="item-word">{_text(row.word)}</span>',
        _when(row),
        "</span></summary>",
    )
    return mark_safe("".join(parts))  # noqa: S308  # every text is escaped


def closed(row: Row) -> SafeString:
    """A whole row, closed: its body is fetched when it is opened, and a link without JavaScript."""
    parts = (
        f'<details class="item" id="item-{_text(row.key)}">{summary(row)}<div class="item-body">',
        f'<p class="item-wait" hx-get="{_text(row.url)}body" hx-trigger="toggle from:closest details once"',
        ' hx-target="closest .item-body" hx-swap="innerHTML" hx-sync="this">',
        f'<a href="{_text(row.url)}">Open “{_text(row.title)}”</a></p></div></details>',
    )
    return mark_safe("".join(parts))  # noqa: S308  # every text is escaped


def _when(row: Row) -> str:
    if not row.when:
        return ""
    if not row.at:
        return f'<span class="item-when">{_text(row.when)}</span>'
    moment = f'datetime="{_text(row.at)}" data-live="{_text(row.live)}"'
    return f'<time class="item-when" {moment}>{_text(row.when)}</time>'


def _text(words: str) -> str:
    return words if isinstance(words, SafeString) else escape(words)
