"""The four shapes. Each draws on the canvas and sets its height."""

from __future__ import annotations

from checklists.charts.canvas import SERIES_STYLES, WIDTH, Canvas, Numbers, shorten
from readiness.engine.outcome import quantity

MAX_BARS = 40
MAX_CLASSES = 12
_LEFT, _RIGHT = 96.0, WIDTH - 64.0


def bars(canvas: Canvas, numbers: Numbers) -> None:
    """One horizontal bar for each label; the limit is a dashed line."""
    values, limit = list(numbers.data["values"]), _limit(numbers)
    low = min(0.0, *values, limit if limit is not None else 0.0)
    high = max(0.0, *values, limit if limit is not None else 0.0)
    scale = _Scale(low, high, _LEFT, _RIGHT)
    for row, value in enumerate(values[:MAX_BARS]):
        y = 6.0 + row * 22
        holds = numbers.limit is None or numbers.limit.holds(value)
        start, end = sorted((scale(0.0), scale(value)))
        name = shorten(str(numbers.data["labels"][row]), 14)
        canvas.text(_LEFT - 8, y + 12, name, anchor="end")
        canvas.rect(start, y, end - start, 16, "chart-bar" if holds else "chart-bad", rx="2")
        canvas.text(end + 6, y + 12, quantity(value, numbers.unit), ink="chart-strong")
    bottom = 6.0 + min(len(values), MAX_BARS) * 22
    canvas.rule(scale(0.0), 2, scale(0.0), bottom, "chart-axis")
    if numbers.limit is not None and limit is not None:
        canvas.rule(scale(limit), 2, scale(limit), bottom + 2, "chart-limit")
        words = f"needs {numbers.limit.words(numbers.unit)}"
        canvas.text(scale(limit), bottom + 14, words, anchor=_anchor(scale(limit)))
        bottom += 16
    if len(values) > MAX_BARS:
        canvas.text(_LEFT, bottom + 14, f"{len(values) - MAX_BARS} more not drawn")
        bottom += 16
    canvas.height = bottom + 4


def histogram(canvas: Canvas, numbers: Numbers) -> None:
    """Counts over a range; percentiles are dashed lines, a limit out of range is named at the right."""
    edges, counts = numbers.data["edges"], numbers.data["counts"]
    marks = dict(list(numbers.data.get("marks", {}).items())[:4])
    top, base = 8.0 + 15 * len(marks), 98.0 + 15 * len(marks)
    scale = _Scale(edges[0], edges[-1], 8.0, WIDTH - 8)
    tall = max(counts) or 1
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        height = (base - top) * count / tall
        canvas.rect(scale(left), base - height, scale(right) - scale(left) - 1, height, "chart-bar")
    canvas.rule(8, base + 0.5, WIDTH - 8, base + 0.5, "chart-axis")
    for row, (name, value) in enumerate(marks.items()):
        x = scale.clipped(value)
        canvas.rule(x, 4 + 15 * row, x, base, "chart-mark")
        anchor, shift = ("end", -5) if x > WIDTH * 0.6 else ("start", 5)
        canvas.text(x + shift, 14 + 15 * row, f"{name} {quantity(value, numbers.unit)}", anchor=anchor)
    canvas.text(8, base + 16, quantity(edges[0], numbers.unit))
    canvas.text(WIDTH - 8, base + 16, quantity(edges[-1], numbers.unit), anchor="end")
    _histogram_limit(canvas, numbers, scale, (top, base))
    canvas.height = base + 22


def _histogram_limit(canvas: Canvas, numbers: Numbers, scale: _Scale, span: tuple[float, float]) -> None:
    # `span` begins below the names of the marks: a dashed line through words makes neither legible.
    top, base = span
    limit = _limit(numbers)
    if numbers.limit is None or limit is None:
        return
    inside = scale.low <= limit <= scale.high
    if inside:
        canvas.rule(scale(limit), top, scale(limit), base, "chart-limit")
    words = f"needs {numbers.limit.words(numbers.unit)}"
    arrow = "" if inside else " →" if limit > scale.high else " ←"
    canvas.text(WIDTH / 2, base + 16, words + arrow, anchor="middle", ink="chart-strong")


