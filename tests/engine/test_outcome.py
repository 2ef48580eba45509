"""Outcomes, limits and measurements."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine.outcome import Chart, Finding, Limit, Measurement, Outcome, judged, quantity, worst

P, W, S, E, F = Outcome.PASS, Outcome.WARN, Outcome.SKIP, Outcome.ERROR, Outcome.FAIL


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], S),
        ([P], P),
        ([P, W], W),
        ([P, S], S),
        ([W, S], S),
        ([S, F], F),
        ([E, P], E),
        ([E, F], F),
        ([E, S], E),
    ],
)
def test_worst(outcomes, expected):
    """The worst decides; nothing at all is not a pass."""
    assert worst(outcomes) is expected


@pytest.mark.parametrize(
    ("op", "limit", "value", "holds"),
    [
        (">=", 80.0, 80, True),
        (">=", 80.0, 79.999, False),
        (">", 0.7, 0.7, False),
        ("<", 5, 4.999, True),
        ("<=", 0.5, 0.5, True),
        (">=", 80.0, math.nan, False),
        ("<", 5, -math.inf, False),
        (">=", 0, math.inf, False),
        (">=", 0, True, False),
        (">=", 0, "9", False),
        (">=", 0, None, False),
        ("==", "healthy", "healthy", True),
        ("==", 1, True, False),
        ("==", True, 1, False),
        ("==", True, True, True),
        ("==", None, None, False),
        ("in", ("ok", "healthy"), "ok", True),
        ("in", ("ok",), "no", False),
    ],
)
def test_limit(op, limit, value, holds):
    """What is not a finite number of the right kind never holds a limit."""
    assert Limit(op, limit).holds(value) is holds


def test_unknown_operator():
    """A limit with another operator is a programming error."""
    with pytest.raises(ValueError, match="operator"):
        Limit("~", 1)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (82.8333, "%", "82.83 %"),
        (80.0, "%", "80 %"),
        (0.01, "points", "0.01 points"),
        (0.00004, None, "4e-05"),
        (0.0, "%", "0 %"),
        (18, None, "18"),
        (True, None, "yes"),
        (None, "%", "not found"),
        (math.nan, None, "nan"),
        (-0.00001, None, "-1e-05"),
    ],
)
def test_quantity(value, unit, words):
    """Numbers for people."""
    assert quantity(value, unit) == words


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
limits = st.none() | st.builds(
    Limit, st.sampled_from([">=", ">", "<=", "<", "=="]), st.floats(allow_nan=False)
)
measurements = st.builds(
    Measurement,
    name=st.text(),
    value=scalars,
    unit=st.none() | st.just("%"),
    limit=limits,
    volatile=st.booleans(),
)


@given(st.lists(measurements, max_size=4), st.booleans())
def test_judged_never_passes_a_broken_limit(measured, warn):
    """PASS or WARN only when there is something and every limit holds."""
    finding = judged(measured, "m", warn=warn)
    broken = any(m.ok is False for m in measured)
    assert finding.outcome.passes == (bool(measured) and not broken)


@given(measurements.filter(lambda m: not isinstance(m.value, float) or math.isfinite(m.value)))
def test_measurement_round_trip(measurement):
    """The dict form loses nothing."""
    assert Measurement.from_dict(measurement.to_dict()) == measurement


def test_stored_ok_is_not_believed():
    """A stored `ok` that contradicts value and limit is judged again."""
    data = Measurement(name="a", value=10.0, limit=Limit(">=", 80.0)).to_dict() | {"ok": True}
    assert Measurement.from_dict(data).ok is False


def test_finding_round_trip():
    """A finding with everything survives its dict form."""
    chart = Chart(kind="bars", title="F1", data={"labels": ["0"], "values": [0.9]}, limit=Limit(">", 0.7))
    finding = judged([Measurement(name="a", value=1)], "m", advice="do", charts=[chart], details={"k": [1]})
    assert Finding.from_dict(finding.to_dict()) == finding
