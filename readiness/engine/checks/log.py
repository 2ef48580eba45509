"""`log`: a log says that the work ended, and nothing in it says that it went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import re2

from readiness.engine.errors import NotFound, ParameterError
from readiness.engine.outcome import Chart, Finding, Limit, Measurement, judged
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory, decode

LIMIT = 1 << 30
MAX_SHOWN = 3
MAX_POINTS = 2000
# What a training log says when it went wrong. Words around "nan" keep "finance" and "no NaN" out.
TRAINING_FAULTS = {
    "a loss that is not a number": r"(?i)\b(?:loss|acc|accuracy|grad\w*)\b\s*[=:]\s*[-+]?(?:nan|inf)\b",
    "a traceback": r"^\s*Traceback \(most recent call last\)",
    "out of memory": r"(?i)(?:\bout of memory\b|\bOutOfMemoryError\b|\bMemoryError\b|\bOOM[- ]?kill)",
    "a killed process": r"(?i)(?:\bsegmentation fault\b|\bcore dumped\b|^\s*Killed\s*$|\bSIGKILL\b)",
    "an error": r"\b(?:ERROR|CRITICAL|FATAL)\b",
}


class LogParams(Params):
    """Patterns (RE2): each of `must` has to match a line, none of `must_not` may.

    `ends_with` has to match within the last `within` lines; named groups `epoch` and `epochs` are shown.
    `training` adds the faults of trainings; `series` has named groups of numbers per line, drawn as a chart.
    """

    file: str
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    ends_with: str | None = None
    within: int = 20
    training: bool = False
    series: str | None = None


@dataclass(slots=True)
class _Read:
    lines: int = 0
    matched: set[str] = field(default_factory=set)
    ended: Any = None
    ended_line: int = 0
    faults: list[str] = field(default_factory=list)
    points: list[dict[str, float]] = field(default_factory=list)


@check("log", title="A log ends well")
def log(want: LogParams, run: RunDirectory) -> Finding:
    """Reads a log line by line: it must hold certain lines, must not hold others, and must end well.

    With `training: true` it fails on losses that are not numbers, tracebacks, out-of-memory, killed
    processes and lines of level ERROR or worse. `ends_with` must match near the end, so that a run which
    was started again and crashed does not pass on its earlier success. Patterns take linear time (RE2: no
    look-around, no back-references). Read the named lines in the log, correct the cause, run again.

    ```yaml check
    log: {file: results/production/training.log, ends_with: "Training complete", training: true}
    ```
    """
    patterns = {p: _compiled(p) for p in (*want.must, *want.must_not)}
    faults = {name: _compiled(p) for name, p in TRAINING_FAULTS.items()} if want.training else {}
    faults |= {f"“{p}”": patterns[p] for p in want.must_not}
    read = _read(want, run, {p: patterns[p] for p in want.must}, faults)
    if not read.lines:
        raise NotFound(f"{want.file} is empty.", "Write the log of the run there.")
    measured = [_ending(want, read)] if want.ends_with else []
    measured += [
        Measurement(
            name=f"Says “{p}”", value=p in read.matched, limit=Limit("==", True), source=want.file
        )  # a value
        for p in want.must
    ]
    if faults:
        measured.append(
            Measurement(name="Faults", value=len(read.faults), limit=Limit("==", 0), source=want.file)
        )
    measured.append(Measurement(name="Lines", value=read.lines, source=want.file))
    return judged(
        measured,
        _message(want, read, measured),
        charts=_charts(read),
        details={"faults": read.faults[:100]},
        advice="Read the named lines in the log, correct their cause and run again.",
    )


def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ParameterError(
            f"The pattern {pattern!r} is not usable: {error}.",
            "Patterns are RE2: no look-around, no back-references.",
        ) from None


def _lines(run: RunDirectory, file: str) -> Iterator[str]:
    # Splits on line ends and carriage returns: progress bars rewrite their line.
    text = decode(run.read_bytes(file, LIMIT), file)
    yield from (line for line in text.replace("\r", "\n").split("\n") if line.strip())


def _read(want: LogParams, run: RunDirectory, must: dict[str, Any], faults: dict[str, Any]) -> _Read:
    read = _Read()
    ending = _compiled(want.ends_with) if want.ends_with else None
    series = _compiled(want.series) if want.series else None
    for line in _lines(run, want.file):
        read.lines += 1
        read.matched |= {p for p, compiled in must.items() if p not in read.matched and compiled.search(line)}
        fault = next((name for name, compiled in faults.items() if compiled.search(line)), None)
        if fault and len(read.faults) < 1000:  # enough to show
            read.faults.append(f"line {read.lines}: {fault}: {line.strip()[:160]}")
        if ending and (found := ending.search(line)):
            read.ended, read.ended_line = found, read.lines
        if series and len(read.points) < MAX_POINTS and (point := series.search(line)):
            read.points.append(_numbers(point))
    return read


def _numbers(match: Any) -> dict[str, float]:
    found = {}
    for name, text in match.groupdict().items():
        try:
            found[name] = float(text)
        except (TypeError, ValueError):
            continue
    return found


def _ending(want: LogParams, read: _Read) -> Measurement:
    near = bool(read.ended) and read.ended_line > read.lines - want.within
    where = f"{want.file} · line {read.ended_line} of {read.lines}" if read.ended else want.file
    return Measurement(
        name=f"Ends with “{want.ends_with}”", value=near, limit=Limit("==", True), source=where
    )  # a value


def _message(want: LogParams, read: _Read, measured: list[Measurement]) -> str:
    if read.faults:
        more = f" and {len(read.faults) - MAX_SHOWN} more" if len(read.faults) > MAX_SHOWN else ""
        return f"{want.file} shows {'; '.join(read.faults[:MAX_SHOWN])}{more}"
    missing = [m.name for m in measured if m.ok is False]
    if missing:
        if read.ended and not (read.ended_line > read.lines - want.within):
            return f"{want.file} says “{want.ends_with}” at line {read.ended_line}, but {read.lines - read.ended_line} lines follow"
        said = ", ".join(m.replace("Ends with ", "").replace("Says ", "") for m in missing)
        return f"{want.file} does not say {said} ({read.lines} lines read)"
    clean = "; no NaN, traceback or out-of-memory" if want.training else ""
    return (
        f"Log ends with “{want.ends_with}”{_epochs(read)}{clean}"
        if want.ends_with
        else f"{read.lines} log lines{clean}"
    )


def _epochs(read: _Read) -> str:
    groups = read.ended.groupdict() if read.ended else {}
    if not groups.get("epoch"):
        return ""
    return f" at epoch {groups['epoch']}" + (f" of {groups['epochs']}" if groups.get("epochs") else "")


def _charts(read: _Read) -> list[Chart]:
    names = list(dict.fromkeys(name for point in read.points for name in point if name != "epoch"))
    full = [p for p in read.points if all(n in p for n in names) and "epoch" in p]
    if len(full) < 2 or not names:  # a line needs two points
        return []
    series = {name: [p[name] for p in full] for name in names}
    return [
        Chart(
            kind="line", title="Training by epoch", data={"x": [p["epoch"] for p in full], "series": series}
        )
    ]
