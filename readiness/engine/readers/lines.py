"""Lines of a text file of any size in constant memory: UTF-8, or UTF-16 with a byte order mark."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from dataclasses import dataclass

from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.sizes import size_words
from readiness.engine.target import OpenFile

LIMIT = 1 << 30
CHUNK = 1 << 18
MAX_LINE = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Line:
    """Text that is not blank, without its end, with its 1-based line number.

    What a progress bar rewrote with carriage returns comes as several lines of one number.
    """

    number: int
    text: str


def read(file: OpenFile) -> Iterator[Line]:
    """The lines of an open file.

    Raises BadContent naming the first bad byte or a line of more than 1 million characters, LimitExceeded
    over 1 GB.
    """
    if file.size > LIMIT:
        raise LimitExceeded(
            f"{file.path} has {size_words(file.size)}; at most 1 GB is read.", "Write a shorter log."
        )
    number, held = 1, ""
    for text in _decoded(file):
        first, *rest = text.split("\n")
        held += first
        for following in rest:
            yield from _lines(file, number, held)
            number, held = number + 1, following
        *rewritten, held = held.split("\r")
        for part in rewritten:
            yield from _lines(file, number, part)
        _check_length(file, number, held)
    yield from _lines(file, number, held)


def _lines(file: OpenFile, number: int, text: str) -> Iterator[Line]:
    for part in text.split("\r"):
        _check_length(file, number, part)
        if part.strip():
            yield Line(number, part)


def _check_length(file: OpenFile, number: int, text: str) -> None:
    if len(text) > MAX_LINE:
        raise BadContent(
            f"{file.path} line {number} has more than {MAX_LINE} characters.", "Write the log line by line."
        )


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
