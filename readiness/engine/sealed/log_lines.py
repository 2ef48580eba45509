"""One entry of the audit log as a line: canonical JSON of what its hash covers, `previous` and `hash`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from readiness.engine import seal
from readiness.engine.errors import BadContent
from readiness.engine.readers import plain_json

MAX_LINE = 4 << 20
_HASH = re.compile(r"[0-9a-f]{64}")
_WHOLE = 2**53  # above it RFC 8785 writes whole fractions only
_LARGEST = 10**22  # above that it writes them with an exponent
_SHAPE: dict[str, type | tuple[type, ...]] = {
    "stream": str,
    "seq": int,
    "at": str,
    "actor_id": (int, type(None)),
    "actor_name": str,
    "verb": str,
    "subject": str,
    "revision": (int, type(None)),
    "data": dict,
    "previous": str,
    "hash": str,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `content` is what the hash covers: stream, seq, at, actor_id, actor_name, verb, …"""

    content: Mapping[str, Any]
    previous: str
    hash: str

    @property
    def seq(self) -> int:
        """Its place in the stream, from 1."""
        return int(self.content["seq"])


def line(content: Mapping[str, Any], previous: str, hashed: str) -> bytes:
    """An entry as a line, with the line's end. Raises NotCanonicalError."""
    return seal.canonical({**content, "previous": previous, "hash": hashed}) + b"\n"


def hash_of(previous: str, content: Mapping[str, Any]) -> str:
    """As `seal.chain`, for content that was read back: a whole fraction may have come as an integer."""
    try:
        return seal.chain(previous, content)
    except seal.NotCanonicalError:
        return seal.chain(previous, _as_written(content))


def parse(raw: bytes) -> Entry | str:
    """The entry of a line, or why it is none."""
    if len(raw) > MAX_LINE:
        return f"is longer than {MAX_LINE >> 20} MB"
    try:
        whole = plain_json.parse(raw.decode(), "the line")
        good = isinstance(whole, dict) and _shaped(whole) and _canonical(whole) + b"\n" == raw
    except (UnicodeDecodeError, BadContent, seal.NotCanonicalError):
        good = False
    if not good:
        return "is no entry of an audit log in its canonical form"
    previous, hashed = whole.pop("previous"), whole.pop("hash")
    return Entry(whole, previous, hashed)


def _canonical(value: Any) -> bytes:
    try:
        return seal.canonical(value)
    except seal.NotCanonicalError:
        return seal.canonical(_as_written(value))


def _as_written(value: Any) -> Any:
    """Integers that JSON cannot hold exactly as the fractions that they were: 1e20 is written as one."""
    if isinstance(value, Mapping):
        return {key: _as_written(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_written(each) for each in value]
    if type(value) is not int or abs(value) < _WHOLE or abs(value) > _LARGEST:
        return value
    fraction = float(value)
    return fraction if int(Decimal(repr(fraction))) == value else value


def _shaped(raw: Mapping[str, Any]) -> bool:
    return (
        raw.keys() == _SHAPE.keys()
        and all(isinstance(raw[name], kind) and raw[name] is not True for name, kind in _SHAPE.items())
        and raw["seq"] > 0
        and bool(_HASH.fullmatch(raw["previous"]) and _HASH.fullmatch(raw["hash"]))
        and _in_utc(raw["at"])
    )


def _in_utc(text: str) -> bool:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return False
    return at.utcoffset() == timedelta(0) and at.isoformat(timespec="microseconds") == text
