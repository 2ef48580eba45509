"""Byte counts for people."""

from __future__ import annotations

import re
from typing import Any, Self

SIZE = "bytes, or a size such as 5 MB"
_UNITS = {
    "": 1, "B": 1, "byte": 1, "bytes": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9,
    "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
}  # fmt: skip
_SIZE = re.compile(r"(?P<number>[0-9]{1,18}(?:\.[0-9]{1,18})?) ?(?P<unit>[A-Za-z]*)")


class Bytes(int):
    """A number of bytes as a checklist may write it: 5000000 or "5 MB"."""

    @classmethod
    def default(cls, count: int) -> Any:
        """A parameter's default. (A factory: msgspec cannot write a subclass of int into a schema.)"""
        import msgspec  # slow to load, and only checklists have parameters

        return msgspec.field(default_factory=lambda: cls(count))

    @classmethod
    def read(cls, raw: Any) -> Self:
        """Bytes from a whole number or a size in words. Raises ValueError that says what it takes."""
        from decimal import Decimal

        match = _SIZE.fullmatch(raw.strip()) if isinstance(raw, str) else None
        if match and match["unit"] in _UNITS:
            raw = float(Decimal(match["number"]) * _UNITS[match["unit"]])
        whole = isinstance(raw, int | float) and not isinstance(raw, bool) and raw == raw // 1
        if not whole or raw < 0:
            raise ValueError(
                f"{str(raw)[:40]!r} is no size; write a whole number of bytes, or a size such as 5 MB"
            )
        return cls(raw)


def size_words(count: int) -> str:
    """A byte count in decimal units: "0 bytes", "1 byte", "34 kB", "1.2 MB", "536.9 MB"."""
    if count < 1000:
        return f"{count} byte" if count == 1 else f"{count} bytes"
    if count < 999_500:
        return f"{count / 1000:.0f} kB"
    value, unit = (count / 10**6, "MB") if count < 999_500_000 else (count / 10**9, "GB")
    return f"{value:.1f}".removesuffix(".0") + f" {unit}"
