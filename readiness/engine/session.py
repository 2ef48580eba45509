"""Many requests to one address that was judged once: for measuring, over connections that are kept.

    target = aim("http://staging.example.org/predict", allowed_hosts=[…], ask=Ask(method="POST", body=b"{}"))
    with Session(target, seconds=10) as session:
        reply = session.send()

The name is resolved and judged when aiming; every connection of every session goes to that very address.
Redirects are not followed. A session belongs to one thread.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import httpcore
import httpx

from readiness.engine.guarded import (
    DEFAULT_PORTS,
    HEADERS,
    MAX_BODY,
    Ask,
    Unreachable,
    checked,
    told,
)
from readiness.engine.guarded_connections import Backend, Deadline, Resolver, system_resolver
from readiness.engine.hosts import Allowed, parse_entry
from readiness.engine.sizes import size_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One address, the judged places that its name leads to, and what is sent there."""

    url: httpx.URL
    addresses: Sequence[str]
    ask: Ask
    entries: Sequence[Allowed]
    tls: ssl.SSLContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Status, and the seconds from sending until the whole body was there."""

    status: int
    seconds: float


def aim(
    url: str,
    *,
    allowed_hosts: Iterable[str],
    seconds: float = 10.0,
    ask: Ask | None = None,
    resolver: Resolver | None = None,
) -> Target:
    """Judge an address once. Raises NotAllowed, Unreachable, ValueError (a bad entry of the list)."""
    entries = [parse_entry(entry) for entry in allowed_hosts]
    place = checked(url, entries)
    backend = Backend(entries, resolver or system_resolver, Deadline(seconds))
    port = place.port or DEFAULT_PORTS[place.scheme]
    with told(place):
        addresses = backend.judged(place.raw_host.decode("ascii"), port)
        if not addresses:
            raise Unreachable(f"{url} leads to no address.", "Correct it.")
    return Target(
        url=place,
        addresses=addresses,
        ask=ask or Ask(),
        entries=entries,
        tls=httpx.create_ssl_context(),
    )


class Session:
    """A kept connection to a target. `seconds` bounds each request with its connection."""

    def __init__(self, target: Target, *, seconds: float) -> None:
        self._target, self._deadline = target, Deadline(seconds)
        backend = Backend(target.entries, lambda host, port: target.addresses, self._deadline)  # noqa: ARG005  # a Resolver
        self._pool = httpcore.ConnectionPool(
            ssl_context=target.tls, network_backend=backend, max_connections=1, max_keepalive_connections=1
        )
        url, ask = target.url, target.ask
        request = httpx.Request(ask.method, url, headers=HEADERS | dict(ask.headers), content=ask.body)
        self._request = httpcore.Request(
            ask.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=ask.body,
        )

    def send(self) -> Reply:
        """Send it once and read the whole answer. Raises Unreachable."""
        self._deadline.restart()
        started = time.perf_counter()
        with told(self._target.url):
            answer = self._pool.handle_request(self._request)
            try:
                self._drain(answer)
            finally:
                answer.close()
        return Reply(status=answer.status, seconds=time.perf_counter() - started)

    def _drain(self, answer: httpcore.Response) -> None:
        size = 0
        for chunk in answer.iter_stream():
            size += len(chunk)
            self._deadline.left()
            if size > MAX_BODY:
                raise Unreachable(
                    f"{self._target.url} answers more than {size_words(MAX_BODY)}.", "Measure a smaller page."
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up the connection."""
        self._pool.close()
