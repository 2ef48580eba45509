"""Where a check looked, as code hosts name files: from the repository's root."""

from __future__ import annotations

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
        return quote(self.path, errors="backslashreplace") if self.inside else f"file://{quote(self.path)}"


def place(sheet: Sheet, line: Line) -> Place:
    """The first file that the check read."""
    root = PurePosixPath(sheet.run_path or ".")
    path = root / line.files[0] if line.files else root
    return Place(path.as_posix(), inside=not path.is_absolute())
