"""Labelled paragraphs of an item: "**Verification**:", "**If unchecked**:", "**Good evidence**:" …"""

from __future__ import annotations

import re
from enum import Enum

_BOLD = re.compile(r"(\*\*|__)(?P<name>[^*_\n]{1,80}?)(?P<colon>:?)\1\s*(?P<after>:?)\s*")
_PLAIN = re.compile(
    r"(?P<name>if unchecked|if skipped|verification|remediation|good evidence)\s*:\s*", re.IGNORECASE
)


class Part(Enum):
    """Where a paragraph of an item goes."""

    GUIDANCE = "guidance"
    VERIFICATION = "verification"
    EVIDENCE = "evidence"
    REMEDIATION = "remediation"


_PARTS = (
    (
        Part.REMEDIATION,
        re.compile(r"if .+|remediation|resolution|(?:how to )?(?:resolve|fix)(?: it)?", re.IGNORECASE),
    ),
    (Part.VERIFICATION, re.compile(r"verification|verify|how to (?:verify|check)(?: it)?", re.IGNORECASE)),
    (Part.EVIDENCE, re.compile(r"(?:what )?good evidence(?: looks like)?|evidence|expected", re.IGNORECASE)),
    (Part.GUIDANCE, re.compile(r"why(?: this matters)?|guidance", re.IGNORECASE)),
)


def label(line: str) -> tuple[Part, str] | None:
    """The part that a line's label opens and the text behind it, or None for a line without a label.

    A label nobody knows ("**Note**: …") is guidance and keeps its label.
    """
    match = _BOLD.match(line) or _PLAIN.match(line)
    if not match or ("colon" in match.groupdict() and not (match["colon"] or match["after"])):
        return None
    name = match["name"].strip()
    for part, pattern in _PARTS:
        if pattern.fullmatch(name):
            return part, line[match.end() :]
    return Part.GUIDANCE, line
