"""Dotted keys in plain data: `test.accuracy`, `runs.0.loss`, and columns of lists (`log_history.loss`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from readiness.engine.errors import BadContent, NotFound

SHOWN = 12
MOST_DOTS = 64  # in one name


@dataclass(frozen=True, slots=True)
class Column:
    """The values of one key in a list of objects, each with its place; rows without the key are left out."""

    places: list[str]
    values: list[Any]


def find(data: Any, key: str, file: str) -> Any:
    """The value under a key, or a Column where the key leads into the objects of a list.

    A key stands as it is written, or dotted; keys that hold dots themselves (`params.yaml`) are found too.
    Raises NotFound with the keys there are, BadContent when two readings of the key disagree.
    """
    found = list(_walk(data, key.split("."), ""))
    if not found:
        known = ", ".join(islice((name[:60] for name in _known(data)), SHOWN))
        raise NotFound(f"{file} has no {key[:200]}.", f"It has: {known}." if known else "")
    value = found[0][1]
    if any(other != value for _, other in found[1:]) and not all(_is_nan(v) for _, v in found):
        raise BadContent(
            f"{file} gives {key[:200]} twice, differently: under {' and '.join(p for p, _ in found[:2])}.",
            "Keep the true one.",
        )
    return value


def _walk(data: Any, parts: list[str], place: str) -> Iterator[tuple[str, Any]]:
    if not parts:
        yield place, data
    elif isinstance(data, Mapping):
        for end in range(min(len(parts), MOST_DOTS), 0, -1):
            name = ".".join(parts[:end])
            for own in (name, *([int(name)] if _is_index(name) else [])):  # YAML's keys may be numbers
                if own in data:
                    yield from _walk(data[own], parts[end:], _joined(place, name))
    elif isinstance(data, list):
        yield from _walk_list(data, parts, place)


def _walk_list(rows: list[Any], parts: list[str], place: str) -> Iterator[tuple[str, Any]]:
    if _is_index(parts[0]):
        if int(parts[0]) < len(rows):
            yield from _walk(rows[int(parts[0])], parts[1:], _joined(place, parts[0]))
        return
    if all(isinstance(row, Mapping) for row in rows):
        numbered = ((_joined(place, str(i)), row) for i, row in enumerate(rows))
        found = [pair for own, row in numbered for pair in _walk(row, parts, own)]
        if found:
            yield place, Column([p for p, _ in found], [v for _, v in found])


def _is_index(name: str) -> bool:
    return name.isdecimal() and len(name) < 10


def _known(data: Any, place: str = "") -> Iterator[str]:
    # Keys for a message: a list counts as one, under the keys of its first object.
    if isinstance(data, list) and data and isinstance(data[0], Mapping):
        data = data[0]
    if not isinstance(data, Mapping) or not data:
        yield from [place] if place else []
        return
    for name, value in data.items():
        yield from _known(value, _joined(place, str(name)))


def leaves(data: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of everything that is neither an object nor a list, in order; empty ones too."""
    stack = [(place, data)]
    while stack:
        here, value = stack.pop()
        if isinstance(value, Mapping) and value:
            stack += [(_joined(here, str(k) or '""'), v) for k, v in reversed(list(value.items()))]
        elif isinstance(value, list) and value:
            stack += [(_joined(here, str(i)), v) for i, v in reversed(list(enumerate(value)))]
        elif here:
            yield here, value


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value  # noqa: PLR0124  # NaN is what differs from itself
