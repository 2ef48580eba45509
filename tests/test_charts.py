"""Charts: always well-formed, escaped and without styles, whatever the numbers."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checklists import charts
from readiness.engine.outcome import Chart, Limit

number = st.floats(-1e12, 1e12, allow_nan=False) | st.integers(0, 10**9)
name = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=30)


@st.composite
def drawable(draw):
    """Any chart that a check may hand over."""
    kind = draw(st.sampled_from(["bars", "histogram", "matrix", "line"]))
    size = draw(st.integers(1, 50))
    many = st.lists(number, min_size=size, max_size=size)
    if kind == "bars":
        data = {"labels": draw(st.lists(name, min_size=size, max_size=size)), "values": draw(many)}
    elif kind == "histogram":
        edges = sorted(draw(st.lists(number, min_size=size + 1, max_size=size + 1)))
        counts = draw(st.lists(st.integers(0, 10**6), min_size=size, max_size=size))
        data = {"edges": edges, "counts": counts, "marks": draw(st.dictionaries(name, number, max_size=5))}
    elif kind == "matrix":
        size = min(size, 15)
        row = st.lists(st.integers(0, 999), min_size=size, max_size=size)
        rows = draw(st.lists(row, min_size=size, max_size=size))
        data = {"labels": [str(n) for n in range(size)], "rows": rows}
    else:
        data = {"x": sorted(draw(many)), "series": draw(st.dictionaries(name, many, min_size=1, max_size=5))}
    limit = draw(st.none() | st.builds(Limit, st.sampled_from([">=", "<", "=="]), number))
    return Chart(
        kind=kind, title=draw(name), data=data, unit=draw(st.sampled_from([None, "ms", "%"])), limit=limit
    )


@settings(deadline=None)
@given(drawable(), st.booleans())
def test_any_chart_is_sound(chart, standalone):
    """Every chart is XML that parses, names its numbers, stays finite, and carries no style and no script."""
    drawn = charts.svg(chart.to_dict(), standalone=standalone)
    root = ET.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-label")
    for element in root.iter():
        assert not {"style", "onload", "href"} & set(element.attrib)
        assert element.tag.rpartition("}")[2] in {"svg", "title", "rect", "line", "polyline", "text"}
        for value in element.attrib.values():
            assert not any(odd in value.split() for odd in ("nan", "inf", "-inf"))


BARS = {"kind": "bars", "title": "F1", "data": {"labels": ["a", "<b>"], "values": [0.9, 0.6]}}


def test_label_tells_the_numbers():
    """The spoken label holds every number and the limit."""
    chart = Chart(kind="bars", title="F1 by class", data=BARS["data"], limit=Limit(">", 0.7))
    assert (
        ET.fromstring(charts.svg(chart.to_dict())).get("aria-label")
        == "F1 by class: a 0.9, <b> 0.6; needs > 0.7"
    )


def test_a_bar_that_misses_the_limit_looks_different():
    """Only the bar under the limit has the failing class."""
    chart = Chart(kind="bars", title="F1", data=BARS["data"], limit=Limit(">", 0.7))
    classes = [
        e.get("class") for e in ET.fromstring(charts.svg(chart.to_dict())).iter() if e.tag.endswith("rect")
    ]
    assert classes == ["chart-bar", "chart-bad"]


UNDRAWABLE = {
    "unknown kind": BARS | {"kind": "pie"},
    "no data": BARS | {"data": None},
    "not a number": BARS | {"data": {"labels": ["a"], "values": [math.nan]}},
    "text": BARS | {"data": {"labels": ["a"], "values": ["nan"]}},
    "an integer beyond any float": BARS | {"data": {"labels": ["a"], "values": [10**400]}},
    "minus infinity": BARS | {"data": {"labels": ["a"], "values": [-math.inf]}},
    "lengths differ": BARS | {"data": {"labels": ["a"], "values": [1, 2]}},
    "empty": BARS | {"data": {"labels": [], "values": []}},
    "missing key": BARS | {"data": {"values": [1]}},
    "ragged matrix": BARS | {"kind": "matrix", "data": {"labels": ["a", "b"], "rows": [[1], [2]]}},
    "falling edges": BARS | {"kind": "histogram", "data": {"edges": [3, 1], "counts": [1]}},
    "too many": BARS | {"data": {"labels": ["a"] * 5001, "values": [1] * 5001}},
    "limit of words": BARS | {"limit": {"op": "in", "value": ["a"]}},
}


@pytest.mark.parametrize("case", UNDRAWABLE)
def test_undrawable(case):
    """What cannot be drawn gives nothing, never an error or a wrong picture."""
    assert charts.svg(UNDRAWABLE[case]) == ""


def test_standalone_brings_its_colours():
    """For the PDF every mark has its colour in the element; on the page classes carry them."""
    assert 'fill="#' in charts.svg(BARS, standalone=True)
    assert 'fill="#' not in charts.svg(BARS)


def test_limit_line_ends_below_the_names_of_marks():
    """A limit within a histogram's range crosses none of the words above the bars."""
    data = {"edges": [0, 500, 1000], "counts": [9, 1], "marks": {"p50": 100.0, "p95": 600.0, "p99": 800.0}}
    drawn = charts.svg(
        Chart(kind="histogram", title="t", data=data, unit="ms", limit=Limit("<=", 200)).to_dict()
    )
    found = ET.fromstring(drawn)
    (limit,) = [e for e in found.iter() if e.get("class") == "chart-limit"]
    names = [float(e.attrib["y"]) for e in found.iter() if (e.text or "").startswith("p")]
    assert len(names) == 3
    assert float(limit.attrib["y1"]) > max(names)
