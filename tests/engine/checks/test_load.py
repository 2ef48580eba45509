"""`load`: enough requests, quick answers, few errors, and figures that can be; recorded or measured here."""

from __future__ import annotations

import json
import re
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from load_server import live, serving

from readiness.engine import registry
from readiness.engine.checklist import CheckSpec
from readiness.engine.latencies import percentiles, picture
from readiness.engine.options import Options
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

LIMITS = {"file": "l.json", "max_p95": 200}
LATENCY = {"p50": 10, "p95": 150, "p99": 300}
RESULT = {"requests": 1500, "error_rate": 0.004, "latency_ms": LATENCY}


def load(finding, result, *, kind="load", **params):
    """Run on a JSON result."""
    return finding(kind, LIMITS | params, {"l.json": result})


def test_a_good_result(finding):
    """All figures in one line, also by the older name; the latencies are drawn beside the limit."""
    found = load(finding, RESULT)
    assert found == load(finding, RESULT, kind="load-result")
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
    assert finding("load", {"file": "l.yml"} | keys, {"l.yml": text}).outcome == "PASS"


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


# --- what tools write --------------------------------------------------------------------------

K6_TIMES = {"avg": 12.5, "min": 1.2, "med": 10.5, "max": 800.25, "p(90)": 90.0, "p(95)": 150.25}
K6 = {
    "root_group": {"name": "", "path": "", "id": "d41d8", "groups": {}, "checks": {}},
    "metrics": {
        "http_req_duration": K6_TIMES,
        "http_reqs": {"count": 2000, "rate": 99.5},
        "http_req_failed": {"passes": 10, "fails": 1990, "value": 0.005},
        "vus": {"value": 10, "min": 10, "max": 10},
    },
}


def k6(**changes):
    """The summary with some of its metrics changed."""
    return json.dumps(K6 | {"metrics": K6["metrics"] | changes})


def k6_new():
    """The form that `handleSummary` gets: values one level deeper."""
    kinds = {"http_req_duration": "trend", "http_reqs": "counter", "http_req_failed": "rate"}
    metrics = {n: {"type": k, "contains": "time", "values": K6["metrics"][n]} for n, k in kinds.items()}
    return json.dumps({"metrics": metrics, "state": {"testRunDurationMs": 20100.5}})


LOCUST_HEAD = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,"
    "Max Response Time,Average Content Size,Requests/s,Failures/s,"
    "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
)
LOCUST_GET = "GET,/health,1000,0,8,9.1,2.0,80.2,20.0,50.0,0.0,8,9,10,11,20,40,60,70,80,80,80"
LOCUST_POST = "POST,/predict,1000,10,20,30.1,5.0,300.2,80.0,50.0,0.5,20,25,30,40,90,180,200,250,300,300,300"
LOCUST_ALL = ",Aggregated,2000,10,10,19.6,2.0,300.2,50.0,100.0,0.5,10,15,20,30,80,150,190,220,300,300,300"


def locust(*rows):
    """A `_stats.csv`."""
    return "\n".join([LOCUST_HEAD, *(rows or (LOCUST_GET, LOCUST_POST, LOCUST_ALL)), ""])


HEY = """
Summary:
  Total:\t10.2010 secs
  Slowest:\t0.3102 secs
  Fastest:\t0.0021 secs
  Average:\t0.0203 secs
  Requests/sec:\t196.0592
  
  Total data:\t40000 bytes
  Size/request:\t20 bytes

Response time histogram:
  0.002 [1]\t|
  0.033 [1500]\t|■■■■■■■■■■

Latency distribution:
  10% in 0.0051 secs
  25% in 0.0080 secs
  50% in 0.0105 secs
  75% in 0.0201 secs
  90% in 0.0803 secs
  95% in 0.1500 secs
  99% in 0.2200 secs

Details (average, fastest, slowest):
  DNS+dialup:\t0.0001 secs, 0.0021 secs, 0.3102 secs

Status code distribution:
  [200]\t1985 responses
  [503]\t10 responses

Error distribution:
  [5]\tGet "http://localhost:8000/health": dial tcp 127.0.0.1:8000: connect: connection refused
"""  # noqa: W293  # hey prints it so

