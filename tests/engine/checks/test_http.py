"""The kind `http`: skipped unless allowed, judged by what the service answers."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from readiness.engine.checklist import CheckSpec
from readiness.engine.child import isolation
from readiness.engine.options import Options
from readiness.engine.outcome import Outcome
from readiness.engine.runner import run_check
from readiness.engine.target import RunDirectory


class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        status, body = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.command, {k.lower(): v for k, v in self.headers.items()}, body))
        self.do_GET()

    do_PUT = do_POST

    def do_HEAD(self):
        self.send_response(self.server.answer[0])
        self.end_headers()

    def log_message(self, *args):
        pass


@contextmanager
def serving(status=200, body=b'{"status": "healthy", "model": {"loaded": true}}', seen=None):
    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        server.answer = (status, body)
        server.seen = seen if seen is not None else []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def judge(folder, place, allowed, values=None, **params):
    spec = CheckSpec(kind="http", params={"url": f"http://{place}/health"} | params)
    run = RunDirectory(folder, options=Options(allowed_hosts=allowed))
    return run_check(spec, run, values or {}, required=True).finding


def test_healthy(tmp_path):
    """Status, text and JSON values as expected: PASS; all of it is volatile, being a moment's answer."""
    with serving() as place:
        want = {"json": {"status": "healthy", "model.loaded": True}, "contains": "healthy", "max_seconds": 5}
        found = judge(tmp_path, place, (place,), **want)
    assert found.outcome is Outcome.PASS
    assert "answers 200 in" in found.message
    assert all(m.volatile for m in found.measurements)


DIFFERENT = [
    ({}, {"status": 503}, "Status: 503, needs 200"),
    (
        {"json": {"status": "healthy"}},
        {"body": b'{"status": "degraded"}'},
        "status: degraded, needs healthy",
    ),
    ({"json": {"status": "healthy"}}, {"body": b"<html>"}, "status: not found, needs healthy"),
    ({"json": {"status": "healthy"}}, {"body": b"[" * 100_000}, "status: not found"),
    ({"json": {"model.loaded": True}}, {"body": b'{"model": {"loaded": 1}}'}, "model.loaded: 1, needs yes"),
    ({"contains": "ready"}, {}, "Contains 'ready': no, needs yes"),
    ({"max_seconds": 0}, {}, "Time:"),
]


@pytest.mark.parametrize(("params", "answer", "words"), DIFFERENT)
def test_different_answer_fails(tmp_path, params, answer, words):
    """Each difference is FAIL with observed and expected."""
    with serving(**answer) as place:
        found = judge(tmp_path, place, (place,), **params)
    assert found.outcome is Outcome.FAIL
    assert words in found.message


def test_not_allowed_is_skipped(tmp_path):
    """Without the operator's word the check is SKIP and says how to allow the host."""
    with serving() as place:
        found = judge(tmp_path, place, ())
    assert found.outcome is Outcome.SKIP
    assert f"The operator can allow it: {place}" in found.advice


def test_bad_entry_is_skipped(tmp_path):
    """A list that cannot be understood allows nothing."""
    assert judge(tmp_path, "127.0.0.1:1", ("http://x/",)).outcome is Outcome.SKIP


def test_unreachable_fails(tmp_path):
    """An allowed host that does not answer is FAIL."""
    with serving() as place:
        pass
    found = judge(tmp_path, place, (place,))
    assert (found.outcome, "could not be asked" in found.message) == (Outcome.FAIL, True)


PREDICTION = b'{"predictions": [0.25, 0.75], "label": "cat", "count": 2, "ok": true, "none": null}'
VALUES = [
    ({"predictions.0": {"at_least": 0, "at_most": 1}}, "PASS", ""),
    ({"predictions.1": {"at_most": 0.5}}, "FAIL", "predictions.1: 0.75, needs ≤ 0.5"),
    ({"predictions": {"type": "list"}}, "PASS", ""),
    ({"predictions": {"at_least": 0}}, "FAIL", "predictions: not found"),
    ({"label": {"one_of": ["cat", "dog"]}}, "PASS", ""),
    ({"label": {"one_of": ["dog"]}}, "FAIL", "label: cat, needs one of dog"),
    ({"label": {"at_least": 0}}, "FAIL", "label: cat"),
    ({"label": {"type": "number"}}, "FAIL", "label, type: text, needs number"),
    ({"count": {"type": "number"}}, "PASS", ""),
    ({"count": {"type": "boolean"}}, "FAIL", "count, type: integer, needs boolean"),
    ({"ok": {"type": "integer"}}, "FAIL", "ok, type: boolean, needs integer"),
    ({"ok": {}}, "PASS", ""),
    ({"none": {}}, "FAIL", "none, type: not found"),
    ({"missing": {"type": "text"}}, "FAIL", "not found"),
    ({"predictions.7": {"at_least": 0}}, "FAIL", "not found"),
]


