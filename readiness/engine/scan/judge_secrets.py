"""Whether what has the shape of a secret is one: not a call, a reference, a word or a placeholder."""

from __future__ import annotations

import base64
import binascii
import json

from readiness.engine.scan.patterns import compiled
from readiness.engine.scan.placeholders import severity_of
from readiness.engine.scan.values import Severity

_UPPER_PREFIX = compiled(rb"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}$")


def api_key(value: bytes, before: bytes, after: bytes) -> Severity | None:
    """A key; one that is written as a name, a path or a word is none."""
    if after[:1] == b"(":
        return None
    found = severity_of(value)
    plain = len(set(value)) < 7 or not (_UPPER_PREFIX.match(value) or _mixed(value))
    return None if found == "high" and plain else found


def password(value: bytes, before: bytes, after: bytes) -> Severity | None:
    """A value that something called a password is set to; a call, a type or a reference is none."""
    quoted = value[:1] in (b'"', b"'", b"\\")
    bare = value.strip(b"\\\"'").strip()
    if after[:1] in (b"(", b"[", b".") or not any(chr(c).isalnum() for c in bare):
        return None
    if not quoted and not _looks_random(bare):
        return None
    return severity_of(bare)


def connection_string(value: bytes, before: bytes, after: bytes) -> Severity | None:
    """An address with a user's password in it."""
    if b"://" not in value:
        return severity_of(value)
    secret = value.partition(b"://")[2].rpartition(b"@")[0].partition(b":")[2]
    return severity_of(secret)


def jwt(value: bytes, before: bytes, after: bytes) -> Severity | None:
    """A token whose first part is the JSON object that a JSON Web Token begins with."""
    head = value.split(b".")[0]
    try:
        known = json.loads(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return "high" if isinstance(known, dict) and ("alg" in known or "typ" in known) else None


def private_key(value: bytes, before: bytes, after: bytes) -> Severity | None:
    """The first line of a private key's file."""
    return "high"


def _looks_random(value: bytes) -> bool:
    # without quotes, a plain word is prose or a variable's name: "password: required"
    return _mixed(value) or any(c in b"!@#$%^&*?" for c in value[1:])


def _mixed(value: bytes) -> bool:
    return any(chr(c).isalpha() for c in value) and any(chr(c).isdigit() for c in value)
