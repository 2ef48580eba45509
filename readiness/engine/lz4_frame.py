"""The LZ4 frame format, unpacked block by block in Python: slow, small, and bounded by its caller.

Only what joblib writes: one frame, blocks linked or independent, no dictionary. Checksums are not compared.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

MAGIC = b"\x04\x22\x4d\x18"
_WINDOW = 1 << 16
_RAW = 0x80000000
_SIZES = {4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22}


def blocks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The unpacked blocks of the frame that `read(count)` gives. Raises ValueError for a broken frame."""
    largest, linked, block_sum, content_sum = _descriptor(read)
    window = b""
    while size := struct.unpack("<I", _exactly(read, 4))[0]:
        packed = _exactly(read, size & ~_RAW) if size & ~_RAW <= largest else _broken("a block is too large")
        block = packed if size & _RAW else _unpack(packed, window if linked else b"", largest)
        window = (window + block)[-_WINDOW:]
        _exactly(read, 4 * block_sum)
        yield block
    _exactly(read, 4 * content_sum)


def _descriptor(read: Callable[[int], bytes]) -> tuple[int, bool, bool, bool]:
    magic, flags, size = struct.unpack("<4sBB", _exactly(read, 6))
    largest = _SIZES.get(size >> 4 & 7)
    if magic != MAGIC or flags >> 6 != 1 or flags & 1 or largest is None:
        _broken("an unknown header")
    _exactly(read, (8 if flags & 8 else 0) + 1)
    return largest or 0, not flags & 32, bool(flags & 16), bool(flags & 4)


def _unpack(packed: bytes, window: bytes, largest: int) -> bytes:
    out, at, end, most = bytearray(window), 0, len(packed), len(window) + largest
    while at < end:
        token = packed[at]
        count, at = _length(packed, at + 1, token >> 4)
        if at + count > end:
            _broken("text is missing")
        out += packed[at : at + count]
        at += count
        if at == end:
            break
        if at + 2 > end:
            _broken("an offset is missing")
        offset = packed[at] | packed[at + 1] << 8
        count, at = _length(packed, at + 2, token & 15)
        if not 0 < offset <= len(out) or len(out) + count + 4 > most:
            _broken("a copy reaches outside")
        _copy(out, offset, count + 4)
    if len(out) > most:
        _broken("a block is too large")
    return bytes(out[len(window) :])


def _length(packed: bytes, at: int, count: int) -> tuple[int, int]:
    if count == 15:
        while at < len(packed):
            count, at = count + packed[at], at + 1
            if packed[at - 1] != 255:
                return count, at
        _broken("a length is missing")
    return count, at


def _copy(out: bytearray, offset: int, count: int) -> None:
    pattern = bytes(out[-offset:] if offset >= count else out[-offset:] * (count // offset + 1))
    out += pattern[:count]


def _exactly(read: Callable[[int], bytes], count: int) -> bytes:
    data = read(count) if count else b""
    return data if len(data) == count else _broken("the end is missing")


def _broken(what: str) -> bytes:
    raise ValueError(f"broken LZ4 data: {what}")
