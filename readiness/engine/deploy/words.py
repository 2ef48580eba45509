"""What counts as said: a name or a text, not a word that stands for one."""

from __future__ import annotations

import re
import unicodedata

from readiness.engine.guard import legible

_MARKS = "<>[](){}\"'`*.:_-–—!?/#=~+,;| "
# Letters and marks that show nothing, beyond the format characters: a name of these is no name.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Without blanks and marks: "T.B.D." and "n / a" are found too.
_STANDS_FOR = frozenset(
    (
        "tobedefined", "tobedetermined", "tobedecided", "tobeannounced", "tobeconfirmed", "tba", "tbc", "tbd",
        "todo", "na", "none", "null", "nil", "nn", "notapplicable", "notavailable", "notyet", "notset",
        "unknown", "unspecified", "missing", "empty", "pending", "waiting", "awaiting", "later",
        "placeholder", "x", "xx", "xxx", "fixme", "undefined", "changeme", "unassigned",
    )
)  # fmt: skip
_NOBODY = frozenset(
    (
        "someone", "somebody", "anyone", "anybody", "nobody", "noone", "anonymous", "approver", "name",
        "yourname", "firstlast", "test", "foo", "bar", "example", "user", "open", "person", "me",
        "approve", "approved", "yes", "no", "ok", "okay", "true", "false", "ci", "bot", "automation",
    )
)  # fmt: skip
# "TBD (security)" and "pending: Ada" are announcements, not names
_ANNOUNCED = re.compile(r"(?:tbd|tba|tbc|todo|fixme|pending|awaiting)\b")
APPROVE = frozenset(("approve", "approved"))
DECLINE = frozenset(
    (
        "decline", "declined", "declines", "reject", "rejected", "rejects", "deny", "denied", "denies",
        "refuse", "refused", "refuses", "veto", "vetoed", "no", "no-go", "nack", "disapprove", "disapproved",
        "not approved", "not-approved", "object", "objects", "objected", "withdrawn", "revoked", "blocked",
    )
)  # fmt: skip
PASSED = frozenset(("passed", "pass", "success", "successful", "succeeded", "ok"))
FAILED = frozenset(("failed", "fail", "failure", "unsuccessful", "error"))
LONGEST = 120


def real(text: str) -> bool:
    """Whether a text says something: "TBD", "n/a", "-", "pending" and a text without letters do not."""
    bones = _bones(text)
    return bool(bones) and bones not in _STANDS_FOR


def person(name: str) -> bool:
    """Whether a text names somebody: it is real, and neither "someone" nor "7" nor "TBD (security)"."""
    bones = _bones(name)
    lettered = any(c.isalpha() for c in bones) or len(bones) > 2  # a staff number may be a name
    announced = _ANNOUNCED.match(same(name).strip(_MARKS))
    return real(name) and lettered and bones not in _NOBODY and not announced


def _bones(text: str) -> str:
    return "".join(c for c in same(text) if c.isalnum())


def same(name: str) -> str:
    """A name as names are compared: case, width of characters, blanks and what nobody sees do not count."""
    seen = _UNSEEN.sub("", unicodedata.normalize("NFKC", name))
    kept = "".join(c for c in seen if unicodedata.category(c) != "Cf")
    return " ".join(kept.casefold().split())


def word(text: str) -> str:
    """A single word such as an outcome, as it is compared."""
    return same(text).replace("_", "-")


def declines(text: str) -> bool:
    """Whether a decision says no, also with a mark behind it."""
    return word(text).strip(_MARKS) in DECLINE


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
