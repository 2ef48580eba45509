"""`load-result`: enough requests, quick answers, few errors, and figures that can be."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LIMITS = {"file": "l.json", "max_p95": 200}
LATENCY = {"p50": 10, "p95": 150, "p99": 300}
RESULT = {"requests": 1500, "error_rate": 0.004, "latency_ms": LATENCY}


def load(finding, result, **params):
    """Run on a JSON result."""
    return finding("load-result", LIMITS | params, {"l.json": result})


def test_a_good_result(finding):
    """All figures in one line; the latencies are drawn beside the limit."""
    found = load(finding, RESULT)
    assert found.outcome == "PASS"
    assert found.message == "1500 requests, 0.4 % errors; p95 150 ms, needs ≤ 200 ms"
    assert found.charts[0].data == {"labels": ["p50", "p95", "p99"], "values": [10, 150, 300]}


@pytest.mark.parametrize(
    ("change", "params", "outcome", "words"),
    [
        ({"requests": 1000}, {}, "PASS", "1000 requests"),
        ({"requests": 999}, {}, "FAIL", "Requests 999, needs ≥ 1000"),
        ({"requests": 0}, {"min_requests": 0}, "FAIL", "Requests 0, needs ≥ 1"),
        ({"error_rate": 0.01}, {}, "PASS", "1 % errors"),
        ({"error_rate": 0.011}, {}, "FAIL", "Error rate 1.1 %, needs ≤ 1 %"),
        ({"error_rate": 0.5}, {"error_rate_scale": "percent"}, "PASS", "0.5 % errors"),
        ({"error_rate": "0.5 %"}, {}, "PASS", "0.5 % errors"),
        ({"error_rate": 0.9}, {"max_error_rate": None}, "PASS", "90 % errors"),
        ({"latency_ms": LATENCY | {"p95": 200}}, {}, "PASS", "p95 200 ms"),
        ({"latency_ms": LATENCY | {"p95": 200.5}}, {}, "FAIL", "p95 200.5 ms, needs ≤ 200 ms"),
        ({"latency_ms": LATENCY | {"p95": "150 ms"}}, {}, "PASS", "p95 150 ms"),
        ({"latency_ms": LATENCY | {"p95": "0.15 s"}}, {}, "FAIL", "expected ms"),
        ({"latency_ms": {"p95": 2}}, {}, "PASS", "p95 2 ms"),
        ({"latency_ms": {"p50": 1, "p99": 2}}, {}, "FAIL", "has no latency_ms.p95"),
        ({"latency_ms": {"p50": 1, "p95": 2, "p99": "slow"}}, {}, "FAIL", "the text 'slow'"),
        (
            {"latency_ms": {"p50": 100, "p95": 50, "p99": 60}},
            {},
            "FAIL",
            "do not rise (100 ms, 50 ms, 60 ms)",
        ),
        ({"latency_ms": {"p50": -3, "p95": 50, "p99": 60}}, {}, "FAIL", "is negative"),
        ({"error_rate": -0.1}, {}, "FAIL", "is negative"),
        ({"requests": -5}, {"min_requests": -9}, "FAIL", "is negative"),
        ({"requests": "many"}, {}, "FAIL", "the text 'many'"),
        ({"requests": True}, {}, "FAIL", "is true, not a number"),
        ({"requests": float("nan")}, {}, "FAIL", "not a finite number"),
        ({"error_rate": float("inf")}, {}, "FAIL", "not a finite number"),
    ],
)
def test_limits(finding, change, params, outcome, words):
    """At each limit, just over it, and with figures that cannot be."""
    found = load(finding, RESULT | change, **params)
    assert found.outcome == outcome
    assert words in found.message


def test_names_of_other_tools(finding):
    """Other keys, in YAML."""
    text = "total: {count: 2000, failed: 0}\nms: {a: 1, b: 2, c: 3}\n"
    keys = {
        "requests": "total.count",
        "error_rate": "total.failed",
        "p50": "ms.a",
        "p95": "ms.b",
        "p99": "ms.c",
    }
    assert finding("load-result", {"file": "l.yml"} | keys, {"l.yml": text}).outcome == "PASS"


numbers = st.floats() | st.integers(-10, 3000) | st.none() | st.booleans() | st.text(max_size=4)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=numbers, errors=numbers, p95=numbers)
def test_a_pass_means_within_every_limit(finding, requests, errors, p95):
    """Whatever the figures: no crash, and PASS only with measured values inside the limits."""
    found = load(
        finding, RESULT | {"requests": requests, "error_rate": errors, "latency_ms": LATENCY | {"p95": p95}}
    )
    assert found.outcome in ("PASS", "FAIL")
    if found.outcome == "PASS":
        values = {m.name: m.value for m in found.measurements}
        assert values["Requests"] >= 1000
        assert 0 <= values["Error rate"] <= 1
        assert 10 <= values["p95"] <= 200
