"""Compares two pieces of plain data value by value: numbers within a tolerance, everything else exactly."""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

_LISTED = 5


@dataclass(slots=True)
class Differences:
    """How many values were compared, the largest difference of numbers, and the first other differences.

    A difference is relative to the larger number where that is above 1. Numbers that are not finite never
    agree.
    """

    compared: int = 0
    largest: float = 0.0
    where: str = ""
    others: list[str] = field(default_factory=list)

    def number(self, place: str, first: float, second: float, *, differ: bool) -> None:
        """Compare two numbers; `differ` says that they differ, however little."""
        self.compared += 1
        if not (math.isfinite(first) and math.isfinite(second)):
            self.other(f"{place} is {first} and {second}, not finite")
            return
        found = abs(first - second) / max(1.0, abs(first), abs(second))
        if differ:  # whole numbers beyond 2^53 are alike as floats
            found = max(found, sys.float_info.epsilon)
        if found > self.largest:
            self.largest, self.where = found, place

    def text(self, place: str, first: object, second: object) -> None:
        """Compare two values that are no numbers."""
        self.compared += 1
        if type(first) is not type(second) or first != second:
            self.other(f"{place} is {str(first)[:40]!r} and {str(second)[:40]!r}")

    def other(self, words: str) -> None:
        """Note a difference that no tolerance covers."""
        if len(self.others) < _LISTED:
            self.others.append(words[:200])


def compare(first: Any, second: Any, ignore: Collection[str]) -> Differences:
    """Compare nested data. `ignore`: dotted paths, or bare keys at any depth, that are left out."""
    found = Differences()
    open_: list[tuple[str, Any, Any]] = [("", first, second)]
    while open_:
        place, left, right = open_.pop()
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            open_ += reversed(_entries(place, left, right, ignore, found))
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                found.other(f"{place or 'the list'} has {len(left)} and {len(right)} entries")
            pairs = enumerate(zip(left, right, strict=False))
            open_ += reversed([(f"{place}.{n}".lstrip("."), a, b) for n, (a, b) in pairs])
        elif _is_number(left) and _is_number(right):
            found.number(place, float(left), float(right), differ=left != right)
        else:
            found.text(place or "the value", left, right)
    return found


def _entries(
    place: str, left: Mapping[Any, Any], right: Mapping[Any, Any], ignore: Collection[str], found: Differences
) -> list[tuple[str, Any, Any]]:
    paths = {key: f"{place}.{key}".lstrip(".") for key in [*left, *(k for k in right if k not in left)]}
    kept = {key: path for key, path in paths.items() if path not in ignore and str(key) not in ignore}
    for key, path in kept.items():
        if (key in left) != (key in right):
            found.other(f"{path} stands in only one of them")
    return [(path, left[key], right[key]) for key, path in kept.items() if key in left and key in right]


def _is_number(value: object) -> bool:
    # a whole number of a thousand digits is no float, and is compared as it is
    return isinstance(value, float) or (type(value) is int and abs(value) < 1 << 1000)
