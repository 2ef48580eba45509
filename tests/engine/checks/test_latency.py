"""`latency`: one request at a time, measured here or recorded."""

from __future__ import annotations

import pytest
from load_server import live, serving

from readiness.engine.outcome import Outcome


def test_one_at_a_time(tmp_path):
    """Warm-up requests are sent and do not count; one connection, one request at work."""
    with serving(delay=0.01) as (server, place):
        found = live(tmp_path, place, kind="latency", requests=20, warm_up=5, max_p50=500)
    assert found.outcome is Outcome.PASS, found.message
    assert (server.count, server.most) == (25, 1)
    assert "20 requests, one at a time" in found.message


def test_measured_time_is_the_servers(tmp_path):
    """The median is near the server's delay: our own share stays small."""
    with serving(delay=0.03) as (_, place):
        found = live(tmp_path, place, kind="latency", requests=20, warm_up=2, max_p99=1)
    assert found.outcome is Outcome.FAIL
    p50 = next(m.value for m in found.measurements if m.name == "p50")
    assert 30 <= p50 < 65


def test_one_error_fails(tmp_path):
    """A request that is not answered as expected is no latency."""
    with serving(fail_every=7) as (_, place):
        found = live(tmp_path, place, kind="latency", requests=20, warm_up=0, max_p95=5000)
    assert (found.outcome, "Errors 2, needs 0" in found.message) == (Outcome.FAIL, True)


TIMES = [float(n) for n in range(1, 201)]
RECORDED = [
    ({"latency_ms": TIMES}, {"max_p95": 190}, "PASS", "p95 190 ms"),
    ({"latency_ms": TIMES}, {"max_p95": 189}, "FAIL", "p95 190 ms, needs ≤ 189 ms"),
    ({"t": [0.01] * 100}, {"key": "t", "unit": "s", "max_p50": 10}, "PASS", "p50 10 ms"),
    ({"latency_ms": TIMES[:99]}, {"max_p95": 200}, "FAIL", "Samples 99, needs ≥ 100"),
    ({"latency_ms": []}, {"max_p95": 200}, "FAIL", "empty list"),
    ({"latency_ms": [*TIMES, "fast"]}, {"max_p95": 200}, "FAIL", "the text 'fast'"),
    ({"latency_ms": [*TIMES, -1]}, {"max_p95": 200}, "FAIL", "-1 ms"),
    ({"latency_ms": [*TIMES, float("nan")]}, {"max_p95": 200}, "FAIL", "finite"),
    ({"latency_ms": [*TIMES, None]}, {"max_p95": 200}, "FAIL", "not a number"),
    ({"latency_ms": {"p50": 1, "p95": 2}}, {"max_p95": 2}, "PASS", "p95 2 ms"),
    ({"latency_ms": {"p50": 1, "p95": 2}}, {"max_p99": 5}, "FAIL", "p99 not found"),
    ({"latency_ms": {"p50": 3, "p95": 2}}, {"max_p95": 5}, "FAIL", "do not rise"),
    ({"latency_ms": {}}, {"max_p95": 5}, "FAIL", "p95 not found"),
    ({"latency_ms": 5}, {"max_p95": 5}, "FAIL", "is one value"),
    ({}, {"max_p95": 5}, "FAIL", "has no latency_ms"),
    ({"latency_ms": TIMES}, {}, "ERROR", "give a limit"),
]


@pytest.mark.parametrize(("content", "params", "outcome", "words"), RECORDED)
def test_recorded_times(finding, content, params, outcome, words):
    """Percentiles are computed from the times; what is no time never passes."""
    found = finding("latency", {"file": "t.json"} | params, {"t.json": content})
    assert found.outcome == outcome, found.message
    assert words in found.message


def test_a_column_of_times(finding):
    """A CSV column is a list of times."""
    text = "n,ms\n" + "".join(f"{n},{n}\n" for n in range(1, 101))
    found = finding("latency", {"file": "t.csv", "key": "ms", "max_p50": 50}, {"t.csv": text})
    assert found.outcome == "PASS"
