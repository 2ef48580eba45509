"""Changes of a file's bytes, each small: at random, and at the places where a format is most forgiving."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

_MARKS = re.compile(
    rb"PK\x01\x02|PK\x03\x04|PK\x05\x06|%%EOF|startxref|xref|trailer|/ByteRange|/Contents|/Type ?/Sig|endobj|"
    rb"endstream|/EmbeddedFiles|/DocMDP|stream\r?\n|%PDF|\"sig\"|\"hash\"|\"payload\""
)
_JUNK = (b"\n", b"\r", b" ", b"\x00", b"0", b"%", b"%%EOF\n", b"}", b"1")
NEAR = 40


def mutations(data: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` changed copies, each another than the data, with a name that says what was done."""
    chance = random.Random(seed)
    places = [match.start() for match in _MARKS.finditer(data)]
    made = 0
    while made < count:
        near = bool(places) and chance.random() < 0.5
        at = chance.choice(places) + chance.randrange(-NEAR, NEAR) if near else chance.randrange(len(data))
        at = min(max(at, 0), len(data) - 1)
        name, changed = _one(data, at, chance)
        if changed != data:
            made += 1
            yield f"{name} at {at}", changed


def signature(data: bytes, start: int, end: int) -> Iterator[tuple[str, bytes]]:
    """Every byte from `start` to `end` changed once: nothing in that place goes unseen."""
    for at in range(start, end):
        other = b"0" if data[at : at + 1] != b"0" else b"1"
        yield f"set at {at}", data[:at] + other + data[at + 1 :]


def _one(data: bytes, at: int, chance: random.Random) -> tuple[str, bytes]:
    kind = chance.choice(("flip", "set", "zero", "delete", "insert", "append", "truncate", "double", "swap"))
    byte = data[at]
    if kind == "append":
        return kind, data + chance.choice(_JUNK)
    if kind == "truncate":
        return kind, data[: chance.choice((at, len(data) - 1, len(data) - chance.randrange(1, 9)))]
    if kind == "insert":
        return kind, data[:at] + chance.choice(_JUNK) + data[at:]
    changed = {
        "flip": bytes([byte ^ 1 << chance.randrange(8)]),
        "set": bytes([chance.randrange(256)]),
        "zero": b"\x00",
        "delete": b"",
        "double": bytes([byte, byte]),
        "swap": data[at + 1 : at + 2] + bytes([byte]),
    }[kind]
    return kind, data[:at] + changed + data[at + (2 if kind == "swap" else 1) :]
