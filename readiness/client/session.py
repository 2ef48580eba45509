"""One server and a token: requests that are tried again, and answers or errors in words.

Built on the standard library alone: `readiness gate` stands in every pipeline and must start at once.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from readiness.engine.errors import ReadinessError

ATTEMPTS = 8
LONGEST_PAUSE = 10.0  # seconds
LONGEST_WAIT = 120.0  # that a server may ask for
AGAIN = {429, 502, 503, 504}
TIMEOUT = 60.0
MAX_ANSWER = 128 << 20

Body = Callable[[], Iterable[bytes]]


class ServerBroken(ReadinessError):
    """The server cannot be reached, or does not do its work."""


class ConnectionBroken(ServerBroken):
    """The connection ended before an answer came."""


class ServerRefused(ReadinessError):
    """The server's no: `status` and the whole problem document."""

    def __init__(self, message: str, advice: str, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(message, advice)
        self.status, self.problem = status, problem


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that is no error."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The document, an object as every answer of the API. Raises ServerBroken."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ServerBroken(
                "The server's answer is no JSON object.",
                "Check that the address is that of a Readiness server.",
            )
        return found


@dataclass(slots=True)
class Session:
    """Requests to one server. Each thread has its own connection."""

    url: str
    token: str = field(repr=False)
    attempts: int = ATTEMPTS
    timeout: float = TIMEOUT
    ended: threading.Event = field(default_factory=threading.Event, repr=False)  # nobody waits any more
    _own: threading.local = field(default_factory=threading.local, repr=False)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET of a path beneath /api/v1/."""
        return self.send("GET", path, headers=headers)

    def post(self, path: str, document: Any) -> Answer:
        """POST of a JSON document."""
        data = json.dumps(document).encode()
        return self.send("POST", path, lambda: [data], len(data), {"Content-Type": "application/json"})

    def send(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        length: int = 0,
        headers: Mapping[str, str] | None = None,
        *,
        once: bool = False,
    ) -> Answer:
        """One request; `body` is called for each attempt. With `once` a broken connection ends it.

        Raises ServerRefused for a 4xx, ServerBroken for 5xx and when every attempt failed.
        """
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", **(headers or {})}
        if body is not None:
            sent = {"Content-Type": "application/octet-stream"} | sent | {"Content-Length": str(length)}
        for attempt in range(self.attempts):
            last = attempt + 1 == self.attempts
            try:
                answer = self._once(method, path, body, sent)
            except (OSError, http.client.HTTPException) as error:
                self._drop()
                if last or once or self.ended.is_set():
                    raise self._unreachable(error) from None
                self.ended.wait(_pause(attempt))
                continue
            except BaseException:  # the body's own error, or Ctrl-C: half a request was sent
                self._drop()
                raise
            if answer.status not in AGAIN or last or self.ended.is_set():
                return _good(answer, self.url)
            self.ended.wait(_asked(answer) or _pause(attempt))
        raise AssertionError("every attempt returns or raises")

    def close(self) -> None:
        """Close this thread's connection."""
        self._drop()

    def _once(self, method: str, path: str, body: Body | None, headers: Mapping[str, str]) -> Answer:
        connection = self._connection()
        parts = urlsplit(self.url)
        connection.request(
            method, f"{parts.path}/api/v1/{path}", body=iter(body()) if body else None, headers=dict(headers)
        )
        response = connection.getresponse()
        data = response.read(MAX_ANSWER)
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, data)

    def _connection(self) -> http.client.HTTPConnection:
        present: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if present is None:
            present = self._own.connection = _connect(self.url, self.timeout)
        return present

    def _drop(self) -> None:
        present = getattr(self._own, "connection", None)
        if present is not None:
            present.close()
            self._own.connection = None

    def _unreachable(self, error: Exception) -> ConnectionBroken:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return ConnectionBroken(
            f"The server {self.url} cannot be reached: {why}.", "Check READINESS_URL and that it runs."
        )


