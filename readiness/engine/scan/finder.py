"""Finds the values of one file, block by block."""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from readiness.engine.scan import patterns
from readiness.engine.scan.blocks import Block, blocks
from readiness.engine.scan.cards import Cards
from readiness.engine.scan.headers import columns
from readiness.engine.scan.judge import JUDGES
from readiness.engine.scan.mask import preview
from readiness.engine.scan.unescape import unescaped
from readiness.engine.scan.values import Hit, Severity, Tally

Columns = tuple[tuple[str, Any], ...]
_AHEAD = 1024
_NEAR = 256  # bytes before the prefilter's first hit where a value may begin that it belongs to


@dataclass(frozen=True, slots=True)
class Found:
    """A value in a block's bytes, which starts at `start`."""

    type: str
    severity: Severity
    start: int
    value: bytes


def find(path: str, pieces: Iterable[bytes], tally: Tally) -> None:
    """Count the values in a file's text and keep the first ones, also when `pieces` ends in an error."""
    cards, named = Cards(path), None
    try:
        for block in blocks(pieces):
            if named is None:
                named = columns(block.data.partition(b"\n")[0])
            shown, found = in_block(block, cards, named)
            for one in found:
                _note(path, shown, one, tally)
    finally:
        cards.decide(tally)


def _note(path: str, block: Block, found: Found, tally: Tally) -> None:
    if tally.full(found.severity):
        tally.count(found.type, found.severity)
    else:
        tally.add(hit(path, block, found))


def hit(path: str, block: Block, found: Found) -> Hit:
    """A found value as it may be shown."""
    line = block.line + block.data.count(b"\n", 0, found.start)
    text = preview(found.type, found.value.decode(errors="replace"))
    return Hit(found.type, found.severity, path, line, text)


def in_block(block: Block, cards: Cards, named: Columns = ()) -> tuple[Block, list[Found]]:
    """The values of a block by their place, and the block as it was read. One search when there is none.

    `named` are columns whose header says what is in them.
    """
    first = patterns.prefilter().search(block.data)
    if first is None and not named:
        return block, []
    if first and patterns.escaped().search(block.data, first.start()):
        block = unescaped(block)
    found: list[Found] = []
    taken: list[tuple[int, int]] = []
    for kind, match, cell in _matches(block, named):
        one = _judged(kind, match, block, cards, cell=cell)
        if one and _free(taken, one):
            found.append(one)
    return block, sorted(found, key=lambda one: one.start)


def _matches(block: Block, named: Columns) -> Iterator[tuple[str, Any, bool]]:
    data = block.data
    rows = data.find(b"\n") + 1 or len(data) if block.line == 1 else 0  # without the header
    for start, end in _stretches(data):
        for kind, shapes in patterns.by_type().items():
            for shape in shapes:
                for match in shape.finditer(data, start, end):
                    yield kind, match, False
    for kind, cell in named:
        for match in cell.finditer(data, rows):
            yield kind, match, True


def _stretches(data: bytes) -> Iterator[tuple[int, int]]:
    """Parts of the text, cut at line ends, that hold all that the prefilter finds. Types look at these."""
    done = 0
    while match := patterns.prefilter().search(data, done):
        start = max(done, match.start() - _NEAR)
        end = data.find(b"\n", match.end() + _AHEAD)
        done = len(data) if end < 0 else end
        yield start, done


def _judged(kind: str, match: Any, block: Block, cards: Cards, *, cell: bool) -> Found | None:
    group = 1 if match.start(1) >= 0 else 2
    start, end = match.span(group)
    if not block.low <= start < block.high:
        return None
    value = match[group]
    before, after = block.data[max(0, start - 2) : start], block.data[end : end + 8]
    # in a column of passwords every word is one, as if it stood in quotes
    said = b'"' + value + b'"' if cell and kind == "password" else value
    severity = JUDGES[kind](said, before, after)
    if severity and kind == "credit_card":
        cards.note(block, start, value)
        return None
    return Found(kind, severity, start, value) if severity else None


def _free(taken: list[tuple[int, int]], one: Found) -> bool:
    """Whether no value found before covers a part of this one; it is covered from now on."""
    span = (one.start, one.start + len(one.value))
    place = bisect(taken, span)
    left = place > 0 and taken[place - 1][1] > span[0]
    right = place < len(taken) and taken[place][0] < span[1]
    if left or right:
        return False
    insort(taken, span)
    return True
