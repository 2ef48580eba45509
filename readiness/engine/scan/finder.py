"""Finds the values of one file, block by block."""

from __future__ import annotations

from bisect import bisect, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from readiness.engine.scan import patterns
from readiness.engine.scan.blocks import Block, blocks
from readiness.engine.scan.cards import Cards
from readiness.engine.scan.judge import JUDGES
from readiness.engine.scan.mask import preview
from readiness.engine.scan.unescape import unescaped
from readiness.engine.scan.values import Hit, Severity, Tally

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
    cards = Cards(path)
    try:
        for block in blocks(pieces):
            shown, found = in_block(block, cards)
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


def in_block(block: Block, cards: Cards) -> tuple[Block, list[Found]]:
    """The values of a block by their place, and the block as it was read. One search when there is none."""
    first = patterns.prefilter().search(block.data)
    if first is None:
        return block, []
    if patterns.escaped().search(block.data, first.start()):
        block = unescaped(block)
    found: list[Found] = []
    taken: list[tuple[int, int]] = []
    for start, end in _stretches(block.data):
        for kind, shapes in patterns.by_type().items():
            for shape in shapes:
                for match in shape.finditer(block.data, start, end):
                    one = _judged(kind, match, block, cards)
                    if one and _free(taken, one):
                        found.append(one)
    return block, sorted(found, key=lambda one: one.start)


def _stretches(data: bytes) -> Iterator[tuple[int, int]]:
    """Parts of the text, cut at line ends, that hold all that the prefilter finds. Types look at these."""
    done = 0
    while match := patterns.prefilter().search(data, done):
        start = max(done, match.start() - _NEAR)
        end = data.find(b"\n", match.end() + _AHEAD)
        done = len(data) if end < 0 else end
        yield start, done


def _judged(kind: str, match: Any, block: Block, cards: Cards) -> Found | None:
    group = 1 if match.start(1) >= 0 else 2
    start, end = match.span(group)
    if not block.low <= start < block.high:
        return None
    value = match[group]
    before, after = block.data[max(0, start - 2) : start], block.data[end : end + 8]
    severity = JUDGES[kind](value, before, after)
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
