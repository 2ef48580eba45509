"""What linters report, as one list of issues with three levels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

LEVELS = ("error", "warning", "note")
AGAIN = "Write the report again, best as JSON or SARIF."


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding: `level` one of LEVELS, rule, path, 1-based line (0: none), text."""

    level: str
    rule: str
    path: str = ""
    line: int = 0
    text: str = ""

    @property
    def place(self) -> str:
        """The issue for a message: "F401 pkg/bad.py:1"."""
        where = f"{self.path[-120:]}:{self.line}" if self.line else self.path[-120:]
        return f"{self.rule[:60]} {where}".strip()


@dataclass(slots=True)
class Report:
    """A read report. `complete` is False where nothing in the file says that it ends there.

    `looked_at` counts files, modules or lines where the tool says so; `suppressed` issues are not among the
    others.
    """

    tool: str
    issues: list[Issue] = field(default_factory=list)
    complete: bool = True
    looked_at: int | None = None
    suppressed: int = 0

    def count(self, level: str) -> int:
        """Issues of one level."""
        return Counter(issue.level for issue in self.issues)[level]
