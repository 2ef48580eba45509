"""Elements of a chart: every text and attribute is escaped here, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.html import escape

from readiness.engine.outcome import Limit

WIDTH = 400.0

# What the page's style sheet gives to the classes, written out for the PDF.
_INK: dict[str, dict[str, str]] = {
    "chart-text": {"fill": "#49566c"},
    "chart-strong": {"fill": "#182433", "font-weight": "600"},
    "chart-axis": {"stroke": "#c8d3e1"},
    "chart-bar": {"fill": "#066fd1"},
    "chart-bad": {"fill": "#d63939"},
    "chart-limit": {"stroke": "#b42318", "stroke-dasharray": "4 3"},
    "chart-mark": {"stroke": "#1a7a3a", "stroke-dasharray": "3 3"},
    "chart-line-0": {"stroke": "#066fd1"},
    "chart-line-1": {"stroke": "#c2570c", "stroke-dasharray": "6 3"},
    "chart-line-2": {"stroke": "#1a7a3a", "stroke-dasharray": "2 2"},
    "chart-line-3": {"stroke": "#7a3fb5", "stroke-dasharray": "8 3 2 3"},
}
SERIES_STYLES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """A chart whose numbers were found finite and of matching lengths."""

    kind: str
    title: str
    data: Mapping[str, Any]
    unit: str | None
    limit: Limit | None


class Canvas:
    """Collects elements; `height` is set by who draws."""

    def __init__(self, *, standalone: bool) -> None:
        self.standalone = standalone
        self.height = 100.0
        self._parts: list[str] = []

    def rect(self, x: float, y: float, width: float, height: float, ink: str, **more: str) -> None:
        """A filled rectangle."""
        box = {"x": _n(x), "y": _n(y), "width": _n(max(width, 0)), "height": _n(max(height, 0))}
        self._add("rect", ink, box | more)

    def rule(self, x1: float, y1: float, x2: float, y2: float, ink: str) -> None:
        """A straight line."""
        self._add("line", ink, {"x1": _n(x1), "y1": _n(y1), "x2": _n(x2), "y2": _n(y2)})

    def path(self, points: list[tuple[float, float]], ink: str) -> None:
        """A line through points."""
        joined = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        line = {"fill": "none", "stroke-width": "2", "stroke-linejoin": "round"}
        self._add("polyline", ink, {"points": joined} | line)

    def text(self, x: float, y: float, words: str, *, anchor: str = "start", ink: str = "chart-text") -> None:
        """One line of text; `anchor` is start, middle or end."""
        place = {"x": _n(x), "y": _n(y)} | ({"text-anchor": anchor} if anchor != "start" else {})
        self._add("text", ink, place, words)

    def render(self, *, title: str, label: str) -> str:
        """The whole element."""
        font = ' font-family="Inter, sans-serif"' if self.standalone else ""
        size = f' width="{_n(WIDTH)}" height="{_n(self.height)}"' if self.standalone else ""
        box = f"0 0 {_n(WIDTH)} {_n(self.height)}"
        spoken = escape(f"{title}: {label}")
        # In a PDF the title is all that a screen reader gets; on a page it is what hovering shows.
        named = spoken if self.standalone else escape(title)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="{box}"{size}{font}'
            f' font-size="12" role="img" aria-label="{spoken}">'
            f"<title>{named}</title>{''.join(self._parts)}</svg>"
        )

    def _add(self, tag: str, ink: str, attributes: Mapping[str, str], words: str | None = None) -> None:
        painted = {"class": ink, **attributes, **(_INK.get(ink, {}) if self.standalone else {})}
        written = " ".join(f'{name}="{escape(value)}"' for name, value in painted.items())
        end = "/>" if words is None else f">{escape(words)}</{tag}>"
        self._parts.append(f"<{tag} {written}{end}")


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def shorten(words: str, length: int) -> str:
    """At most that many characters, cut with an ellipsis."""
    return words if len(words) <= length else f"{words[: length - 1]}…"
