"""Canonical JSON and digests: what a signature covers, byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

import rfc8785

from readiness.engine.errors import ReadinessError
from readiness.engine.target import Entry

SCHEMA_VERSION = 1


class NotCanonicalError(ReadinessError):
    """A value that has no canonical JSON form (NaN, an integer beyond 2^53, a lone surrogate)."""


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785) of plain data. Raises NotCanonicalError."""
    parts: list[str] = []
    try:
        _write(value, parts.append)
        return "".join(parts).encode()
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeEncodeError) as error:
        raise NotCanonicalError(f"This cannot be sealed: {error}.") from error


def _write(value: Any, out: Callable[[str], None]) -> None:
    # Same bytes as rfc8785.dumps, several times faster: every page and act needs a digest. Fractions and
    # whatever is rare are left to rfc8785, which also refuses what has no canonical form.
    kind = type(value)
    if kind is str:
        out(encode_basestring(value))
    elif kind is dict:
        for head, key in _heads(tuple(value)):
            out(head)
            _write(value[key], out)
        out("}" if value else "{}")
    elif kind is list or kind is tuple:
        mark = "["
        for item in value:
            out(mark)
            _write(item, out)
            mark = ","
        out("]" if value else "[]")
    elif value is None or kind is bool:
        out(_CONSTANTS[value])
    else:
        out(str(value) if kind is int and abs(value) <= _LARGEST else rfc8785.dumps(value).decode())


_CONSTANTS = {None: "null", True: "true", False: "false"}
_LARGEST = 2**53 - 1


@lru_cache(maxsize=256)
def _heads(keys: tuple[Any, ...]) -> tuple[tuple[str, str], ...]:
    """Keys in canonical order, each after what stands before its value; the same few sets recur."""
    if not all(type(key) is str for key in keys):
        raise NotCanonicalError("This cannot be sealed: a key is not text.")
    # RFC 8785 orders by UTF-16 units, which differs from code points beyond the basic plane only.
    ordered = sorted(keys, key=None if all(map(str.isascii, keys)) else lambda key: key.encode("utf-16-be"))
    return tuple(
        (f"{',' if place else '{'}{encode_basestring(key)}:", key) for place, key in enumerate(ordered)
    )


def digest(value: Any) -> str:
    """`sha256:` and the lower-case hex SHA-256 of the canonical JSON."""
    return f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}"


def artifact_digest(entries: Iterable[Entry]) -> str:
    """The digest that names an artifact snapshot: over every path with size and SHA-256."""
    return digest([[e.path, e.size, e.sha256] for e in sorted(entries, key=lambda e: e.path)])


def chain(previous: str, entry: Mapping[str, Any]) -> str:
    """The hash of an audit entry: SHA-256 hex over the previous hash and the entry's canonical JSON."""
    return hashlib.sha256(previous.encode("ascii") + b"\n" + canonical(entry)).hexdigest()
