"""Sheets that the tests of all output formats share."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from readiness.engine.outcome import Limit, Measurement, Outcome
from readiness.engine.render.sheet import Line, Sheet

ACCURACY = Measurement(name="Test accuracy", value=77.3, unit="%", limit=Limit(">=", 80.0), source="m.json")


def line(outcome: Outcome = Outcome.FAIL, **other: Any) -> Line:
    """A line with good defaults."""
    given: dict[str, Any] = {
        "name": "accuracy.metric",
        "group": "Evaluation",
        "title": "Accuracy meets the target",
        "kind": "metric",
        "message": "Test accuracy 77.3 %, needs ≥ 80 %",
        "advice": "Improve it.",
        "files": ("metrics.json",),
        "duration_s": 0.25,
    } | other
    return Line(outcome=outcome, **given)


def sheet(*lines: Line, overall: Outcome = Outcome.FAIL, **other: Any) -> Sheet:
    """A sheet of these lines."""
    given: dict[str, Any] = {"title": "Release 1.0", "run_id": "run-7", "run_path": "runs/7"} | other
    return Sheet(overall=overall, lines=lines, **given)


_MARKUP = "\\`*_{}[]()<>#|~&$:;@/w.!-+='\"%,\n\r\t 1a\x1b\0\u2028\ud800\uffff"
ANY = st.one_of(st.text(max_size=40), st.text(_MARKUP, max_size=20))
LINES = st.builds(
    Line,
    name=ANY,
    group=ANY,
    title=ANY,
    kind=ANY,
    outcome=st.sampled_from(Outcome),
    message=ANY,
    advice=ANY,
    measurements=st.lists(
        st.builds(
            Measurement,
            name=ANY,
            value=st.one_of(ANY, st.floats(), st.integers(), st.none()),
            limit=st.one_of(st.none(), st.builds(Limit, st.just("=="), ANY)),
        ),
        max_size=2,
    ).map(tuple),
    files=st.lists(ANY.filter(bool), max_size=2).map(tuple),
    at_line=st.one_of(st.none(), st.integers(1, 10**6)),
    duration_s=st.floats(0, 10**6),
)
SHEETS = st.builds(
    Sheet,
    title=ANY,
    run_id=ANY,
    run_path=ANY,
    overall=st.sampled_from(Outcome),
    lines=st.lists(LINES, max_size=4).map(tuple),
    left=st.lists(ANY, max_size=2).map(tuple),
    helps=st.dictionaries(ANY, ANY, max_size=2),
)
