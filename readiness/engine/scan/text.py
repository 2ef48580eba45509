"""The text of a file of any size as UTF-8 bytes, piece by piece; compressed files are opened on the way."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Any

from readiness.engine.sizes import size_words
from readiness.engine.target import OpenFile

PIECE = 1 << 16
MOST_UNPACKED = 1 << 30
MOST_MEMORY = 128 << 20  # bytes that an xz stream may ask for
LFS = b"version https://git-lfs.github.com/spec/"
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PACKED = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\0": "xz"}
_FORMATS = {
    b"PK\x03\x04": "a zip archive", b"PAR1": "Parquet", b"ARROW1": "Arrow", b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture", b"\x28\xb5\x2f\xfd": "zstd-compressed", b"SQLite format 3": "SQLite",
    b"\x89HDF": "HDF5", b"\x93NUMPY": "a NumPy array", b"%PDF": "PDF",
}  # fmt: skip


class SkipFileError(Exception):
    """The file, or the rest of it, is not text that can be looked at; the argument says why."""


def pieces(file: OpenFile) -> Iterator[bytes]:
    """UTF-8 bytes of an open text file in pieces of about 64 kB.

    UTF-16 and UTF-32 with a byte order mark are decoded; gzip, bzip2 and xz are unpacked, up to 1 GB.
    An empty file has no pieces. Raises SkipFileError for a binary file, a Git LFS pointer, a damaged archive,
    and at the limit.
    """
    raw = file.chunks(PIECE)
    head = next(raw, b"")
    packing = next((name for magic, name in _PACKED.items() if head.startswith(magic)), None)
    if packing:
        raw = _unpacked(packing, file)
        head = next(raw, b"")
    _refuse(head)
    bom, encoding = next(((b, e) for b, e in _BOMS if head.startswith(b)), (b"", ""))
    head = head[len(bom) :]
    if encoding in ("", "utf-8"):
        if b"\0" in head[:8192]:
            raise SkipFileError("binary")
        yield head
        yield from raw
    else:
        yield from _recoded(encoding, head, raw)


def _refuse(head: bytes) -> None:
    if head.startswith(LFS):
        raise SkipFileError("Git LFS pointer, not the file: fetch it with `git lfs pull`")
    name = next((name for magic, name in _FORMATS.items() if head.startswith(magic)), None)
    if name:
        raise SkipFileError(f"binary ({name})")


def _recoded(encoding: str, head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    # bad units become "?": what is around them is still looked at
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(head).encode(errors="replace")
    for piece in rest:
        yield decoder.decode(piece).encode(errors="replace")


def _unpacked(packing: str, file: OpenFile) -> Iterator[bytes]:
    import lzma  # the formats' modules load only for files that need them
    import zlib

    total = 0
    try:
        for piece in _streams(packing, file.chunks(PIECE)):
            total += len(piece)
            yield piece
            if total >= MOST_UNPACKED:
                raise SkipFileError(f"looked at up to {size_words(MOST_UNPACKED)}: it unpacks to more")
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise SkipFileError(f"damaged {packing} archive: {error}") from None


def _streams(packing: str, raw: Iterator[bytes]) -> Iterator[bytes]:
    """What the packed streams of a file hold, one after the other, in pieces of at most 64 kB."""
    held = next(raw, b"")
    while held.strip(b"\0"):  # tapes and xz pad with zeros
        unpack = _Unpacker(packing)
        while not unpack.eof:
            if not held:
                held = next(raw, b"")
                if not held and unpack.hungry:
                    raise EOFError("it ends too early")
            piece, held = unpack.take(held)
            if piece:
                yield piece
        held = unpack.rest or held or next(raw, b"")


class _Unpacker:
    """One interface to the three formats' decoders: bounded output, bounded memory."""

    def __init__(self, packing: str) -> None:
        import bz2
        import lzma
        import zlib

        self._zlib = packing == "gz"
        made: Any = {
            "gz": lambda: zlib.decompressobj(wbits=31),
            "bz2": bz2.BZ2Decompressor,
            "xz": lambda: lzma.LZMADecompressor(memlimit=MOST_MEMORY),
        }
        self._decoder = made[packing]()

    @property
    def eof(self) -> bool:
        return bool(self._decoder.eof)

    @property
    def hungry(self) -> bool:
        return self._zlib or bool(self._decoder.needs_input)

    @property
    def rest(self) -> bytes:
        return bytes(self._decoder.unused_data)

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """At most 64 kB, and what of `data` was not looked at yet."""
        piece = self._decoder.decompress(data, PIECE)
        return piece, bytes(self._decoder.unconsumed_tail) if self._zlib else b""
