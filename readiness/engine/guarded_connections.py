"""Connections that lead only to judged addresses, and end at a deadline (the inside of engine/guarded.py)."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpcore
import httpx

from readiness.engine.errors import NotAllowed
from readiness.engine.hosts import Allowed, find_entry, judge_address, literal, plain_name

Resolver = Callable[[str, int], Sequence[str]]


def system_resolver(host: str, port: int) -> list[str]:
    """Addresses of a host, as this machine finds them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Deadline:
    """What is left of the time for one exchange."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.end = time.monotonic() + seconds

    def restart(self) -> None:
        """Give the next exchange on the same connection its own time."""
        self.end = time.monotonic() + self.seconds

    def left(self) -> float:
        """Seconds that are left. Raises httpcore.ReadTimeout when there are none."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout(f"no complete answer within {self.seconds:g} s")
        return left


class Backend(httpcore.NetworkBackend):
    """Opens connections only to addresses that were judged, and remembers the last one."""

    def __init__(self, entries: Sequence[Allowed], resolver: Resolver, deadline: Deadline) -> None:
        self.entries, self.resolver, self.deadline = entries, resolver, deadline
        self.address = ""
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        del timeout, local_address  # the deadline is stricter, and nobody chooses our address
        return self._connect_first(self.judged(host, port), port, socket_options)

    def judged(self, host: str, port: int) -> Sequence[str]:
        """The host's addresses, every one of which may be connected to. Raises NotAllowed."""
        entry = find_entry(self.entries, plain_name(host), port)
        addresses = self._resolve(host, port)
        for address in addresses:
            if (why := judge_address(address, private=entry.private)) is not None:
                raise NotAllowed(
                    f"{host} leads to {address}, {why}; nothing was sent.",
                    "If that is meant, the operator can allow it with `+private` behind the host."
                    if "public" in why
                    else "Use the service's own address.",
                )
        return addresses

    def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> Any:
        raise NotAllowed(f"{path} is a local socket.", "Only http and https hosts are asked.")

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, self.deadline.left()))

    def _connect_first(self, addresses: Sequence[str], port: int, options: Any) -> httpcore.NetworkStream:
        problem: Exception = httpcore.ConnectError("the name leads to no address")
        for address in addresses:
            try:
                stream = self._plain.connect_tcp(address, port, self.deadline.left(), None, options)
            except httpcore.ConnectError as error:
                problem = error
                continue
            self.address = address
            return _Stream(stream, self.deadline)
        raise problem

    def _resolve(self, host: str, port: int) -> Sequence[str]:
        if literal(host) is not None:
            return [host]
        found: list[Sequence[str]] = []
        failed: list[OSError | UnicodeError] = []

        def ask() -> None:
            try:
                found.append(self.resolver(host, port))
            except (OSError, UnicodeError) as error:
                failed.append(error)

        # the system's resolver takes no time limit, so it waits elsewhere
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(self.deadline.left())
        if failed:
            raise httpcore.ConnectError(f"the name {host} is unknown")
        if not found:
            raise httpcore.ConnectTimeout(f"the name {host} was not resolved in time")
        return found[0]


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self.stream, self.deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self.stream.read(max_bytes, self.deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self.stream.write(buffer, self.deadline.left())

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del timeout
        secured = self.stream.start_tls(ssl_context, server_hostname, self.deadline.left())
        return _Stream(secured, self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


class Transport(httpx.BaseTransport):
    """httpx on a connection pool that knows no other way out than the guarded backend."""

    def __init__(self, backend: Backend) -> None:
        self.pool = httpcore.ConnectionPool(ssl_context=httpx.create_ssl_context(), network_backend=backend)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        answer = self.pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
            )
        )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Bytes(answer), extensions=answer.extensions
        )

    def close(self) -> None:
        self.pool.close()


class _Bytes(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self.answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self.answer.iter_stream()

    def close(self) -> None:
        self.answer.close()
