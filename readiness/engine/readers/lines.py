"""Text files of any size in constant memory, as blocks of whole lines: UTF-8, or UTF-16 with its mark.

A pattern is searched in a whole block at once, and only around its matches are lines cut out; so a log of
1 GB in which nothing is wrong costs a few passes of RE2 and no work per line.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.readers.patterns import compiled
from readiness.engine.sizes import size_words
from readiness.engine.target import OpenFile

LIMIT = 1 << 30
CHUNK = 1 << 19
MAX_LINE = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# What sees the edges of a text and not those of a line, or switches the mode that sees lines.
_EDGES = re.compile(r"\\[AzCQ]|\(\?[a-zA-Z]*-")


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines as UTF-8. In `data` a line feed ends each, those that a progress bar rewrote included; in
    `raw`, of the same length, only the ends that count as lines are line feeds. `number` is that of the first
    line, from 1.
    """

    number: int
    data: bytes
    raw: bytes

    def count(self, start: int, end: int) -> int:
        """How many numbered lines end between two offsets."""
        return self.raw.count(b"\n", start, end)

    def filled(self, start: int = 0, most: int | None = None) -> int:
        """How many lines from an offset on are not blank, counted up to `most`."""
        lines = (line for line in self.data[start:].split(b"\n") if line.strip())
        return sum(1 for _ in islice(lines, most))

    def last(self) -> int:
        """The number of the last line that is not blank; one less than `number` when all are."""
        end = len(self.data.rstrip())
        return self.number + self.count(0, end) if end else self.number - 1


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank, without its end, with its 1-based number and the offset behind it.

    What a progress bar rewrote with carriage returns comes as several lines of one number.
    """

    number: int
    text: str
    end: int


class Finder:
    """One pattern that is searched in blocks. Finds at least every line that it matches by itself."""

    def __init__(self, pattern: str) -> None:
        plain = compiled(pattern)
        # One that matches nothing at all, or looks for the edges of a text, is tried on every line.
        self._every = bool(_EDGES.search(pattern) or plain.search(""))
        self._inside = plain if self._every else compiled(f"(?m)(?:{pattern})")

    def next(self, data: bytes, start: int) -> tuple[int, int] | None:
        """Where it next matches in `data`, or None. The span may reach over several lines."""
        if self._every:
            return (start, start) if start < len(data) else None
        match = self._inside.search(data, start)
        return match.span() if match else None


def matching(block: Block, finders: Callable[[], Iterable[Finder]]) -> Iterator[Line]:
    """The lines of a block in which one of the finders may match, in order, each once.

    `finders` is asked again behind every line, because what was found decides what is looked for.
    """
    data, at, number = block.data, 0, block.number
    found: dict[Finder, tuple[int, int] | None] = {}
    while at < len(data):
        hits = [hit for finder in finders() if (hit := _hit(finder, found, data, at)) is not None]
        if not hits:
            return
        start = min(hits)
        begin = data.rfind(b"\n", at, start) + 1 or at
        number += block.count(at, begin)
        at = data.index(b"\n", start) + 1
        line = data[begin : at - 1]
        if line.strip():
            yield Line(number, line.decode(), at)
        number += block.count(begin, at)


def _hit(finder: Finder, found: dict[Finder, tuple[int, int] | None], data: bytes, at: int) -> int | None:
    """Where the finder's next match from `at` on lies; a match that began before may reach beyond it."""
    known = found.get(finder, (-1, -1))
    if known is not None and known[0] < at and known[1] <= at:
        known = found[finder] = finder.next(data, at)
    return None if known is None else max(known[0], at)


def blocks(file: OpenFile) -> Iterator[Block]:
    """The lines of an open file, in blocks of about 1 MB.

    Raises BadContent naming the first bad byte or a line of more than 1 MB, LimitExceeded over 1 GB.
    """
    if file.size > LIMIT:
        raise LimitExceeded(
            f"{file.path} has {size_words(file.size)}; at most 1 GB is read.", "Write a shorter log."
        )
    number, held = 1, b""
    for chunk in _utf8(file):
        held += chunk
        cut = max(held.rfind(b"\n"), held.rfind(b"\r")) + 1
        if cut:
            block = _block(number, held[:cut])
            _check_length(file, number, block.data.index(b"\n"))
            yield block
            number, held = number + block.count(0, cut), held[cut:]
        _check_length(file, number, len(held))
    if held:
        yield _block(number, held + b"\n")


def _block(number: int, raw: bytes) -> Block:
    return Block(number, raw.replace(b"\r", b"\n"), raw)


def _check_length(file: OpenFile, number: int, length: int) -> None:
    if length > MAX_LINE:
        raise BadContent(
            f"{file.path} line {number} has more than {size_words(MAX_LINE)}.", "Write the log line by line."
        )


def _utf8(file: OpenFile) -> Iterator[bytes]:
    """The text as UTF-8, checked, without byte order mark; every piece ends with a whole character."""
    chunks = file.chunks(CHUNK)
    chunk = next(chunks, b"")
    bom, encoding = next(((b, e) for b, e in _BOMS if chunk.startswith(b)), (b"", "utf-8"))
    decoder = codecs.getincrementaldecoder(encoding)()
    at, chunk = len(bom), chunk[len(bom) :]
    while True:
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            raise BadContent(
                f"{file.path} is not {encoding} text: byte {at - held + error.start} is invalid.",
                "Save it as UTF-8.",
            ) from None
        yield text.encode()
        if not chunk:
            return
        at += len(chunk)
        chunk = next(chunks, b"")
