"""Charts as SVG, drawn on the server: the same on the page and in the PDF.

`svg(chart)` takes the dict form of a Chart (readiness/engine/outcome.py). Only elements, classes and
presentation attributes are used, never a style, so that a strict content security policy holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from checklists.charts import shapes, words
from checklists.charts.canvas import Canvas, Numbers
from readiness.engine.outcome import Limit

MAX_NUMBERS = 5000

_DRAW: dict[str, Callable[[Canvas, Numbers], None]] = {
    "bars": shapes.bars,
    "histogram": shapes.histogram,
    "matrix": shapes.matrix,
    "line": shapes.line,
}


def svg(chart: Mapping[str, Any], *, standalone: bool = False) -> SafeString:
    """One chart as an `<svg role="img">` whose label states the numbers.

    `standalone` writes colours and fonts into the elements, for the PDF; on the page classes carry them.
    A chart of an unknown kind, or whose numbers are missing, not finite or too many, gives an empty string.
    """
    numbers = _numbers(chart)
    if numbers is None:
        return SafeString("")
    canvas = Canvas(standalone=standalone)
    _DRAW[chart["kind"]](canvas, numbers)
    return mark_safe(canvas.render(title=str(chart["title"]), label=words.label(numbers)))  # noqa: S308  # every text is escaped by Canvas


def _numbers(chart: Mapping[str, Any]) -> Numbers | None:
    data, limit = chart.get("data"), chart.get("limit")
    if chart.get("kind") not in _DRAW or not isinstance(data, Mapping):
        return None
    numbers = Numbers(
        kind=str(chart["kind"]),
        title=str(chart.get("title", "")),
        data=data,
        unit=chart.get("unit") or None,
        limit=Limit.from_dict(limit) if limit else None,
    )
    return numbers if _drawable(numbers) else None


def _drawable(numbers: Numbers) -> bool:
    data = numbers.data
    try:
        if numbers.kind == "bars":
            good = _finite(data["values"]) and len(data["labels"]) == len(data["values"])
        elif numbers.kind == "histogram":
            marks = list(data.get("marks", {}).values())
            good = _rising(data["edges"]) and _finite(data["counts"]) and (not marks or _finite(marks))
            good = good and len(data["edges"]) == len(data["counts"]) + 1 and min(data["counts"]) >= 0
        elif numbers.kind == "matrix":
            size = len(data["labels"])
            good = len(data["rows"]) == size and all(len(r) == size and _finite(r) for r in data["rows"])
            good = good and size > 0
        else:
            series = list(data["series"].values())
            good = _rising(data["x"]) and bool(series)
            good = good and all(_finite(s) and len(s) == len(data["x"]) for s in series)
    except (KeyError, TypeError, AttributeError, ValueError):
        return False
    return bool(good) and _limit_drawable(numbers.limit)


def _finite(values: Any) -> bool:
    return 0 < len(values) <= MAX_NUMBERS and all(
        isinstance(v, int | float) and not isinstance(v, bool) and abs(v) < 1e300  # of NaN too
        for v in values
    )


def _rising(values: Any) -> bool:
    return _finite(values) and list(values) == sorted(values)


def _limit_drawable(limit: Limit | None) -> bool:
    return limit is None or (not isinstance(limit.value, tuple | str | bool) and _finite([limit.value]))
