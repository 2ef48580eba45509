"""Card numbers or plain ids: of random digits every tenth number has a fitting check digit.

Whether a column of long numbers holds cards is decided when the whole column is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from readiness.engine.scan.blocks import Block
from readiness.engine.scan.columns import place_of
from readiness.engine.scan.judge import luhn
from readiness.engine.scan.mask import preview
from readiness.engine.scan.values import MOST_HITS, Hit, Tally

_MOST_PLACES = 256
_IDS = 3  # so many numbers without a fitting check digit for each that has one: they are ids


@dataclass(slots=True)
class _Column:
    valid: int = 0
    invalid: int = 0
    hits: list[Hit] = field(default_factory=list)


class Cards:
    """The long numbers of one file by their place in a record."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._columns: dict[bytes, _Column] = {}

    def note(self, block: Block, start: int, value: bytes) -> None:
        """Count a number that has a card's shape."""
        place = place_of(block.data, start)
        if place not in self._columns and len(self._columns) >= _MOST_PLACES:
            place = b""
        column = self._columns.setdefault(place, _Column())
        digits = bytes(c for c in value if 48 <= c <= 57)
        if not luhn(digits):
            column.invalid += 1
            return
        column.valid += 1
        if len(column.hits) < MOST_HITS:
            line = block.line + block.data.count(b"\n", 0, start)
            text = preview("credit_card", value.decode())
            column.hits.append(Hit("credit_card", "high", self._path, line, text))

    def decide(self, tally: Tally) -> None:
        """Hand over what turned out to be cards."""
        for column in self._columns.values():
            if column.invalid < _IDS * column.valid:
                for hit in column.hits:
                    tally.add(hit)
                tally.count("credit_card", "high", column.valid - len(column.hits))
