"""The kind `http`: skipped unless allowed, judged by what the service answers."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from readiness.engine.checklist import CheckSpec
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

    def log_message(self, *args):
        pass


@contextmanager
def serving(status=200, body=b'{"status": "healthy", "model": {"loaded": true}}'):
    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        server.answer = (status, body)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def judge(folder, place, allowed, **params):
    spec = CheckSpec(kind="http", params={"url": f"http://{place}/health"} | params)
    run = RunDirectory(folder, options=Options(allowed_hosts=allowed))
    return run_check(spec, run, {}, required=True).finding


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
