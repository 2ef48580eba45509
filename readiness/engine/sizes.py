"""Byte counts for people."""

from __future__ import annotations


def size_words(count: int) -> str:
    """A byte count in decimal units: "0 bytes", "1 byte", "34 kB", "1.2 MB", "536.9 MB"."""
    if count < 1000:
        return f"{count} byte" if count == 1 else f"{count} bytes"
    for unit, step in (("kB", 10**3), ("MB", 10**6), ("GB", 10**9)):
        if count < step * 999.5 or unit == "GB":
            value = count / step
            return f"{value:.0f} {unit}" if unit == "kB" else f"{value:.1f} {unit}".replace(".0 ", " ")
    raise AssertionError
