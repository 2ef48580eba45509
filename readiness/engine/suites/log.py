"""The log of one attempt: its beginning and its end, bounded, and what was left out is said."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from readiness.engine.sizes import size_words

HEAD = 8_000_000
TAIL = 1_000_000


class AttemptLog:
    """A file that keeps the first HEAD bytes as they come, and the last TAIL bytes when it is closed."""

    def __init__(self, path: Path, *, head: int = HEAD, tail: int = TAIL) -> None:
        # a new file always: what lies there may be a link to somewhere else
        path.unlink(missing_ok=True)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        self._left, self._tail = head, tail
        self._last = bytearray()
        self._dropped = 0

    def write(self, data: bytes) -> None:
        """Output as it comes."""
        now, later = data[: self._left], data[self._left :]
        self._left -= len(now)
        self._put(now)
        self._last += later
        if len(self._last) > 2 * self._tail:
            self._shorten()

    def say(self, text: str) -> None:
        """A line of our own."""
        self.write(f"[readiness] {text}\n".encode("utf-8", "backslashreplace"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._shorten()
            if self._dropped:
                self._put(f"\n[readiness] {size_words(self._dropped)} of output left out here\n".encode())
            self._put(bytes(self._last))
        finally:
            os.close(self._fd)

    def _shorten(self) -> None:
        surplus = len(self._last) - self._tail
        if surplus > 0:
            del self._last[:surplus]
            self._dropped += surplus

    def _put(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]
