"""What the formats of code hosts share: the place of a check, and an identity that outlives its values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from readiness.engine.render.sheet import Line, Sheet


@dataclass(frozen=True, slots=True)
class Place:
    """A file, or the run itself when no file was read. `inside`: it lies beneath the repository's root."""

    path: str
    inside: bool

    @property
    def uri(self) -> str:
        """A URI reference: relative for a place inside, else `file://…`."""
        return (
            quote(self.path, errors="backslashreplace")
            if self.inside
            else f"file://{quote(self.path, errors='backslashreplace')}"
        )


def place(sheet: Sheet, line: Line) -> Place:
    """The first file that the check read."""
    root = PurePosixPath(sheet.run_path or ".")
    path = root / line.files[0] if line.files else root
    return Place(path.as_posix(), inside=not path.is_absolute())


def fingerprint(sheet: Sheet, line: Line) -> str:
    """The same check of the same place is one finding, whatever it measures next time."""
    told = f"{line.name}\n{place(sheet, line).path}"
    return hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()


def legible(text: str) -> str:
    """Text with control characters and lone surrogates as visible escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
