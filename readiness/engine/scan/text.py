"""The text of a file of any size as UTF-8 bytes, piece by piece; compressed files are opened on the way."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from typing import Any

from readiness.engine.sizes import size_words
from readiness.engine.target import OpenFile

PIECE = 1 << 16
MOST_UNPACKED = 1 << 30
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
    raw = _read(file)
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


def _read(file: OpenFile) -> Iterator[bytes]:
    os.lseek(file.fd, 0, os.SEEK_SET)
    while piece := os.read(file.fd, PIECE):
        yield piece


def _recoded(encoding: str, head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    # bad units become "?": what is around them is still looked at
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(head).encode(errors="replace")
    for piece in rest:
        yield decoder.decode(piece).encode(errors="replace")


def _unpacked(packing: str, file: OpenFile) -> Iterator[bytes]:
    import bz2  # the formats' modules load only for files that need them
    import gzip
    import lzma
    import zlib

    total = 0
    os.lseek(file.fd, 0, os.SEEK_SET)
    readers: dict[str, Any] = {"gz": gzip.open, "bz2": bz2.open, "xz": lzma.open}
    try:
        with os.fdopen(os.dup(file.fd), "rb") as raw, readers[packing](raw, "rb") as unpacked:
            while piece := unpacked.read(PIECE):
                total += len(piece)
                yield piece
                if total >= MOST_UNPACKED:
                    raise SkipFileError(f"looked at up to {size_words(MOST_UNPACKED)}: it unpacks to more")
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise SkipFileError(f"damaged {packing} archive: {error}") from None
