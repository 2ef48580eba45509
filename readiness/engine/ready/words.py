"""What a producer's word means: passed, warned, failed, skipped; anything else is unknown, never a pass."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any


class Word(StrEnum):
    """The meaning of a status. TWO: the value says two things at once."""

    PASS = "pass"  # noqa: S105  # not a password
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    UNKNOWN = "unknown"
    TWO = "two things"


_VOCABULARY = {
    Word.PASS: "pass passed passes passing ok okay success succeeded successful ship ready approved approve"
    " accept accepted go green true yes y valid clean verified healthy compliant nocontamination",
    Word.WARN: "warn warning warnings warned investigate review needsreview conditional amber yellow",
    Word.FAIL: "fail failed fails failing failure error errored dontship donotship noship nogo reject"
    " rejected block blocked notready unready denied red false no n invalid contractfail toolerror"
    " tampered dirty contaminated leaked timeout timedout crashed aborted cancelled unsafe broken",
    Word.SKIP: "skip skipped notrun notapplicable na pending disabled incomplete inprogress running queued",
}
_WORDS = {word: meaning for meaning, words in _VOCABULARY.items() for word in words.split()}
KEYS = (
    "status", "passed", "recommendation", "decision", "verdict", "result", "outcome", "state",
    "ok", "success", "valid", "approved", "ship",
)  # fmt: skip
_DEPTH = 8


def read(value: Any, depth: int = 0) -> Word:
    """The meaning of a word, a boolean, an object that carries one, or a list of such."""
    if isinstance(value, bool):
        return Word.PASS if value else Word.FAIL
    if isinstance(value, str):
        return _WORDS.get("".join(c for c in value.casefold() if c.isalnum()), Word.UNKNOWN)
    if depth > _DEPTH:
        return Word.UNKNOWN
    if isinstance(value, dict):
        return together(read(value[key], depth + 1) for key in KEYS if key in value)
    if isinstance(value, list):
        return together(read(entry, depth + 1) for entry in value)
    return Word.UNKNOWN


def together(meanings: Iterable[Word]) -> Word:
    """One meaning of several that speak of the same thing; none at all is unknown."""
    seen = set(meanings)
    if Word.TWO in seen or (Word.FAIL in seen and seen & {Word.PASS, Word.WARN}):
        return Word.TWO
    for meaning in (Word.FAIL, Word.UNKNOWN, Word.SKIP, Word.WARN, Word.PASS):
        if meaning in seen:
            return meaning
    return Word.UNKNOWN
