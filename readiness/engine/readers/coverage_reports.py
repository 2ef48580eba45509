"""Coverage reports, counted again: what a report states about itself must agree with its own rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from readiness.engine.errors import BadContent

ROUNDING = 0.0051  # rates are written with two decimals or more
_AGAIN = "Write the report again; do not edit it."


@dataclass(slots=True)
class Counts:
    """Lines and branches of one package: how many there are, and how many were reached."""

    lines: int = 0
    covered: int = 0
    branches: int = 0
    taken: int = 0

    def add(self, other: Counts) -> None:
        """Take in the counts of a part."""
        self.lines += other.lines
        self.covered += other.covered
        self.branches += other.branches
        self.taken += other.taken

    @property
    def line_rate(self) -> float | None:
        """Lines reached in per cent; None without lines."""
        return 100 * self.covered / self.lines if self.lines else None

    @property
    def branch_rate(self) -> float | None:
        """Branches taken in per cent; None without branches."""
        return 100 * self.taken / self.branches if self.branches else None


@dataclass(slots=True)
class Report:
    """Packages (or folders) by name, and the format that was read."""

    format: str
    packages: dict[str, Counts] = field(default_factory=dict)
    files: int = 0

    def add(self, package: str, counts: Counts) -> None:
        """Take in one source file of a package."""
        self.files += 1
        self.packages.setdefault(package or ".", Counts()).add(counts)

    @property
    def total(self) -> Counts:
        """The sum over all packages."""
        total = Counts()
        for counts in self.packages.values():
            total.add(counts)
        return total


def folder(path: str) -> str:
    """The package of a source file: its folders with dots, "." for none."""
    return ".".join(part for part in path.replace("\\", "/").split("/")[:-1] if part not in ("", ".")) or "."


def same_count(file: str, what: str, stated: int, counted: int) -> None:
    """Raise BadContent when a stated count is not that of the rows."""
    if stated != counted:
        raise BadContent(f"{file} states {stated} {what}, its rows show {counted}.", _AGAIN)


def same_rate(file: str, what: str, stated: str | None, part: int, whole: int) -> None:
    """Raise BadContent when a stated fraction is none, or not that of the rows; None is not stated."""
    if stated is None:
        return
    try:
        rate = float(stated)
    except ValueError:
        rate = math.nan
    if not 0 <= rate <= 1:
        raise BadContent(f"{file}: {what} is {stated[:40]!r}, expected a fraction from 0 to 1.", _AGAIN)
    if whole and abs(rate - part / whole) > ROUNDING:
        raise BadContent(f"{file} states {what} {rate:.4g}, its rows show {part / whole:.4g}.", _AGAIN)
