"""`load` and `latency`: the shapes that k6, Locust, hey and JMeter document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures" / "load"


def real(name):
    """A fixture as the one file of a run."""
    return {name: (FIXTURES / name).read_bytes()}


def values(found):
    """The measurements by name."""
    return {m.name: m.value for m in found.measurements}


K6 = {"Requests": 2000, "Error rate": 0.4, "p50": 15.25, "p95": 120.75}


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("k6-summary-export.json", K6 | {"Throughput": 99.5}),
        ("k6-handle-summary.json", K6 | {"p99": 300.5, "Throughput": 99.5}),
        ("k6-machine-readable.json", K6 | {"Throughput": 100}),
        (
            "locust_stats.csv",
            {"Requests": 2000, "Error rate": 0.4, "p50": 15, "p95": 120, "p99": 250, "Throughput": 100},
        ),
        (
            "hey.txt",
            {"Requests": 82, "Error rate": 300 / 82, "p50": 10.5, "p95": 150, "Throughput": 87.7193},
        ),
        (
            "jmeter.jtl",
            {"Requests": 80, "Error rate": 1.25, "p50": 59, "p95": 95, "p99": 99, "Throughput": 80000 / 7929},
        ),
    ],
)
def test_figures(finding, name, figures):
    """All figures of a file, and no more."""
    params = {"file": name, "min_requests": 1, "max_error_rate": None}
    found = finding("load", params, real(name))
    assert found.outcome == "PASS", found.message
    assert values(found) == pytest.approx(figures)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hey.csv", "is hey's CSV, which does not count requests without an answer"),
        ("jmeter.xml.jtl", "is JMeter's XML"),
        ("locust_stats_history.csv", "has no Request Count"),
    ],
)
def test_files_that_do_not_say_enough(finding, name, words):
    """Other files of the same tools, which lack something that a judgement needs."""
    found = finding("load", {"file": name, "min_requests": 1}, real(name))
    assert (found.outcome, words in found.message) == ("FAIL", True), found.message


def test_heys_csv_holds_times(finding):
    """Which `latency` reads, in seconds."""
    params = {"file": "hey.csv", "key": "response-time", "unit": "s", "max_p95": 25}
    found = finding("latency", params, real("hey.csv"))
    assert found.outcome == "PASS", found.message
    assert values(found) == pytest.approx({"Samples": 120, "p50": 15.9, "p95": 21.3, "p99": 21.8})


def k6(name, **changes):
    """A k6 fixture with values of some metrics changed; None takes a metric out."""
    loaded = json.loads((FIXTURES / name).read_text())
    metrics = loaded["results"]["metrics"] if "results" in loaded else loaded["metrics"]
    if isinstance(metrics, list):
        for each in metrics:
            each["values"] = changes.get(each["name"], each["values"])
        metrics[:] = [each for each in metrics if each["values"] is not None]
    else:
        metrics |= changes
    return loaded


NEW, OLD = "k6-machine-readable.json", "k6-summary-export.json"


def rate(matches, total, stated):
    """A rate of the newer form."""
    return {"matches": matches, "total": total, "rate": stated}


@pytest.mark.parametrize(
    ("loaded", "words"),
    [
        (k6(NEW) | {"version": "2.0.0"}, "version 2.0.0, known is 1"),
        (k6(NEW) | {"version": None}, "version None, known is 1"),
        (k6(NEW, http_req_failed=None), "has no metrics.http_req_failed"),
        (k6(NEW, http_req_failed=rate(8, 1999, 0.004)), "1999 requests failed or not, of 2000"),
        (
            k6(NEW, http_req_failed=rate(8, 2000, 0.4)),
            "8 of 2000 requests failed, which is not the stated rate",
        ),
        (k6(NEW, http_req_failed=rate(8, 2000, "0.004")), "which is not the stated rate"),
        (k6(NEW, http_req_failed=rate(2001, 2000, 1)), "2001 of 2000 requests failed"),
        (k6(NEW, http_req_failed={"matches": 8, "rate": 0.004}), "has no total"),
        (k6(NEW, http_req_failed={"rate": 0.004}), "has no passes"),
        (k6(NEW, http_req_duration={"med": 3}), "has no p(95)"),
        (
            k6(OLD, http_req_failed={"passes": 1992, "fails": 8, "value": 0.004}),
            "which is not the stated rate",
        ),
        (k6(OLD, http_reqs=None), "has no metrics.http_reqs"),
    ],
)
def test_summaries_that_contradict_themselves(finding, loaded, words):
    """Counts and rate must agree: some writers turn `passes` and `fails` around."""
    found = finding("load", {"file": "k.json", "format": "k6"}, {"k.json": loaded})
    assert (found.outcome, words in found.message) == ("FAIL", True), found.message


def test_a_metric_that_stands_twice(finding):
    """Nobody knows which is meant."""
    loaded = k6(NEW)
    loaded["results"]["metrics"].append(loaded["results"]["metrics"][0])
    found = finding("load", {"file": "k.json"}, {"k.json": loaded})
    assert (found.outcome, "gives http_reqs twice" in found.message) == ("FAIL", True)


HEAD = "timeStamp,elapsed,label,responseMessage,success"


def jtl(*rows):
    """Samples as (time, elapsed, message, success)."""
    lines = [f'{at},{elapsed},x,"{message}",{success}' for at, elapsed, message, success in rows]
    return "\n".join([HEAD, *lines, ""])


def whole(parts, failing):
    """A transaction's message."""
    return f"Number of samples in transaction : {parts}, number of failing samples : {failing}"


@pytest.mark.parametrize(
    ("rows", "requests", "errors"),
    [
        ([(1, 5, "OK", "true"), (7, 5, "OK", "true"), (1, 11, whole(2, 0), "true")], 2, 0),
        ([(1, 5, "OK", "true"), (7, 5, "No", "false"), (1, 11, whole(2, 1), "false")], 2, 50),
        ([(1, 5, "OK", "true"), (1, 11, whole(2, 0), "true")], 2, 0),
        ([(1, 5, "OK", "true"), (1, 11, whole(1, 1), "false")], 2, 50),
        ([(1, 11, whole(3, 0), "true"), (20, 11, whole(3, 0), "TRUE")], 2, 0),
    ],
)
def test_transactions_of_jmeter(finding, rows, requests, errors):
    """They are left out where their parts stand in the file; else every sample counts."""
    params = {"file": "r.jtl", "min_requests": 1, "max_error_rate": None}
    found = finding("load", params, {"r.jtl": jtl(*rows)})
    assert (values(found)["Requests"], values(found)["Error rate"]) == (requests, errors), found.message


def test_dates_of_jmeter(finding):
    """With a date format of the user's own the times are good, but nothing says how many in a second."""
    rows = [("2026/03/02 08:15:00.123", 5, "OK", "true"), ("2026/03/02 08:15:01.123", 7, "OK", "true")]
    found = finding("load", {"file": "r.jtl", "min_requests": 2}, {"r.jtl": jtl(*rows)})
    assert (found.outcome, values(found).get("Throughput")) == ("PASS", None)
    strict = {"file": "r.jtl", "min_requests": 2, "min_throughput": 1}
    assert "Throughput not found" in finding("load", strict, {"r.jtl": jtl(*rows)}).message
    mixed = finding("load", {"file": "r.jtl", "min_requests": 2}, {"r.jtl": jtl(*rows, (1, 5, "OK", "true"))})
    assert (mixed.outcome, "not a count or a time" in mixed.message) == ("FAIL", True)
