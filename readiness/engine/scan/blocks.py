"""Text cut into blocks that can be searched one by one: at line ends, long lines with an overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
    before them, in the next block.
    """
    held, low, line = b"", 0, 1
    for piece in pieces:
        data = held + piece
        end = data.rfind(b"\n") + 1
        if end > low:
            yield Block(data, low, end, line) if end == len(data) else Block(data[:end], low, end, line)
            line += data.count(b"\n", 0, end)
            held, low = data[end:], 0
        else:
            held = data
        if len(held) > 4 * OVERLAP + low:
            high = len(held) - OVERLAP
            yield Block(held, low, high, line)
            start = high - OVERLAP
            held, low = held[start:], OVERLAP
    if len(held) > low:
        yield Block(held, low, len(held), line)
