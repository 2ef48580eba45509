"""A sheet as GitHub workflow commands: each line becomes an annotation of the job.

GitHub shows at most 10 of each level per step and drops the rest without a word, so the tenth says how
many there are.
"""

from __future__ import annotations

from collections.abc import Sequence

from readiness.engine.outcome import Outcome
from readiness.engine.render.places import legible, place
from readiness.engine.render.sheet import Line, Sheet

SHOWN = 10
_LEVELS = {
    Outcome.ERROR: "error",
    Outcome.FAIL: "error",
    Outcome.WARN: "warning",
    Outcome.SKIP: "notice",
}


def render(sheet: Sheet) -> str:
    """`::error file=…,line=…,title=…::…` per check that did not pass; empty when all passed."""
    commands: list[str] = []
    for level in dict.fromkeys(_LEVELS.values()):
        lines = [line for line in sheet.lines if _LEVELS.get(line.outcome) == level]
        commands += _level(sheet, level, lines)
    return "\n".join(commands)


def _level(sheet: Sheet, level: str, lines: Sequence[Line]) -> list[str]:
    shown = lines if len(lines) <= SHOWN else lines[: SHOWN - 1]
    commands = [_command(sheet, level, line) for line in shown]
    if len(shown) < len(lines):
        rest = f"{len(lines) - len(shown)} more of {len(lines)} are in the report."
        commands.append(f"::{level} title={_property(sheet.title)}::{_data(rest)}")
    return commands


def _command(sheet: Sheet, level: str, line: Line) -> str:
    said = {"file": place(sheet, line).path}
    if line.at_line is not None:
        said["line"] = str(line.at_line)
    said["title"] = f"{line.title} ({line.kind})"
    properties = ",".join(f"{name}={_property(value)}" for name, value in said.items())
    return f"::{level} {properties}::{_data(line.told)}"


def _data(text: str) -> str:
    """Percent, line ends and other control characters escaped, as the runner decodes them or shows them."""
    kept = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return legible(kept)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
