"""Byte counts for people."""

from __future__ import annotations


def size_words(count: int) -> str:
    """A byte count in decimal units: "0 bytes", "1 byte", "34 kB", "1.2 MB", "536.9 MB"."""
    if count < 1000:
        return f"{count} byte" if count == 1 else f"{count} bytes"
    if count < 999_500:
        return f"{count / 1000:.0f} kB"
    value, unit = (count / 10**6, "MB") if count < 999_500_000 else (count / 10**9, "GB")
    return f"{value:.1f}".removesuffix(".0") + f" {unit}"