def open_session(
    server: str = "",
    token_file: Path | None = None,
    *,
    insecure: bool = False,
    env: Mapping[str, str] = os.environ,
) -> Session:
    """A session with the server and token of the options or of the environment. Raises ReadinessError."""
    url = (server or env.get("READINESS_URL", "")).strip().rstrip("/")
    if not url:
        raise ReadinessError("No server is named.", "Set READINESS_URL, or give --server https://….")
    _require_safe(url, insecure=insecure)
    return Session(url, _token(token_file, env))


def _require_safe(url: str, *, insecure: bool) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
        raise ReadinessError(
            f"{url!r} is not the address of a server.", "Write it like https://readiness.example."
        )
    if parts.scheme == "http" and not insecure and not _loopback(host):
        raise ReadinessError(
            f"{url} is not encrypted: the token could be read on its way.",
            "Use https://, or --insecure in a network that you trust.",
        )


def _loopback(host: str) -> bool:
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdigit())


def _token(file: Path | None, env: Mapping[str, str]) -> str:
    token = env.get("READINESS_TOKEN", "").strip()
    if file is not None:
        try:
            token = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise ReadinessError(f"The token file {file} cannot be read.", "Check the path.") from None
    if not token:
        raise ReadinessError(
            "There is no token.", "Set READINESS_TOKEN (create one on the server's page /account/tokens)."
        )
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise ReadinessError("The token holds characters that no token has.", "Copy it again, whole.")
    return token


def _connect(url: str, timeout: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=timeout)
    import ssl

    context = ssl.create_default_context()
    proxy = _proxy(host)
    if proxy is None:
        return http.client.HTTPSConnection(host, parts.port, timeout=timeout, context=context)
    through = http.client.HTTPSConnection(*proxy, timeout=timeout, context=context)
    through.set_tunnel(host, parts.port or 443)
    return through


def _proxy(host: str) -> tuple[str, int] | None:
    """The proxy of the environment (https_proxy, no_proxy), as most CI systems set it."""
    found = os.environ.get("https_proxy") or os.environ.get("HTTPS_PROXY") or ""
    direct = (os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or "").split(",")
    names = [name.strip().lstrip(".") for name in direct if name.strip()]
    if not found or _loopback(host) or any(n in ("*", host) or host.endswith(f".{n}") for n in names):
        return None
    parts = urlsplit(found if "://" in found else f"http://{found}")
    return (parts.hostname or "", parts.port or 3128) if parts.hostname else None


def _good(answer: Answer, url: str) -> Answer:
    if answer.status < 300 or answer.status == 304:
        return answer
    if answer.status < 400:
        raise ReadinessError(
            f"{url} sends on to {answer.headers.get('location', 'another address')}.",
            "Name that one instead.",
        )
    problem = _problem(answer)
    message = str(problem.get("detail") or f"The server answered {answer.status}.")
    advice = str(problem.get("advice") or "")
    if answer.status >= 500:
        raise ServerBroken(message, advice or "Look at the server's log, and try again.")
    listed = "; ".join(f"{e.get('field')}: {e.get('message')}" for e in problem.get("errors") or [])
    raise ServerRefused(f"{message} {listed}".strip(), advice, answer.status, problem)


def _problem(answer: Answer) -> Mapping[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _pause(attempt: int) -> float:
    """Doubling pauses, none over ten seconds, not all clients at the same moment."""
    longest: float = min(LONGEST_PAUSE, 0.25 * 2**attempt)
    return longest * (0.5 + random.random() / 2)  # noqa: S311  # no secret


def _asked(answer: Answer) -> float:
    """The seconds of Retry-After, within reason; 0 when there are none."""
    asked = answer.headers.get("retry-after", "")
    return min(float(asked), LONGEST_WAIT) if asked.isascii() and asked.isdigit() else 0.0
