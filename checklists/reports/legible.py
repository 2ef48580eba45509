"""Texts of people made fit for print: what cannot be seen, or would turn the text around, is spelled out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Any

OBSERVED_LENGTH = 240

LONGEST = 1200
MOST_MARKS = 4
# Letters join or stay apart by these two in Persian and Indic scripts.
_JOINERS = "\u200c\u200d"
_MARKS = {"Mn", "Me"}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)([+-]\d\d:\d\d)")
_MOMENTS = {"at", "signed_at", "frozen_at"}


def legible(value: Any, key: str = "") -> Any:
    """Plain data with every string made legible; moments get a blank between date, time and offset."""
    if isinstance(value, dict):
        return {k: legible(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [legible(v) for v in value]
    if not isinstance(value, str):
        return value
    if key in _MOMENTS and (found := _MOMENT.fullmatch(value)):
        return " ".join(found.groups())
    return plain(value)


def _harmless(text: str) -> bool:
    """Whether a text is shown as it stands: the usual case, told without looking at every character."""
    if not text.isprintable():
        return False
    return text.isascii() or (
        unicodedata.is_normalized("NFC", text) and _MARKS.isdisjoint(map(unicodedata.category, text))
    )


def plain(text: str, longest: int = LONGEST) -> str:
    """At most `longest` characters; control and format characters as `[U+202E]`, line ends kept."""
    more = len(text) - longest
    kept = text if more <= 0 else text[:longest]
    if not _harmless(kept):
        kept = "".join(_seen(unicodedata.normalize("NFC", kept).replace("\r\n", "\n")))
    return kept if more <= 0 else f"{kept}… ({more} more characters in report.json)"


def _seen(text: str) -> Iterator[str]:
    for is_mark, run in groupby(text, key=lambda c: unicodedata.category(c) in _MARKS):
        characters = list(run)
        if is_mark:
            # A pile of marks would cover the lines above and below.
            yield from characters[:MOST_MARKS]
            continue
        for character in characters:
            yield _one(character)


def _one(character: str) -> str:
    if character == "\n" or character in _JOINERS:
        return character
    if character == "\t":
        return " "
    if character == "\u00ad":
        return ""
    if unicodedata.category(character) in _HIDDEN:
        return f"[U+{ord(character):04X}]"
    return character


def legibly(text: str, length: int = OBSERVED_LENGTH) -> str:
    """At most that many characters of a text of anybody; what would hide or turn it is spelled out."""
    return plain(shorten(text, length), length)


def shorten(text: str, length: int = OBSERVED_LENGTH) -> str:
    """At most that many characters, cut with an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
