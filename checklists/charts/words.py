"""What a chart shows, in words: the label that a screen reader speaks."""

from __future__ import annotations

from checklists.charts.canvas import Numbers
from readiness.engine.outcome import quantity

SPOKEN = 30


def label(numbers: Numbers) -> str:
    """The chart's numbers and its limit in one sentence."""
    told = {"bars": _bars, "histogram": _histogram, "matrix": _matrix, "line": _line}[numbers.kind](numbers)
    needs = f"; needs {numbers.limit.words(numbers.unit)}" if numbers.limit else ""
    return f"{told}{needs}"


def _listed(parts: list[str]) -> str:
    more = len(parts) - SPOKEN
    return ", ".join(parts[:SPOKEN]) + (f" and {more} more" if more > 0 else "")


def _bars(numbers: Numbers) -> str:
    pairs = zip(numbers.data["labels"], numbers.data["values"], strict=True)
    return _listed([f"{name} {quantity(value, numbers.unit)}" for name, value in pairs])


def _histogram(numbers: Numbers) -> str:
    edges, unit = numbers.data["edges"], numbers.unit
    values = quantity(sum(numbers.data["counts"]))
    spread = f"{values} values from {quantity(edges[0], unit)} to {quantity(edges[-1], unit)}"
    marks = [f"{name} {quantity(value, unit)}" for name, value in numbers.data.get("marks", {}).items()]
    return _listed([spread, *marks])


def _matrix(numbers: Numbers) -> str:
    labels = numbers.data["labels"]
    rows = [
        f"true {name}: {quantity(row[i])} of {quantity(sum(row))} right"
        for i, (name, row) in enumerate(zip(labels, numbers.data["rows"], strict=True))
    ]
    return _listed(rows)


def _line(numbers: Numbers) -> str:
    told = [
        f"{name} from {quantity(values[0], numbers.unit)} to {quantity(values[-1], numbers.unit)}"
        for name, values in numbers.data["series"].items()
    ]
    return _listed(told)
