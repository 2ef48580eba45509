"""One flat form for every report of checks, so that each output format is written once.

`readiness check` and `readiness ready` each make a Sheet; JUnit, SARIF, the Markdown summary and the
annotations are functions of a Sheet and know nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from readiness.engine.outcome import Measurement, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One executed check. `name` is stable and unique in its sheet; `group` and `title` are for people;
    `kind` names the rule. `files` are the paths beneath the run that were read; `at_line` is the 1-based
    line in the first of them, or None.
    """

    name: str
    group: str
    title: str
    kind: str
    outcome: Outcome
    message: str
    advice: str = ""
    measurements: tuple[Measurement, ...] = ()
    files: tuple[str, ...] = ()
    at_line: int | None = None
    duration_s: float = 0.0

    @property
    def judged(self) -> list[Measurement]:
        """The measurements that have a limit, those that break it first."""
        return sorted((m for m in self.measurements if m.limit), key=lambda m: m.ok is not False)

    @property
    def told(self) -> str:
        """Message and advice as sentences on one line."""
        end = "" if self.message[-1:] in ".!?…" else "."
        return f"{self.message}{end} {self.advice}" if self.advice else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All checks of one run in document order. `run_path` is the run directory as the caller wrote it,
    so that places in it can be named from the repository's root; `left` are items that wait for people.
    `helps` explains a kind in Markdown. `exit_code` is the process's own when flags such as `--strict`
    decide it; None: what `overall` says.
    """

    title: str
    run_id: str
    run_path: str
    overall: Outcome
    lines: tuple[Line, ...]
    left: tuple[str, ...] = ()
    helps: Mapping[str, str] = field(default_factory=dict)
    exit_code: int | None = None

    @property
    def code(self) -> int:
        """The exit code of the run: 0 ready, 1 not ready, 3 a check broke and nothing failed."""
        if self.exit_code is not None:
            return self.exit_code
        if self.overall is Outcome.ERROR:
            return 3
        return 0 if self.overall.passes else 1
