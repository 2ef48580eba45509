"""The one client through which this product asks other hosts. It decides on the connected address.

Only listed hosts are asked (engine/hosts.py shows the list's forms). Names are resolved here, each address
is judged, and the connection is made to that very address, so that a name cannot lead elsewhere between the
question and the call. Redirects start over: the next host must be listed too. No proxy of the environment
is used, nothing is unpacked, and the time limit covers the whole exchange.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpcore
import httpx

from readiness.engine.errors import CheckProblem, NotAllowed
from readiness.engine.guarded_connections import Backend, Deadline, Resolver, Transport, system_resolver
from readiness.engine.hosts import (
    Allowed,
    find_entry,
    host_of,
    parse_entry,
)
from readiness.engine.sizes import size_words

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
    with httpx.Client(transport=Transport(backend), trust_env=False, headers=HEADERS) as client:
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
    """The operator's token for the host and port of an address, or None. Entries are "host[:port]=token".

    In the clear (http) a token goes only to a port that the operator named.
    """
    try:
        place = httpx.URL(url)
    except httpx.InvalidURL:
        return None  # asking it is refused anyway
    port = place.port or DEFAULT_PORTS.get(place.scheme)
    for entry in tokens:
        name, _, token = entry.partition("=")
        known = parse_entry(name)
        private = place.scheme == "https" or known.port is not None
        if token and port is not None and private and known.covers(host_of(place), port):
            return token.strip()
    return None


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
