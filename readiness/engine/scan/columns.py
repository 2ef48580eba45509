"""Where in a record a value stands: under which JSON key, or in which column."""

from __future__ import annotations

from readiness.engine.scan.patterns import compiled

_KEY = compiled(rb"\"([^\"\\]{1,64})\"\s*:\s*[\[\"]?[^\"]{0,100}$")


def place_of(data: bytes, start: int) -> bytes:
    """The JSON key before `start`, else the number of the column."""
    line = data.rfind(b"\n", max(0, start - 4096), start) + 1
    before = data[max(line, start - 4096) : start]
    key = _KEY.search(before[-200:])
    if key:
        return bytes(key[1])
    return b"%d" % sum(before.count(c) for c in (b",", b"\t", b";", b"|"))
