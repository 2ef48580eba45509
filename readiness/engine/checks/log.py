"""`log`: a log says that the work ended, and nothing in it says that it went wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from readiness.engine.errors import NotFound
from readiness.engine.outcome import Chart, Finding, Limit, Measurement, judged
from readiness.engine.readers import lines
from readiness.engine.readers.lines import Block, Finder, Line
from readiness.engine.readers.patterns import Faults, Work, compiled
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

MAX_SHOWN = 3
MAX_KEPT = 100
MAX_COUNTED = 100_000
MAX_POINTS = 2000


class LogParams(Params, frozen=True):
    """Patterns (RE2): each of `must` has to match a line, none of `must_not` may.

    `ends_with` has to match one of the last `within` lines. `training` adds the faults of trainings;
    `series` has named groups of numbers per line (`epoch` is the horizontal axis), drawn as a chart.
    """

    file: str
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    ends_with: str | None = None
    within: int = 20
    training: bool = False
    series: str | None = None

    def __post_init__(self) -> None:
        if not (self.must or self.must_not or self.ends_with or self.training):
            raise ValueError("it needs `must`, `must_not`, `ends_with` or `training`")
        for pattern in (*self.must, *self.must_not, self.ends_with, self.series):
            if pattern is not None:
                compiled(pattern)


@check("log", title="A log ends well")
def log(want: LogParams, run: RunDirectory) -> Finding:
    """Reads a log line by line: it must hold certain lines, must not hold others, and must end well.

    With `training: true` it fails on losses that are not numbers, tracebacks, out-of-memory, killed
    processes and lines of level ERROR or worse. `ends_with` must match near the end, with no epoch and no
    line of the `series` after it, so that a run which was started again and crashed does not pass on its
    earlier success.
    Patterns take linear time (RE2: no look-around, no back-references). Read the named lines in the log,
    correct the cause, run again.

    ```yaml check
    log: {file: results/production/training.log, ends_with: "Training complete", training: true}
    ```
    """
    seen = _Seen(want)
    with run.open(want.file) as opened:
        for block in lines.blocks(opened):
            seen.read(block)
    if not seen.last_line:
        raise NotFound(f"{want.file} is empty.", "Write the log of the run there.")
    measured = [*seen.measurements(), Measurement(name="Lines", value=seen.last_line, source=want.file)]
    return judged(
        measured,
        _message(want, seen),
        charts=_charts(seen.points),
        details={"faults": seen.faults},
        advice="Read the named lines in the log, correct their cause and run again.",
    )


class _Seen:
    """What was found so far. Line numbers are 0 for none; `after` counts lines behind the ending."""

    def __init__(self, want: LogParams) -> None:
        self.want = want
        self.last_line = 0
        self.ending, self.ending_line, self.resumed_line, self.after = "", 0, 0, 0
        self.faults: list[str] = []
        self.fault_count = self.fault_line = 0
        self.points: list[dict[str, float]] = []
        self.missing = {p: (compiled(p), Finder(p)) for p in want.must}
        self._fault = Faults({f"“{p}”": p for p in want.must_not}, training=want.training)
        self._fault_finders = [Finder(p) for p in self._fault.patterns]
        self._ending = _searched(want.ends_with)
        self._series = _searched(want.series)
        self._work = (Work(), Finder(Work.pattern)) if want.training and self._ending else None
        self._read_from = 0

    def read(self, block: Block) -> None:
        """Judge a block of lines."""
        self._read_from = 0
        for line in lines.matching(block, self._finders):
            self.add(line)
        if self.ending_line and self.after < self.want.within:
            self.after += block.filled(self._read_from, self.want.within)
        if (last := block.last()) >= block.number:
            self.last_line = last

    def _finders(self) -> Iterator[Finder]:
        """What the next lines are searched for, given what was found before them."""
        yield from (finder for _, finder in self.missing.values())
        if self.fault_count < MAX_COUNTED:
            yield from self._fault_finders
        if self._ending:
            yield self._ending[1]
        if self._series and (self.ending_line or len(self.points) < MAX_POINTS):
            yield self._series[1]
        if self._work and self.ending_line:
            yield self._work[1]

    def add(self, line: Line) -> None:
        """Judge one line."""
        for pattern in [p for p, (found, _) in self.missing.items() if found.search(line.text)]:
            del self.missing[pattern]
        fault = self._fault.find(line.text) if self.fault_count < MAX_COUNTED else None
        if fault and line.number != self.fault_line:
            self._note(fault, line)
        if self._series and (point := self._series[0].search(line.text)):
            self.resumed_line = line.number
            if len(self.points) < MAX_POINTS:
                self.points.append(_numbers(point.groupdict()))
        if self.ending_line and self._work and self._work[0].find(line.text):
            self.resumed_line = line.number
        if self._ending and (end := self._ending[0].search(line.text)):
            self.ending, self.ending_line = end[0].strip()[:120], line.number
            self.resumed_line, self.after, self._read_from = 0, 0, line.end

    def _note(self, fault: str, line: Line) -> None:
        self.fault_count, self.fault_line = self.fault_count + 1, line.number
        if len(self.faults) < MAX_KEPT:
            self.faults.append(f"line {line.number}: {fault}: {line.text.strip()[:160]}")

    @property
    def ended(self) -> bool:
        """Whether the ending stands among the last lines, and the work did not go on after it."""
        return bool(self.ending_line) and self.after < self.want.within and not self.resumed_line

    def measurements(self) -> list[Measurement]:
        """Ending, wanted lines and faults, as far as the parameters ask for them."""
        file, yes = self.want.file, Limit("==", True)
        where = f"{file} · line {self.ending_line}" if self.ending_line else file
        measured = [
            Measurement(name=f"Says “{p}”", value=p not in self.missing, limit=yes, source=file)
            for p in self.want.must
        ]
        if self._ending:
            ending = Measurement(
                name=f"Ends with “{self.ending or self.want.ends_with}”",
                value=self.ended,
                limit=yes,
                source=where,
            )
            measured.insert(0, ending)
        if self.want.training or self.want.must_not:
            measured.append(
                Measurement(name="Faults", value=self.fault_count, limit=Limit("==", 0), source=file)
            )
        return measured


def _searched(pattern: str | None) -> tuple[Any, Finder] | None:
    return None if pattern is None else (compiled(pattern), Finder(pattern))


def _numbers(groups: Mapping[str, str | None]) -> dict[str, float]:
    found = {}
    for name, text in groups.items():
        try:
            value = float(text or "")
        except ValueError:
            continue
        if math.isfinite(value):
            found[name] = value
    return found


def _message(want: LogParams, seen: _Seen) -> str:
    if seen.faults:
        least = "at least " if seen.fault_count == MAX_COUNTED else ""
        more = f" and {least}{seen.fault_count - MAX_SHOWN} more" if seen.fault_count > MAX_SHOWN else ""
        return f"{want.file} shows {'; '.join(seen.faults[:MAX_SHOWN])}{more}"
    if seen.missing:
        said = ", ".join(f"“{p}”" for p in seen.missing)
        return f"{want.file} does not say {said} ({seen.last_line} lines read)"
    if want.ends_with is not None and not seen.ended:
        return f"{want.file} {_bad_ending(want, seen)}"
    clean = "; no NaN, traceback or out-of-memory" if want.training else ""
    return f"Log ends with “{seen.ending}”{clean}" if seen.ending else f"{seen.last_line} log lines{clean}"


def _bad_ending(want: LogParams, seen: _Seen) -> str:
    if not seen.ending_line:
        return f"does not end with “{want.ends_with}” ({seen.last_line} lines read)"
    said = f"says “{seen.ending}” at line {seen.ending_line}, but"
    if seen.resumed_line:
        return f"{said} the work goes on until line {seen.resumed_line}"
    return f"{said} goes on until line {seen.last_line}; expected within the last {want.within} lines"


def _charts(points: list[dict[str, float]]) -> list[Chart]:
    names = list(dict.fromkeys(name for point in points for name in point if name != "epoch"))
    full = [p for p in points if all(n in p for n in names) and "epoch" in p]
    if len(full) < 2 or not names:  # a line needs two points
        return []
    data = {"x": [p["epoch"] for p in full], "series": {name: [p[name] for p in full] for name in names}}
    return [Chart(kind="line", title="Training by epoch", data=data)]