def matrix(canvas: Canvas, numbers: Numbers) -> None:
    """True classes by row, predicted ones by column; the colour shows the part of the row."""
    labels = [str(name) for name in numbers.data["labels"]][:MAX_CLASSES]
    cell = min(44.0, (WIDTH - _LEFT - 8) / len(labels))
    canvas.text(_LEFT + cell * len(labels) / 2, 12, "predicted", anchor="middle")
    canvas.text(_LEFT - 8, 28, "true", anchor="end")
    for column, name in enumerate(labels):
        canvas.text(_LEFT + cell * (column + 0.5), 28, shorten(name, max(2, int(cell // 7))), anchor="middle")
    for row, name in enumerate(labels):
        y = 34 + cell * row
        canvas.text(_LEFT - 8, y + cell / 2 + 4, shorten(name, 12), anchor="end")
        counts = numbers.data["rows"][row]
        total = sum(counts) or 1
        for column, count in enumerate(counts[: len(labels)]):
            ink = "chart-bar" if row == column else "chart-bad"
            shade = 0.06 + 0.44 * max(count, 0) / total if count else 0.04
            x = _LEFT + cell * column
            canvas.rect(x + 1, y + 1, cell - 2, cell - 2, ink, **{"fill-opacity": f"{shade:.2f}", "rx": "2"})
            strong = "chart-strong" if count else "chart-text"
            canvas.text(x + cell / 2, y + cell / 2 + 4, quantity(count), anchor="middle", ink=strong)
    canvas.height = 40 + cell * len(labels)
    more = len(numbers.data["labels"]) - len(labels)
    if more > 0:
        canvas.text(_LEFT, canvas.height + 10, f"{more} more classes not drawn")
        canvas.height += 16


def line(canvas: Canvas, numbers: Numbers) -> None:
    """One line for each series over x; a legend names them, since colour alone says nothing."""
    x, series = numbers.data["x"], dict(list(numbers.data["series"].items())[:SERIES_STYLES])
    limit = _limit(numbers)
    every = [v for values in series.values() for v in values] + ([limit] if limit is not None else [])
    across = _Scale(x[0], x[-1], 60.0, WIDTH - 12)
    upward = _Scale(min(every), max(every), 120.0, 10.0)
    canvas.rule(60, 124, WIDTH - 12, 124, "chart-axis")
    for value in (min(every), max(every)):
        canvas.text(54, upward(value) + 4, quantity(value, numbers.unit), anchor="end")
    canvas.text(60, 139, quantity(x[0]))
    canvas.text(WIDTH - 12, 139, quantity(x[-1]), anchor="end")
    if numbers.limit is not None and limit is not None:
        canvas.rule(60, upward(limit), WIDTH - 12, upward(limit), "chart-limit")
    for row, (name, values) in enumerate(series.items()):
        ink = f"chart-line-{row}"
        canvas.path([(across(a), upward(b)) for a, b in zip(x, values, strict=True)], ink)
        y = 158.0 + 16 * row
        canvas.path([(60, y - 4), (84, y - 4)], ink)
        canvas.text(90, y, f"{shorten(name, 30)}: {quantity(values[-1], numbers.unit)} at the end")
    canvas.height = 158.0 + 16 * (len(series) - 1) + 8


class _Scale:
    """Maps a range of values to a range of places."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high = low, high if high > low else low + 1
        self._start, self._end = start, end

    def __call__(self, value: float) -> float:
        return self._start + (value - self.low) / (self.high - self.low) * (self._end - self._start)

    def clipped(self, value: float) -> float:
        """The place of a value, or the nearest end."""
        return self(min(max(value, self.low), self.high))


def _limit(numbers: Numbers) -> float | None:
    value = numbers.limit.value if numbers.limit else None
    return float(value) if isinstance(value, int | float) else None


def _anchor(x: float) -> str:
    return "end" if x > WIDTH * 0.6 else "start" if x < WIDTH * 0.3 else "middle"
