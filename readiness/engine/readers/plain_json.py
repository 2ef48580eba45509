"""Strict JSON: doubled keys, deep nesting, numbers out of range and half characters are refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from readiness.engine.errors import BadContent

MAX_DEPTH = 100
# Possessive: a string that never ends is given up after one pass.
_TOKEN = re.compile(r'[\[\]{}"]')
_STRING = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def parse(text: str, file: str) -> Any:
    """Plain data; NaN and infinity become floats (nothing that is not finite ever passes a limit).

    Raises BadContent for broken JSON, doubled keys, lone surrogates, numbers out of range (1e999), more than
    100 levels.
    """
    _check_depth(text, file)
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_float=_float)
    except (ValueError, RecursionError) as error:
        raise BadContent(f"{file} is not usable JSON: {str(error)[:160]}.", "Write plain JSON.") from None
    check_surrogates(data, text, file)
    return data


def _check_depth(text: str, file: str) -> None:
    depth = position = 0
    while match := _TOKEN.search(text, position):
        mark, position = match[0], match.end()
        if mark == '"':
            string = _STRING.match(text, position)
            if string is None:
                return  # json names the place
            position = string.end()
        else:
            depth += 1 if mark in "[{" else -1
        if depth > MAX_DEPTH:
            line = text.count("\n", 0, position) + 1
            raise BadContent(
                f"{file} is nested deeper than {MAX_DEPTH} levels at line {line}.", "Flatten it."
            )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise ValueError(f"the key {key!r} stands twice")
        made[key] = value
    return made


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number {text[:40]} is out of range")
    return value


def check_surrogates(data: Any, text: str, file: str) -> None:
    """Raise BadContent when the data read from `text` holds half a character (an escaped lone surrogate)."""
    if not _HALF.search(text):
        return
    left: list[tuple[str, Any]] = [("", data)]
    while left:
        place, value = left.pop()
        if isinstance(value, Mapping):
            left += [(f"{place}.{k!a}" if place else f"{k!a}", v) for k, v in value.items()]
            left += [(f"a key of {place or 'the top level'}", k) for k in value if isinstance(k, str)]
        elif isinstance(value, list):
            left += [(f"{place}.{i}", v) for i, v in enumerate(value)]
        elif isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
            raise BadContent(
                f"{file} holds half a character (a lone surrogate) at {place[:120]}.", "Write valid Unicode."
            )
