"""Lines of text from a descriptor, checked: UTF-8, no NUL, none endless, and no other file format."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterator

from readiness.engine.errors import BadContent
from readiness.engine.readers.lfs import is_pointer

CHUNK = 1 << 20
MAX_LINE = 16 << 20
_FORMS = {
    b"\x1f\x8b": "gzip", b"PK\x03\x04": "a zip or Excel file", b"BZh": "bzip2", b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd", b"PAR1": "Parquet", b"ARROW1": "Arrow", b"\xd0\xcf\x11\xe0": "an Excel file",
    b"%PDF": "PDF", b"SQLite format 3": "SQLite",
}  # fmt: skip
_WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def refuse_other_forms(head: bytes, name: str) -> None:
    """Raise BadContent when the first bytes of a file are those of another format than UTF-8 text."""
    if is_pointer(head):
        raise BadContent(
            f"{name} is a Git LFS pointer, not the table itself.",
            "Fetch the file with `git lfs pull`, and copy that one into the run.",
        )
    form = next((form for mark, form in _FORMS.items() if head.startswith(mark)), None)
    if form:
        raise BadContent(
            f"{name} is {form}, not a table of text.", "Unpack or export it as UTF-8 CSV or JSON Lines."
        )
    if head.startswith(_WIDE):
        raise BadContent(f"{name} is UTF-16 or UTF-32 text.", "Save it as UTF-8.")


def lines(fd: int, name: str) -> Iterator[str]:
    """The lines with their ends. Raises BadContent for what is not UTF-8, for NULs and endless lines."""
    held, number = b"", 1
    at = 0
    while True:
        chunk = os.pread(fd, CHUNK, at)
        held += chunk[len(codecs.BOM_UTF8) :] if not at and chunk.startswith(codecs.BOM_UTF8) else chunk
        at += len(chunk)
        cut = held.rfind(b"\n") + 1 if chunk else len(held)
        block, held = held[:cut], held[cut:]
        found = io.StringIO(_decoded(block, name, number), newline="\n").readlines()
        yield from found
        number += len(found)
        if not chunk:
            return
        if len(held) > MAX_LINE:
            raise BadContent(f"{name} line {number} has more than 16 MB.", "Write one row to a line.")


def _decoded(block: bytes, name: str, number: int) -> str:
    nul = block.find(b"\0")
    if nul >= 0:
        line = number + block.count(b"\n", 0, nul)
        raise BadContent(f"{name} line {line} holds a NUL byte.", "Save it as UTF-8 text.")
    try:
        return block.decode()
    except UnicodeDecodeError as error:
        line = number + block.count(b"\n", 0, error.start)
        raise BadContent(
            f"{name} line {line} is not UTF-8 text: byte 0x{block[error.start]:02x}.",
            "Save it as UTF-8 (it may be Latin-1 or Windows-1252).",
        ) from None
