"""The one client through which this product asks other hosts. It decides on the connected address.

Only listed hosts are asked (engine/hosts.py shows the list's forms). Names are resolved here, each address
is judged, and the connection is made to that very address, so that a name cannot lead elsewhere between the
question and the call. Redirects start over: the next host must be listed too. No proxy of the environment
is used, nothing is unpacked, and the time limit covers the whole exchange.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

from readiness.engine.errors import CheckProblem, NotAllowed
from readiness.engine.hosts import (
    Allowed,
    find_entry,
    host_of,
    judge_address,
    literal,
    parse_entry,
    plain_name,
)
from readiness.engine.sizes import size_words

Resolver = Callable[[str, int], Sequence[str]]

MAX_BODY = 1 << 20
MAX_REDIRECTS = 5
DEFAULT_PORTS = {"http": 80, "https": 443}


class Unreachable(CheckProblem):
    """The host was allowed and asked, but no complete answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer: status, body as text (at most 1 MB), the address asked last, seconds it took."""

    status: int
    text: str
    url: str
    address: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is sent: method, headers, body."""

    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


def fetch(
    url: str,
    *,
    allowed_hosts: Iterable[str],
    seconds: float = 10.0,
    resolver: Resolver | None = None,
    ask: Ask | None = None,
) -> Answer:
    """GET an address, or send it what `ask` says. Raises NotAllowed (host not listed, address refused),
    Unreachable.

    `seconds` bounds everything: names, connections, redirects and body. `resolver` (host, port) to
    addresses replaces the system's. Redirects are followed for GET and HEAD; another host gets none of the
    headers. For other methods the redirect is the answer: nothing is sent twice.
    """
    entries = [parse_entry(entry) for entry in allowed_hosts]
    what, deadline = ask or Ask(), Deadline(seconds)
    backend = Backend(entries, resolver or system_resolver, deadline)
    started = time.monotonic()
    with httpx.Client(transport=_Transport(backend), trust_env=False, headers=HEADERS) as client:
        place = checked(url, entries)
        request = client.build_request(what.method, place, headers=what.headers, content=what.body)
        for _ in range(MAX_REDIRECTS + 1):
            with told(request.url), _closing(client.send(request, stream=True)) as response:
                if response.next_request is None or what.method not in _FOLLOWING:
                    text = _body(response, deadline)
                    took = time.monotonic() - started
                    return Answer(response.status_code, text, str(request.url), backend.address, took)
                place = checked(str(response.next_request.url), entries)
            headers = what.headers if _origin(place) == _origin(request.url) else {}
            request = client.build_request(what.method, place, headers=headers)
    raise Unreachable(f"{url} redirects more than {MAX_REDIRECTS} times.", "Name the final address.")


_FOLLOWING = ("GET", "HEAD")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


HEADERS = {"user-agent": "readiness", "accept": "*/*", "accept-encoding": "identity"}


def checked(url: str, entries: Sequence[Allowed]) -> httpx.URL:
    """The address, when it is plain and its host is listed. Raises NotAllowed."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise NotAllowed(f"{url[:200]!r} is not a web address: {error}.", "Correct it.") from None
    if parsed.scheme not in DEFAULT_PORTS or not parsed.host or parsed.userinfo:
        raise NotAllowed(
            f"{url[:200]!r} is not a plain http or https address.", "Use http(s)://host/path, no password."
        )
    find_entry(entries, host_of(parsed), parsed.port or DEFAULT_PORTS[parsed.scheme])
    return parsed


def token_for(url: str, tokens: Iterable[str]) -> str | None:
    """The operator's token for the host and port of an address, or None. Entries are "host[:port]=token"."""
    try:
        place = httpx.URL(url)
    except httpx.InvalidURL:
        return None  # asking it is refused anyway
    port = place.port or DEFAULT_PORTS.get(place.scheme)
    for entry in tokens:
        name, _, token = entry.partition("=")
        known = parse_entry(name)
        if token and port is not None and known.covers(host_of(place), port):
            return token.strip()
    return None


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


class _Transport(httpx.BaseTransport):
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


def _body(response: httpx.Response, deadline: Deadline) -> str:
    body = bytearray()
    for chunk in response.iter_raw():  # raw: nothing is unpacked, so nothing can swell
        body += chunk
        deadline.left()
        if len(body) > MAX_BODY:
            raise Unreachable(
                f"{response.request.url} answers more than {size_words(MAX_BODY)}.", "Probe a smaller page."
            )
    return body.decode("utf-8", "replace")


@contextmanager
def _closing(response: httpx.Response) -> Iterator[httpx.Response]:
    try:
        yield response
    finally:
        response.close()


@contextmanager
def told(url: httpx.URL) -> Iterator[None]:
    """Turn the libraries' errors into one sentence about the address that was asked."""
    try:
        yield
    except (httpcore.TimeoutException, TimeoutError) as error:
        why = str(error) if "within" in str(error) or "resolved" in str(error) else "no answer in time"
        raise Unreachable(f"{url} gave no complete answer: {why}.", _ADVICE) from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError, ssl.SSLError) as error:
        reason = str(error)[:160].rstrip(".") or type(error).__name__
        raise Unreachable(f"{url} could not be asked: {reason}.", _ADVICE) from None


_ADVICE = "See whether the service runs and is reachable from here."
