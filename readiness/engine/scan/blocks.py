"""Text cut into blocks that can be searched one by one: at line ends, long lines with an overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from readiness.engine.scan.text import SkipFileError

OVERLAP = 2048  # bytes: longer than any value that is looked for


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes, of which matches count that begin in `[low, high)`; `line` is the number of its first line."""

    data: bytes
    low: int
    high: int
    line: int


def blocks(pieces: Iterable[bytes]) -> Iterator[Block]:
    """Blocks of about one piece each, in constant memory whatever the length of a line.

    A piece without a line end is searched at once except for its last 2 kB, which stand again, with as much
    before them, in the next block. What came before an error of `pieces` is handed out before it is raised.
    """
    left = _Rest()
    try:
        for piece in pieces:
            yield from left.take(piece)
    except SkipFileError:
        yield from left.last()
        raise
    yield from left.last()


class _Rest:
    """The bytes that were not handed out yet, from `low` on, with what stands before them."""

    def __init__(self) -> None:
        self.held, self.low, self.line = b"", 0, 1

    def take(self, piece: bytes) -> Iterator[Block]:
        data = self.held + piece
        end = data.rfind(b"\n") + 1
        if end > self.low:
            yield Block(data[:end], self.low, end, self.line)
            self.line += data.count(b"\n", 0, end)
            self.held, self.low = data[end:], 0
        else:
            self.held = data
        if len(self.held) > 4 * OVERLAP + self.low:
            high = len(self.held) - OVERLAP
            yield Block(self.held, self.low, high, self.line)
            self.held, self.low = self.held[high - OVERLAP :], OVERLAP

    def last(self) -> Iterator[Block]:
        if len(self.held) > self.low:
            yield Block(self.held, self.low, len(self.held), self.line)
        self.held, self.low = b"", 0
