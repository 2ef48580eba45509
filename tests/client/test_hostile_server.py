"""What another server than ours may answer: the token stays here, nothing but a clear yes is 0."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from readiness.cli import main

TARGET = "image-classifier/1.5.0"
YES = json.dumps({"verdict": "approved", "blockers": []})


class Liar:
    """A server whose answers the test sets by method; it writes down who asked, with which token."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, str | None]] = []
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                liar.asked.append((self.path, self.headers.get("Authorization")))
                status, headers, body = liar.answers.get(self.command, (404, {}, b"{}"))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = _answer

            def log_message(self, *args) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=lambda: self.server.serve_forever(0.01))
        self.thread.start()

    def says(self, method: str, body: str | bytes, status: int = 200, **headers: str) -> None:
        data = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        self.answers[method] = (status, headers, data)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def liars(monkeypatch) -> Iterator[tuple[Liar, Liar]]:
    """The server that is asked, and another one."""
    first, second = Liar(), Liar()
    monkeypatch.setenv("READINESS_URL", first.url)
    monkeypatch.setenv("READINESS_TOKEN", "rdy_secret")
    monkeypatch.setattr("readiness.client.session._pause", lambda attempt: 0.0)
    yield first, second
    first.close()
    second.close()


@pytest.fixture
def gate(capfd):
    """The command's code and everything that it printed."""

    def ask(*words: str) -> tuple[int, str]:
        capfd.readouterr()
        code = main(["gate", TARGET, *words])
        out, err = capfd.readouterr()
        return int(code), out + err

    return ask


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_takes_the_token_nowhere(liars, gate, status, method):
    """Neither question is sent on; the address is named instead."""
    first, second = liars
    first.says("GET", YES)
    first.says(method, "", status, Location=f"{second.url}/api/v1/x")
    second.says("GET", YES)
    second.says("POST", json.dumps({"state": "approved"}))
    code, said = gate()
    assert code == 2
    assert "sends on to" in said
    assert second.asked == []


STRANGE = [
    "", "null", "[]", "[1]", '"approved"', "0", "true", "{", "approved", "<html>approved</html>",
    "[" * 100_000, '{"a":' * 100_000, b"\xff\xfe", "NaN",
]  # fmt: skip


@pytest.mark.parametrize("body", STRANGE, ids=lambda body: repr(body[:12]))
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_no_answer_is_no_approval(liars, gate, body, method):
    """Whatever is no JSON object is 3, said in words, also for the decision behind an approved gate."""
    first, _ = liars
    first.says("GET", YES)
    first.says(method, body)
    code, said = gate()
    assert (code, "Traceback" in said) == (3, False), said


@pytest.mark.parametrize(
    "answer", [{}, {"state": None}, {"state": ["approved"]}, {"state": "APPROVED"}, {"state": "approved "}]
)
def test_only_the_very_word_approves(liars, gate, answer):
    """A decision that says approved in another form does not."""
    first, _ = liars
    first.says("GET", YES)
    first.says("POST", json.dumps(answer))
    assert gate()[0] == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 422, 429, 500, 502, 503])
def test_no_decision_no_approval(liars, gate, status):
    """An approved gate whose decision is refused, missing or broken is no approval."""
    first, _ = liars
    first.says("GET", YES)
    first.says("POST", json.dumps({"detail": "no \x1b[2J\u202e"}), status)
    code, said = gate()
    assert code in (2, 3)
    assert "\x1b" not in said
    assert "\u202e" not in said


@pytest.mark.parametrize(
    "url", ["http://example.org", "http://user:pw@127.0.0.1", "ftp://127.0.0.1", "http://127.0.0.1.evil.org",
            "http://0.0.0.0:9", "//127.0.0.1", "http://", "https://a b", "http://127.0.0.1?x=1"]
)  # fmt: skip
def test_the_token_travels_encrypted_only(liars, gate, monkeypatch, url):
    """In the clear only on this machine; nothing is asked under an address that is none."""
    monkeypatch.setenv("READINESS_URL", url)
    code, said = gate()
    assert code in (2, 3)
    assert "rdy_secret" not in said