@pytest.mark.parametrize(("wanted", "outcome", "words"), VALUES)
def test_values(tmp_path, wanted, outcome, words):
    """Bounds, choices and types of the values under dotted keys; what is not there never passes."""
    with serving(body=PREDICTION) as place:
        found = judge(tmp_path, place, (place,), json=wanted)
    assert found.outcome == outcome, found.message
    assert words in found.message


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_body_of_the_run(tmp_path, method):
    """The file's bytes are sent as they are, with type and headers; the file counts as read."""
    (tmp_path / "request.json").write_bytes(b'{"x": [1, 2]}')
    seen = []
    with serving(body=PREDICTION, seen=seen) as place:
        run = RunDirectory(tmp_path, options=Options(allowed_hosts=(place,)))
        params = {"url": f"http://{place}/predict", "method": method, "body": "request.json"}
        spec = CheckSpec(kind="http", params=params | {"headers": {"X-Release": "$version"}})
        result = run_check(spec, run, {"version": "1.2"}, required=True)
    assert result.finding.outcome is Outcome.PASS
    ((sent, headers, body),) = seen
    assert (sent, body) == (method, b'{"x": [1, 2]}')
    assert (headers["content-type"], headers["x-release"]) == ("application/json", "1.2")
    assert [file.path for file in result.files] == ["request.json"]


def test_statuses(tmp_path):
    """Several statuses may be right; HEAD asks without a body."""
    with serving(status=201) as place:
        assert judge(tmp_path, place, (place,), expect_status=[200, 201]).outcome is Outcome.PASS
        assert judge(tmp_path, place, (place,), expect_status=[200, 204]).outcome is Outcome.FAIL
        assert judge(tmp_path, place, (place,), method="HEAD", expect_status=201).outcome is Outcome.PASS


REFUSED = [
    {"body": "request.json"},
    {"method": "DELETE"},
    {"headers": {"Host": "other.example"}},
    {"headers": {"X-A": "a\r\nX-B: b"}},
    {"headers": {"X A": "a"}},
    {"headers": {"Authorization": "Bearer abc"}},
    {"headers": {"cookie": "id=1"}},
    {"json": {"a": {"at_lest": 1}}},
    {"schema": {}},
]


@pytest.mark.parametrize("params", REFUSED)
def test_refused_parameters(tmp_path, params):
    """A body with GET, DELETE, headers of ours, secrets in the checklist, an empty schema: ERROR."""
    with serving() as place:
        found = judge(tmp_path, place, (place,), **params)
    assert found.outcome is Outcome.ERROR


def test_a_missing_body_fails(tmp_path):
    """A body that is not in the run is FAIL, and nothing is sent."""
    seen = []
    with serving(seen=seen) as place:
        found = judge(tmp_path, place, (place,), method="POST", body="request.json")
    assert (found.outcome, seen) == (Outcome.FAIL, [])


SHARE = {"type": "number", "minimum": 0, "maximum": 1}
SCHEMA = {
    "type": "object",
    "required": ["predictions"],
    "properties": {"predictions": {"type": "array", "minItems": 1, "items": SHARE}},
}
ENDLESS = {"$ref": "#"}
DOUBLING = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)} | {"d40": {}}
SCHEMAS = [
    (SCHEMA, PREDICTION, "PASS", ""),
    (SCHEMA, b'{"predictions": []}', "FAIL", "schema: predictions is nothing"),
    (SCHEMA, b'{"predictions": [1.5]}', "FAIL", "predictions.0 is 1.5, needs ≤ 1"),
    (SCHEMA, b'{"predictions": [NaN]}', "FAIL", "not finite"),
    (SCHEMA, b'{"predictions": [0], "predictions": [2]}', "FAIL", "stands twice"),
    (SCHEMA, b"<html>", "FAIL", "not usable JSON"),
    (SCHEMA, b"", "FAIL", "not usable JSON"),
    ({"type": 3}, PREDICTION, "FAIL", "no valid JSON Schema"),
    ({"$ref": "http://127.0.0.1:1/schema.json"}, PREDICTION, "FAIL", "not in it"),
    ({"$ref": "file:///etc/passwd"}, PREDICTION, "FAIL", "not in it"),
    (ENDLESS, PREDICTION, "FAIL", "without end"),
    ({"$defs": DOUBLING, "$ref": "#/$defs/d0"}, PREDICTION, "ERROR", "used more than 2 s"),
]


@pytest.mark.parametrize(("schema", "body", "outcome", "words"), SCHEMAS)
def test_schema(tmp_path, schema, body, outcome, words):
    """A JSON Schema, given or in a file; broken answers and hostile schemas never pass and never hang."""
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    with serving(body=body) as place:
        run = RunDirectory(tmp_path, options=Options(allowed_hosts=(place,), child_seconds=2))
        for given in ("schema.json", schema)[: 1 if "$defs" in schema else 2]:
            spec = CheckSpec(kind="http", params={"url": f"http://{place}/", "schema": given})
            found = run_check(spec, run, {}, required=True).finding
            assert found.outcome == outcome, found.message
            assert words in found.message


def test_the_level_stands_in_the_result(tmp_path):
    """A schema is applied in a child process, and its isolation is named."""
    with serving(body=PREDICTION) as place:
        found = judge(tmp_path, place, (place,), schema=SCHEMA)
    assert found.details["isolation"] == isolation()
