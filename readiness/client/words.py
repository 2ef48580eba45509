"""Text of a server on a terminal."""

from __future__ import annotations


def legible(text: str) -> str:
    """One line of printable text; anything else as escapes. Not the engine's: its module loads too much."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:4000])
