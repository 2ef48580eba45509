"""One requirement of an environment, whatever file it comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass

_USER = re.compile(r"(?<=://)[^/@\s]+@")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement as written (passwords in links left out), with its place.

    `pinned`: one exact version, hash or commit; `version` is that version without its local part ("+cpu"),
    "" for a hash, a commit or a range. `when` is its marker ("python_version < '3.12'").
    """

    name: str
    text: str
    file: str
    line: int
    pinned: bool
    version: str = ""
    when: str = ""


def without_user(text: str) -> str:
    """The text without user names, passwords and tokens in links."""
    return _USER.sub("…@", text)


def is_commit(text: object) -> bool:
    """Whether a text is a full commit, not a branch, a tag or an abbreviation."""
    return isinstance(text, str) and bool(_COMMIT.fullmatch(text))


def public(version: str) -> str:
    """A version without its local part."""
    return version.partition("+")[0]
