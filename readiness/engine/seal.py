"""Canonical JSON and digests: what a signature covers, byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785

from readiness.engine.errors import ReadinessError
from readiness.engine.target import Entry

SCHEMA_VERSION = 1


class NotCanonicalError(ReadinessError):
    """A value that has no canonical JSON form (NaN, an integer beyond 2^53, a lone surrogate)."""


def canonical(value: Any) -> bytes:
    """Canonical JSON (RFC 8785) of plain data. Raises NotCanonicalError."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError, UnicodeEncodeError) as error:
        raise NotCanonicalError(f"This cannot be sealed: {error}.") from error


def digest(value: Any) -> str:
    """`sha256:` and the lower-case hex SHA-256 of the canonical JSON."""
    return f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}"


def artifact_digest(entries: Iterable[Entry]) -> str:
    """The digest that names an artifact snapshot: over every path with size and SHA-256."""
    return digest([[e.path, e.size, e.sha256] for e in sorted(entries, key=lambda e: e.path)])


def chain(previous: str, entry: Mapping[str, Any]) -> str:
    """The hash of an audit entry: SHA-256 hex over the previous hash and the entry's canonical JSON."""
    return hashlib.sha256(previous.encode("ascii") + b"\n" + canonical(entry)).hexdigest()