JTL_HEAD = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,bytes,"
    "sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect"
)


def jtl(count=1000, failed=5, elapsed=lambda n: n % 100 + 1):
    """Samples with a comma in a message."""
    rows = [
        f'{1795262400000 + 10 * n},{elapsed(n)},predict,{200 if n >= failed else 500},"OK, fine",t 1-1,text,'
        f"{'true' if n >= failed else 'false'},,180,120,1,1,http://localhost/predict,{elapsed(n)},0,1"
        for n in range(count)
    ]
    return "\n".join([JTL_HEAD, *rows, ""])


TOOLS = [
    ("k6.json", k6(), "2000 requests, 0.5 % errors; p95 150.25 ms"),
    ("k6.json", k6_new(), "2000 requests, 0.5 % errors; p95 150.25 ms"),
    ("load_stats.csv", locust(), "2000 requests, 0.5 % errors; p95 150 ms"),
    ("hey.txt", HEY, "2000 requests, 0.75 % errors; p95 150 ms"),
    ("hey.txt", re.sub(r"(\d)% in", r"\1%% in", HEY), "2000 requests, 0.75 % errors; p95 150 ms"),
    ("result.jtl", jtl(), "1000 requests, 0.5 % errors; p95 95 ms"),
]


@pytest.mark.parametrize(("name", "text", "said"), TOOLS)
def test_tools(finding, name, text, said):
    """The files of k6, Locust, hey and JMeter are known by their content."""
    found = finding("load", {"file": name, "max_p95": 200}, {name: text})
    assert (found.outcome, found.message) == ("PASS", f"{said}, needs ≤ 200 ms")
    assert {m.name for m in found.measurements} >= {"Requests", "Error rate", "p50", "p95", "Throughput"}


def test_samples_give_a_histogram(finding):
    """Single times are drawn, with the percentiles computed from them."""
    found = finding("load", {"file": "r.jtl", "max_p99": 99}, {"r.jtl": jtl()})
    assert found.outcome == "PASS"
    (chart,) = found.charts
    assert (chart.kind, sum(chart.data["counts"])) == ("histogram", 1000)
    assert chart.data["marks"] == {"p50": 50.0, "p95": 95.0, "p99": 99.0}


BAD_TOOLS = [
    (
        "k6.json",
        k6(http_req_failed={"passes": 10, "fails": 10, "value": 0.5}),
        "20 requests failed or not, of 2000",
    ),
    ("k6.json", k6(http_req_failed=None), "no metrics.http_req_failed"),
    ("k6.json", k6(http_req_duration={"med": 5}), "no p(95)"),
    ("k6.json", k6(http_req_duration=K6_TIMES | {"p(95)": 5}), "do not rise"),
    ("k6.json", k6(http_req_duration=K6_TIMES | {"p(95)": -1}), "not a count or a time"),
    ("k6.json", k6(http_req_duration=K6_TIMES | {"p(95)": True}), "not a count or a time"),
    ("k6.json", k6(http_req_duration=K6_TIMES | {"p(95)": "NaN"}), "not a count or a time"),
    (
        "k6.json",
        k6(http_reqs={"count": 0, "rate": 0}, http_req_failed={"passes": 0, "fails": 0}),
        "no requests",
    ),
    ("k6.json", k6(http_reqs=[]), "no metrics.http_reqs"),
    ("l.csv", locust(LOCUST_GET, LOCUST_ALL), "the rows count 1000 requests, `Aggregated` 2000"),
    ("l.csv", locust(LOCUST_GET), "has 0 rows `Aggregated`"),
    ("l.csv", locust(LOCUST_ALL, LOCUST_ALL), "has 2 rows `Aggregated`"),
    ("l.csv", locust(LOCUST_ALL.replace("2000,10", "2000,2001")), "2001 of 2000 requests failed"),
    ("l.csv", locust(",Aggregated,0,0" + ",N/A" * 18), "N/A"),
    ("l.csv", locust(LOCUST_ALL[:60]), "cells"),
    ("h.txt", HEY + HEY, "twice"),
    ("h.txt", HEY.replace("95% in", "94% in"), "has no p50 and p95"),
    ("h.txt", HEY.partition("Status code")[0], "counts no responses"),
    ("h.txt", HEY.replace("[200]\t1985", "[500]\t1985"), "Error rate 100 %"),
    ("j.jtl", jtl(failed=50), "Error rate 5 %, needs ≤ 1 %"),
    ("j.jtl", jtl(count=0), "no samples"),
    ("j.jtl", jtl(count=999), "Requests 999, needs ≥ 1000"),
    ("j.jtl", jtl().replace("true", "yes"), "success is 'yes'"),
    ("j.jtl", jtl(elapsed=lambda n: -n), "not a count or a time"),
    ("j.jtl", jtl().replace("elapsed", "elapsed,elapsed", 1), "same name"),
    ("j.jtl", jtl().replace("success", "elapsedtoo", 1), "no column success"),
]


