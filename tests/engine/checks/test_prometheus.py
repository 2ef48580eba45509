"""`prometheus`: one series within its limit passes, and nothing else does."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from readiness.engine.checklist import CheckSpec
from readiness.engine.guarded import token_for
from readiness.engine.options import Options
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.seen.append((parts.path, asked, self.headers.get("Authorization")))
        status, body = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextmanager
def serving(body, status=200):
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        server.seen = []
        server.answer = (status, body if isinstance(body, bytes) else json.dumps(body).encode())
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server, f"127.0.0.1:{server.server_port}"
        server.shutdown()


def vector(*values):
    result = [{"metric": {"n": str(n)}, "value": [1795262400, value]} for n, value in enumerate(values)]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


def matrix(*values):
    pairs = [[1795262400 + 60 * n, value] for n, value in enumerate(values)]
    result = [{"metric": {}, "values": pairs}]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def judge(folder, body, *, status=200, allowed=True, tokens=(), required=True, **params):
    with serving(body, status) as (server, place):
        named = tuple(token.replace("PLACE", place) for token in tokens)
        options = Options(allowed_hosts=(place,) if allowed else (), tokens=named, now=NOW)
        want = {"server": f"http://{place}/", "query": "up", "at_most": 0.05} | params
        spec = CheckSpec(kind="prometheus", params=want)
        found = run_check(spec, RunDirectory(folder, options=options), {}, required=required).finding
    return found, server.seen


def test_a_value_within_its_limit(tmp_path):
    """The seed's error rate: 4 % of at most 5 %; asked once, without a token; all of it is volatile."""
    found, seen = judge(tmp_path, vector("0.04"), label="Error rate")
    assert (found.outcome, found.message) == (Outcome.PASS, "Error rate 0.04, needs ≤ 0.05")
    assert seen == [("/api/v1/query", {"query": "up"}, None)]
    assert all(m.volatile for m in found.measurements)


SCALAR = {"status": "success", "data": {"resultType": "scalar", "result": [1795262400, "0.01"]}}
STRING = {"status": "success", "data": {"resultType": "string", "result": [1795262400, "0.01"]}}
REFUSED = {"status": "error", "errorType": "bad_data", "error": "parse error at char 3"}
TABLE = [
    (vector("0.05"), {}, "PASS", ""),
    (vector("0.051"), {}, "FAIL", "Value 0.051, needs ≤ 0.05"),
    (vector("1.2"), {"at_most": 1, "unit": "s", "label": "p95"}, "FAIL", "p95 1.2 s, needs ≤ 1 s"),
    (vector("0.04"), {"at_least": 0.1, "at_most": None}, "FAIL", "needs ≥ 0.1"),
    (vector("0.04"), {"below": 0.04, "at_most": None}, "FAIL", "needs < 0.04"),
    (SCALAR, {}, "PASS", ""),
    (STRING, {}, "FAIL", "not a number"),
    (vector(), {}, "FAIL", "no series"),
    (vector("NaN"), {}, "FAIL", "Value nan"),
    (vector("+Inf"), {}, "FAIL", "Value inf"),
    (vector("-Inf"), {}, "FAIL", "Value -inf"),
    (vector("0.01", "0.02"), {}, "FAIL", "2 series"),
    (vector(None), {}, "FAIL", "for a value"),
    (vector("much"), {}, "FAIL", "for a value"),
    (matrix("0.01"), {}, "FAIL", "gives a matrix"),
    (REFUSED, {}, "FAIL", "parse error at char 3"),
    ({"status": "success"}, {}, "FAIL", "not a number"),
    ({"status": "success", "data": {"resultType": "vector", "result": [3]}}, {}, "FAIL", "for a value"),
    ([], {}, "FAIL", "no success"),
    (b"<html>", {}, "FAIL", "not usable JSON"),
    (b"", {}, "FAIL", "not usable JSON"),
    (b"[" * 5000, {}, "FAIL", "deeper than"),
    (vector("0.01") | {"warnings": ["partial response"]}, {}, "WARN", "partial response"),
]


@pytest.mark.parametrize(("body", "params", "outcome", "words"), TABLE)
def test_answers(tmp_path, body, params, outcome, words):
    """Limits; nothing measured, NaN, several series and broken answers are never a pass."""
    found, _ = judge(tmp_path, body, **params)
    assert found.outcome == outcome, found.message
    assert words in found.message


