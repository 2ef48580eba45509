"""What counts as said: a name or a text, not a word that stands for one."""

from __future__ import annotations

import re
import unicodedata

from readiness.engine.guard import legible

_MARKS = "<>[](){}\"'`*.:_ "
_STANDS_FOR = frozenset(
    (
        "to be defined", "to be determined", "to be decided", "to be announced", "tba", "tbc", "tbd", "todo",
        "n/a", "n.a", "na", "none", "null", "nil", "nn", "n.n", "not applicable", "not available", "unknown",
        "pending", "waiting", "awaiting", "later", "placeholder", "x", "xx", "xxx", "fixme", "undefined",
        "changeme", "unassigned",
    )
)  # fmt: skip
_NOBODY = frozenset(
    (
        "someone", "somebody", "anyone", "anybody", "nobody", "no one", "no-one", "anonymous", "approver",
        "name", "your name", "first last", "test", "foo", "bar", "example", "user", "open", "person", "me",
    )
)  # fmt: skip
# "TBD (security)" and "pending: Ada" are announcements, not names
_ANNOUNCED = re.compile(r"(?:tbd|tba|tbc|todo|fixme|pending|awaiting)\b")
APPROVE = frozenset(("approve", "approved"))
DECLINE = frozenset(("decline", "declined", "reject", "rejected", "denied"))
PASSED = frozenset(("passed", "pass", "success", "successful", "succeeded", "ok"))
FAILED = frozenset(("failed", "fail", "failure", "unsuccessful", "error"))
LONGEST = 120


def real(text: str) -> bool:
    """Whether a text says something: "TBD", "n/a", "-", "pending" and a text without letters do not."""
    plain = same(text).strip(_MARKS)
    if not any(c.isalnum() for c in plain):
        return False
    return plain not in _STANDS_FOR


def person(name: str) -> bool:
    """Whether a text names somebody: it is real, and neither "someone", "approver" nor "TBD (security)"."""
    plain = same(name).strip(_MARKS)
    return real(name) and plain not in _NOBODY and not _ANNOUNCED.match(plain)


def same(name: str) -> str:
    """A name as names are compared: case, width of characters and blanks do not count."""
    kept = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    return " ".join(kept.casefold().split())


def word(text: str) -> str:
    """A single word such as an outcome, as it is compared."""
    return same(text).replace("_", "-")


def role(name: str) -> str:
    """A role as it is compared: "Technical Lead" is "technical-lead"."""
    return "-".join(same(name).replace("_", " ").replace("-", " ").split())


def shown(text: str) -> str:
    """A text from a file inside a message: one line, short, printable."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return legible(cut)


def listed(names: list[str], most: int = 5) -> str:
    """`a, b and 3 more`."""
    kept = ", ".join(shown(name) for name in names[:most])
    return f"{kept} and {len(names) - most} more" if len(names) > most else kept
