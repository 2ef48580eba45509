"""Lines of a text file of any size in constant memory: UTF-8, or UTF-16 with a byte order mark."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.sizes import size_words
from readiness.engine.target import OpenFile

LIMIT = 1 << 30
CHUNK = 1 << 18
MAX_LINE = 1 << 16
# A word that a long line is cut at stands whole at the start of its next part.
OVERLAP = 256
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_END = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class Line:
    """Text that is not blank, without its end, with its 1-based line number.

    What a progress bar rewrote with carriage returns, and a line of more than `MAX_LINE` characters, come
    as several of the same number.
    """

    number: int
    text: str


def read(file: OpenFile) -> Iterator[Line]:
    """The lines of an open file. Raises BadContent naming the first bad byte, LimitExceeded over 1 GB."""
    if file.size > LIMIT:
        raise LimitExceeded(
            f"{file.path} has {size_words(file.size)}; at most 1 GB is read.", "Keep the end of it."
        )
    number, held = 1, ""
    for text in _decoded(file):
        start = 0
        for end in _END.finditer(text):
            yield from _parts(number, held + text[start : end.start()])
            held, start = "", end.end()
            number += end[0] == "\n"
        held += text[start:]
        if len(held) > MAX_LINE:
            *parts, rest = _cut(held)
            yield from (Line(number, part) for part in parts if part.strip())
            held = rest
    yield from _parts(number, held)


def _parts(number: int, text: str) -> Iterator[Line]:
    return (Line(number, part) for part in _cut(text) if part.strip())


def _cut(text: str) -> list[str]:
    step = MAX_LINE - OVERLAP
    return [text[at : at + MAX_LINE] for at in range(0, max(len(text) - OVERLAP, 1), step)]


def _decoded(file: OpenFile) -> Iterator[str]:
    os.lseek(file.fd, 0, os.SEEK_SET)
    chunk = os.read(file.fd, CHUNK)
    bom, encoding = next(((b, e) for b, e in _BOMS if chunk.startswith(b)), (b"", "utf-8"))
    decoder = codecs.getincrementaldecoder(encoding)()
    at, chunk = len(bom), chunk[len(bom) :]
    while True:
        held = len(decoder.getstate()[0])
        try:
            yield decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            place = at - held + error.start
            raise BadContent(
                f"{file.path} is not {encoding} text: byte {place} is invalid.", "Save it as UTF-8."
            ) from None
        if not chunk:
            return
        at += len(chunk)
        chunk = os.read(file.fd, CHUNK)