@pytest.mark.parametrize(("name", "text", "words"), BAD_TOOLS)
def test_bad_tool_files(finding, name, text, words):
    """Files that contradict themselves, are cut, or count nothing, fail and say what is wrong."""
    found = finding("load", {"file": name, "max_p95": 200}, {name: text})
    assert found.outcome == "FAIL"
    assert words in found.message


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(TOOLS), st.integers(0, 3000), st.integers(0, 40), st.text(max_size=12))
def test_disturbed_files_never_crash(finding, tool, at, cut, put):
    """A tool's file with a piece cut out and another put in is judged, never a crash."""
    name, text, _ = tool
    at %= len(text)
    disturbed = (text[:at] + put + text[at + cut :]).encode("utf-8", "replace")
    found = finding("load", {"file": name, "max_p95": 200}, {name: disturbed})
    assert found.outcome in ("PASS", "FAIL"), found.message
    if found.outcome == "PASS":
        values = {m.name: m.value for m in found.measurements}
        assert values["Requests"] >= 1000
        assert 0 <= values["Error rate"] <= 1
        assert 0 <= values.get("p50", 0) <= values["p95"] <= 200  # k6 may leave out its median


def test_asked_for_and_absent(finding):
    """A limit on a figure that the file lacks is not met."""
    found = finding("load", {"file": "k.json", "max_p99": 500}, {"k.json": k6()})
    assert (found.outcome, "p99 not found, needs ≤ 500 ms" in found.message) == ("FAIL", True)
    slow = finding("load", {"file": "k.json", "min_throughput": 100}, {"k.json": k6()})
    assert "Throughput 99.5 requests/s, needs ≥ 100 requests/s" in slow.message


def test_a_named_format_is_believed(finding):
    """`format` overrides what the content looks like."""
    found = finding("load", {"file": "k.json", "format": "keys"}, {"k.json": k6()})
    assert (found.outcome, "has no requests" in found.message) == ("FAIL", True)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"file": "a.json", "url": "http://a.example/"},
        {"file": "a.json", "requests": 1000},
        {"url": "http://a.example/", "requests": 0},
        {"url": "http://a.example/", "requests": 1_000_000},
        {"url": "http://a.example/", "concurrency": 65},
        {"file": "a.json", "format": "gatling"},
    ],
)
def test_refused_parameters(finding, params):
    """Neither or both of file and address, and numbers out of bounds, are ERROR."""
    assert finding("load", params, {"a.json": RESULT}).outcome == "ERROR"


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_percentiles(samples):
    """They rise, are times of the list, and at least their share of the list is not above them."""
    found = percentiles(samples)
    assert found["p50"] <= found["p95"] <= found["p99"]
    for name, value in found.items():
        share = int(name[1:]) / 100
        assert value in samples
        assert sum(s <= value for s in samples) >= share * len(samples) - 1e-9
        assert sum(s < value for s in samples) < share * len(samples)
    chart = picture("t", found, samples, None)
    if len(samples) > 1:
        assert sum(chart.data["counts"]) == len(samples)
        assert len(chart.data["edges"]) == len(chart.data["counts"]) + 1


