"""The history as text: a line per run, and below it what got worse."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.engine.guard import legible
from readiness.engine.ready.history import History, Past
from readiness.engine.ready.text import ICONS

_MOST_METRICS = 4


def format_history(value: History) -> str:
    """Lines of text, oldest run first; a run that got worse is marked with ↓."""
    return "\n".join(_lines(value))


def _lines(value: History) -> Iterator[str]:
    width = max(len(legible(run.run_id)) for run in value.runs)
    yield f"Readiness history: {len(value.runs)} run{'s' if len(value.runs) > 1 else ''}"
    yield ""
    for run in value.runs:
        yield from _run(run, width)
    summary = value.to_dict()["summary"]
    yield ""
    counts = ", ".join(f"{summary[key]} {key}" for key in ("passed", "warnings", "failed", "errors"))
    yield f"Summary: {counts}; {summary['regressions']} worse than the run before"
    if value.others:
        yield f"Not runs: {legible(', '.join(value.others[:5]))}"


def _run(run: Past, width: int) -> Iterator[str]:
    shown = list(run.metrics.items())[:_MOST_METRICS]
    numbers = "  ".join(f"{legible(name)} {number:.4g}" for name, number in shown)
    mark = "↓" if run.regressions else " "
    when = run.at.strftime("%Y-%m-%d %H:%M") if run.at.year > 1 else "-" * 16
    name = legible(run.run_id).ljust(width)
    yield f"{mark} {when}  {name}  {ICONS[run.status]} {run.status:<5}  {numbers}".rstrip()
    yield from (f"    ↓ {legible(text)}" for text in run.regressions)
    if run.problem:
        yield f"    {legible(run.problem)}"