def test_an_error_status_is_no_pass(tmp_path):
    """A good body under a bad status is not believed."""
    assert judge(tmp_path, vector("0.01"), status=503)[0].outcome is Outcome.FAIL


def test_nothing_measured_leaves_an_optional_item_open(tmp_path):
    """Without a series, a recommended item is skipped, not passed."""
    assert judge(tmp_path, vector(), required=False)[0].outcome is Outcome.SKIP


RANGES = [
    (("0.01", "0.04", "0.02"), {}, "PASS", "Value 0.04, needs ≤ 0.05 over 3 min"),
    (("0.01", "0.06", "0.02"), {}, "FAIL", "Value 0.06"),
    (("0.01", "NaN", "0.02"), {}, "FAIL", "Value nan"),
    (("0.2", "0.06", "0.3"), {"at_least": 0.1, "at_most": None}, "FAIL", "Value 0.06"),
]


@pytest.mark.parametrize(("values", "params", "outcome", "words"), RANGES)
def test_every_value_of_a_range_counts(tmp_path, values, params, outcome, words):
    """Over some minutes the worst value is judged."""
    found, seen = judge(tmp_path, matrix(*values), minutes=3, **params)
    assert found.outcome == outcome, found.message
    assert words in found.message
    end = str(int(NOW.timestamp()))
    asked = {"query": "up", "start": str(int(end) - 180), "end": end, "step": "60"}
    assert seen == [("/api/v1/query_range", asked, None)]


def test_gaps_fail(tmp_path):
    """A service that was measured for one of ten minutes was not measured."""
    found, _ = judge(tmp_path, matrix("0.01", "0.01"), minutes=10)
    assert (found.outcome, "Values 2, needs ≥ 10" in found.message) == (Outcome.FAIL, True)


def test_not_allowed_sends_nothing(tmp_path):
    """Without the operator's word: SKIP."""
    found, seen = judge(tmp_path, vector("0.01"), allowed=False, tokens=("PLACE=abc",))
    assert (found.outcome, seen) == (Outcome.SKIP, [])


@pytest.mark.parametrize(
    ("tokens", "sent"),
    [
        (("PLACE=abc=",), "Bearer abc="),
        (("other.example:9090=xyz", "PLACE=abc"), "Bearer abc"),
        (("127.0.0.1:1=abc",), None),
        (("PLACE=",), None),
    ],
)
def test_a_token_goes_to_its_host_only(tmp_path, tokens, sent):
    """The operator's token for this host and port, or none; it stands in no result."""
    found, seen = judge(tmp_path, vector("0.01"), tokens=tokens)
    assert seen[0][2] == sent
    assert "abc" not in str(found.to_dict())


@pytest.mark.parametrize(
    ("url", "entry", "sent"),
    [
        ("https://mon.example/", "mon.example=abc", "abc"),
        ("http://mon.example/", "mon.example=abc", None),
        ("http://mon.example:443/", "mon.example=abc", None),
        ("http://mon.example:9090/", "mon.example:9090=abc", "abc"),
        ("https://mon.example:9090/", "mon.example=abc", None),
    ],
)
def test_a_token_is_not_sent_in_the_clear(url, entry, sent):
    """Who writes a checklist cannot have a token sent over http, but to a port that the operator named."""
    assert token_for(url, [entry]) == sent


def test_the_options_hide_their_tokens():
    """Tokens do not get into logs with the options."""
    assert "hunter2" not in repr(Options(tokens=("a.example=hunter2",)))


@pytest.mark.parametrize(
    "params",
    [{"at_most": None}, {"query": ""}, {"minutes": 0}, {"minutes": 90_000, "step": 1}, {"token": "abc"}],
)
def test_refused_parameters(tmp_path, params):
    """No limit, no query, too long a range, and a token in the checklist are ERROR; nothing is sent."""
    found, seen = judge(tmp_path, vector("0.01"), **params)
    assert (found.outcome, seen) == (Outcome.ERROR, [])


def test_unreachable_fails(tmp_path):
    """A server that is not there is FAIL."""
    options = Options(allowed_hosts=("127.0.0.1:1",))
    spec = CheckSpec(kind="prometheus", params={"server": "http://127.0.0.1:1", "query": "up", "at_most": 1})
    found = run_check(spec, RunDirectory(tmp_path, options=options), {}, required=True).finding
    assert (found.outcome, "could not be asked" in found.message) == (Outcome.FAIL, True)
