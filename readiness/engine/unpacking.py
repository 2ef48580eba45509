"""A compressed or plain file as one bounded stream, for readers of pickles (run in a child process)."""

from __future__ import annotations

import bz2
import lzma
import os
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

from readiness.engine import lz4_frame
from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.sizes import size_words

MAX_UNPACKED = 8 << 30
FREE = 64 << 20
MAX_RATIO = 200
_CHUNK = 1 << 20
_XZ_MEMORY = 256 << 20
_HEADS = {
    b"\x1f\x8b": "gzip", b"BZ": "bz2", b"\xfd7zXZ": "xz", b"\x5d\x00": "lzma", lz4_frame.MAGIC: "lz4",
    b"\x78": "zlib",
}  # fmt: skip


def compression(head: bytes) -> str | None:
    """The compression that a file's first bytes declare, as joblib decides it, or None."""
    return next((name for mark, name in _HEADS.items() if head.startswith(mark)), None)


class Unpacked:
    """A file's unpacked bytes from its descriptor: `read`, `readline` and `tell`, forwards only.

    Raises BadContent for broken or cut off compression, LimitExceeded for a file that unpacks to more than
    200 times its size (64 MB are always allowed) or more than 8 GB.
    """

    def __init__(self, fd: int, path: str) -> None:
        self.path = path
        self.method = compression(os.pread(fd, 8, 0))
        size = os.fstat(fd).st_size
        self.limit = min(MAX_UNPACKED, max(FREE, MAX_RATIO * size)) if self.method else max(size, 1)
        self._parts = self._guarded(_chunks(fd, self.method))
        self._held = b""
        self._at = 0
        self._seen = 0

    def read(self, count: int) -> bytes:
        """The next `count` bytes, fewer at the end."""
        parts, missing = [], count
        while missing > 0 and self._fill():
            part = self._held[self._at : self._at + missing]
            parts.append(part)
            self._at += len(part)
            missing -= len(part)
        return b"".join(parts)

    def readline(self) -> bytes:
        """The bytes up to and with the next line end."""
        parts = []
        while self._fill():
            end = self._held.find(b"\n", self._at) + 1
            parts.append(self._held[self._at : end or len(self._held)])
            self._at += len(parts[-1])
            if end:
                break
        return b"".join(parts)

    def tell(self) -> int:
        """How many unpacked bytes were read."""
        return self._seen - len(self._held) + self._at

    def _fill(self) -> bool:
        while self._at == len(self._held):
            part = next(self._parts, None)
            if part is None:
                return False
            self._held, self._at = part, 0
            self._seen += len(part)
            if self._seen > self.limit:
                raise LimitExceeded(
                    f"{self.path} unpacks to more than {size_words(self.limit)}, which no model needs.",
                    "Look at the file before trusting it; save it without compression if it is sound.",
                )
        return True

    def _guarded(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from parts
        except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError) as error:
            raise BadContent(
                f"{self.path} is cut off or broken: its {self.method} data cannot be unpacked ({error}).",
                "Save the model again with joblib.dump, and copy it whole.",
            ) from None


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Zlib:
    """zlib with the manners of bz2 and lzma."""

    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def _chunks(fd: int, method: str | None) -> Iterator[bytes]:
    makers: dict[str, Any] = {
        "zlib": lambda: _Zlib(15),
        "gzip": lambda: _Zlib(31),
        "bz2": bz2.BZ2Decompressor,
        "xz": lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY),
        "lzma": lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_XZ_MEMORY),
    }
    if method in makers:
        yield from _unpack(fd, makers[method]())
    elif method == "lz4":
        reader = _Reader(fd)
        yield from lz4_frame.blocks(reader.read)
        if reader.read(1):
            raise ValueError("bytes behind the end")
    else:
        yield from _pieces(fd)


def _pieces(fd: int) -> Iterator[bytes]:
    at = 0
    while piece := os.pread(fd, _CHUNK, at):
        yield piece
        at += len(piece)


def _unpack(fd: int, machine: _Decompressor) -> Iterator[bytes]:
    pieces = _pieces(fd)
    while not machine.eof:
        piece = next(pieces, None) if machine.needs_input else b""
        if piece is None:
            raise EOFError("the end is missing")
        yield machine.decompress(piece, _CHUNK)
    if machine.unused_data or next(pieces, None):
        raise ValueError("bytes behind the end")


class _Reader:
    def __init__(self, fd: int) -> None:
        self._fd, self._at = fd, 0

    def read(self, count: int) -> bytes:
        data = os.pread(self._fd, count, self._at)
        self._at += len(data)
        return data
