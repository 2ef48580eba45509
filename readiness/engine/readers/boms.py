"""Bills of materials as one value, whatever format they come in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

_SEPARATORS = re.compile(r"[-_.]+")
_WORD = re.compile(r"[A-Za-z0-9.+:-]+")
_OPERATORS = frozenset({"AND", "OR", "WITH"})


@dataclass(frozen=True, slots=True)
class Component:
    """One part: licences as SPDX ids, expressions or names; `hashes` is how many digests it has."""

    name: str
    version: str = ""
    purl: str = ""
    licences: tuple[str, ...] = ()
    hashes: int = 0

    @property
    def folded(self) -> str:
        """The name as Python compares it: lower case, one dash for any separator."""
        return _SEPARATORS.sub("-", self.name).lower()


@dataclass(frozen=True, slots=True)
class Bom:
    """Format ("CycloneDX", "SPDX") and its version, what is described, and its parts without files."""

    format: str
    version: str
    primary: Component | None
    components: tuple[Component, ...]


def distinct(components: Iterable[Component]) -> tuple[Component, ...]:
    """Components without repetitions, in order."""
    return tuple(dict.fromkeys(components))


def denied(component: Component, patterns: Iterable[str]) -> str:
    """The first licence that a pattern (`GPL-*`) denies, or "".

    A choice (`MIT OR GPL-3.0-only`) is denied only when every alternative is.
    """
    lowered = [pattern.lower() for pattern in patterns]
    return next((each for each in component.licences if _is_denied(each, lowered)), "")


def _is_denied(licence: str, patterns: list[str]) -> bool:
    if "(" in licence or " AND " in licence:
        return _names_one(licence, patterns)  # a choice within may be missed: that is the strict side
    return all(_names_one(choice, patterns) for choice in licence.split(" OR "))


def _names_one(text: str, patterns: list[str]) -> bool:
    words = [word for word in _WORD.findall(text) if word not in _OPERATORS]
    return any(fnmatchcase(each.lower(), p) for p in patterns for each in (*words, text.strip()))
