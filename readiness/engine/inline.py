"""The small marks inside a line: plain text, `{#id …}`, "(done)", "(optional)", "Weight 12%", slugs."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from readiness.engine.checklist import Requirement

MAX_INLINE = 2_000
SLUG_LENGTH = 60

_MARKDOWN = MarkdownIt("commonmark").enable("strikethrough")
_SPECIAL = re.compile(r"[\\`*_~<&\[\]!]")
# Possessive, and beginning where blanks begin: a text of anything is read in linear time.
_ATTRIBUTES = re.compile(
    r"(?<!\s)\s*+\{\s*+(?:#(?P<id>[A-Za-z0-9][\w.:-]*+))?(?P<rest>(?:\s*+[\w-]++=[\w.-]++)*+)\s*+\}\s*+$"
)
_STATE = re.compile(r"(?<!\s)\s*+\((done|partial|pending)\)\s*+([.;]?)\s*+$", re.IGNORECASE)
_CONFIRM = re.compile(r"(?<!\s)\s*+\(confirm\)\s*+\.?\s*+$", re.IGNORECASE)
_WEIGHT = re.compile(r"\bweight\s*+[:=]?\s*+(\d{1,3}(?:[.,]\d{1,4})?)\s*+%", re.IGNORECASE)
_WEIGHT_MARK = re.compile(
    r"(?<!\s)\s*+[(\[]\s*+weight\s*+[:=]?\s*+\d{1,3}(?:[.,]\d{1,4})?\s*+%\s*+[)\]]", re.IGNORECASE
)
_LEVELS = (
    (Requirement.MANDATORY, re.compile(r"\((?:mandatory|required)\b|^mandatory:", re.IGNORECASE)),
    (
        Requirement.CONDITIONAL,
        re.compile(
            r"\((?:conditional\b|(?:if|where|when) (?:applicable|required|needed|relevant|any)\b)",
            re.IGNORECASE,
        ),
    ),
    (
        Requirement.RECOMMENDED,
        re.compile(
            r"\((?:optional|(?:highly |strongly )?recommended|nice to have)\b|^(?:optional|recommended):",
            re.IGNORECASE,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Attributes:
    """What `{#id key=value}` at the end of a line says; `id` is None when only derived."""

    id: str | None = None
    values: dict[str, str] = field(default_factory=dict)


def plain(markdown: str) -> str:
    """The text of inline Markdown on one line: no markup, comments or tags; entities and escapes resolved.

    Text beyond MAX_INLINE characters is only joined to one line: hostile input stays cheap.
    """
    if len(markdown) <= MAX_INLINE and _SPECIAL.search(markdown):
        tokens = _MARKDOWN.parseInline(markdown)[0].children or []
        markdown = "".join(_text(token) for token in tokens)
    return " ".join(markdown.split())


def _text(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " "
    return "" if token.type == "html_inline" else token.content


def take_attributes(line: str) -> tuple[str, Attributes]:
    """Split `{#id key=value}` off the end of a line."""
    match = _ATTRIBUTES.search(line)
    if not match or not (match["id"] or match["rest"]):
        return line, Attributes()
    values = dict(pair.split("=", 1) for pair in match["rest"].split())
    return line[: match.start()], Attributes(match["id"], values)


def take_state(text: str) -> tuple[str, str | None]:
    """Split a claimed state, "(done)", off the end of a text."""
    match = _STATE.search(text)
    return (text[: match.start()] + match[2], match[1].lower()) if match else (text, None)


def take_confirm(text: str) -> tuple[str, bool]:
    """Split "(confirm)" off the end of a criterion."""
    match = _CONFIRM.search(text)
    return (text[: match.start()], True) if match else (text, False)


def take_weight(title: str) -> tuple[str, float | None]:
    """Split "(Weight 12%)" off a heading; a weight outside parentheses is read and left in place."""
    match = _WEIGHT.search(title)
    if not match:
        return title, None
    return _WEIGHT_MARK.sub("", title).strip(), float(match[1].replace(",", "."))


def requirement(text: str) -> Requirement | None:
    """The level that "(optional …)", "(if applicable)", "(recommended)" … in a text state, or None."""
    return next((level for level, pattern in _LEVELS if pattern.search(text)), None)


def slug(text: str) -> str:
    """A readable id from any text: lower-case letters and digits of any script, joined by hyphens."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).lower())
    joined = "-".join(words)
    if len(joined) > SLUG_LENGTH:
        joined = joined[: SLUG_LENGTH + 1].rpartition("-")[0] or joined[:SLUG_LENGTH]
    return joined or "item"