def test_the_older_name_is_no_second_kind():
    """`load-result` is found and not listed."""
    assert registry.get("load-result") is registry.get("load")
    assert "load-result" not in registry.kinds()


# --- measured here -----------------------------------------------------------------------------


def test_a_thousand_requests(tmp_path):
    """All are sent, over as many kept connections as asked for; everything measured is volatile."""
    with serving() as (server, place):
        found = live(tmp_path, place, requests=1000, concurrency=8, max_p95=2000)
    assert found.outcome is Outcome.PASS, found.message
    assert (server.count, server.connections) == (1000, 8)
    values = {m.name: m.value for m in found.measurements}
    assert values["Requests"] == 1000
    assert values["Throughput"] > 50
    assert all(m.volatile for m in found.measurements)
    assert sum(found.charts[0].data["counts"]) == 1000


def test_they_go_at_the_same_time(tmp_path):
    """With four at a time, the server sees four at work, and latency is the server's."""
    with serving(delay=0.05) as (server, place):
        found = live(tmp_path, place, requests=40, concurrency=4, min_requests=40, max_p50=500)
    assert server.most == 4
    assert next(m.value for m in found.measurements if m.name == "p50") >= 50


def test_errors_are_counted(tmp_path):
    """Every other status is an error, named in the details; the rate fails the check."""
    with serving(fail_every=10) as (_, place):
        found = live(tmp_path, place, requests=100, min_requests=100, concurrency=2)
    assert (found.outcome, "Error rate 10 %, needs ≤ 1 %" in found.message) == (Outcome.FAIL, True)
    assert found.details["problems"] == [{"problem": "status 500", "count": 10}]


def test_a_body_is_sent(tmp_path):
    """A prediction endpoint gets the file of the run each time."""
    (tmp_path / "request.json").write_text('{"x": 1}')
    with serving() as (server, place):
        found = live(tmp_path, place, requests=20, min_requests=20, method="POST", body="request.json")
    assert (found.outcome, server.bodies) == (Outcome.PASS, {b'{"x": 1}'})


def test_time_is_bounded(tmp_path):
    """When the time is up, too few requests were made, and that fails."""
    started = time.monotonic()
    with serving(delay=0.1) as (_, place):
        found = live(tmp_path, place, requests=1000, concurrency=2, seconds=1.0)
    assert time.monotonic() - started < 5
    assert (found.outcome, "needs ≥ 1000" in found.message) == (Outcome.FAIL, True)


def test_not_allowed_and_unreachable(tmp_path):
    """Nothing is sent without the operator's word; a dead service is FAIL."""
    with serving() as (server, place):
        assert live(tmp_path, place, allowed=False).outcome is Outcome.SKIP
        assert server.connections == 0
    dead = live(tmp_path, place, requests=50, min_requests=50)
    assert (dead.outcome, "Error rate 100 %" in dead.message) == (Outcome.FAIL, True)
    assert "could not be asked" in dead.details["problems"][0]["problem"]


def test_an_interrupted_measurement_ends(tmp_path):
    """Ctrl-C ends the sending."""
    with serving(delay=0.05) as (_, place):
        options = Options(allowed_hosts=(place,), child_seconds=30.0)
        run = RunDirectory(tmp_path, options=options)
        threading.Timer(0.5, run.cancelled.set).start()
        started = time.monotonic()
        spec = CheckSpec(kind="load", params={"url": f"http://{place}/"})
        found = run_check(spec, run, {}, required=True).finding
    assert (found.outcome, found.message) == (Outcome.ERROR, "The run was interrupted.")
    assert time.monotonic() - started < 5
