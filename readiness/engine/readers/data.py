"""Strict JSON, YAML and CSV: what is doubled, too deep or not text is refused with file and place."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import yaml

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.target import RunDirectory

MAX_DEPTH = 100
MAX_ROWS = 1_000_000
YAML_LIMIT = 4 << 20
LONGEST_NUMBER = 400
# Possessive: a string that never ends is given up after one pass.
_TOKEN = re.compile(r'[\[\]{}"]')
_STRING = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_DIGIT = re.compile(r"[+-]?\.?[0-9]")
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def load(run: RunDirectory, file: str) -> Any:
    """Plain data of a JSON or YAML file, by its ending. Raises BadContent, FileMissing."""
    if PurePosixPath(file).suffix.lower() in (".yaml", ".yml"):
        return parse_yaml(run.read_text(file, YAML_LIMIT), file)
    return parse_json(run.read_text(file), file)


def parse_json(text: str, file: str) -> Any:
    """Plain data; NaN and infinity become floats (nothing that is not finite ever passes a limit).

    Raises BadContent for broken JSON, doubled keys, lone surrogates, numbers out of range (1e999), more than
    100 levels.
    """
    _check_depth(text, file)
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_float=_float)
    except (ValueError, RecursionError) as error:
        raise BadContent(f"{file} is not usable JSON: {str(error)[:160]}.", "Write plain JSON.") from None
    if _HALF.search(text):
        _check_surrogates(data, file)
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


def _check_surrogates(data: Any, file: str) -> None:
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


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """The safe loader without doubled keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  # PyYAML's signature
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str | int | float | bool) and key in seen:
                line = key_node.start_mark.line + 1
                raise yaml.YAMLError(f"the key {key!r} stands twice, line {line}")
            if isinstance(key, str | int | float | bool):
                seen.add(key)
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return made


def parse_yaml(text: str, file: str) -> Any:
    """Plain data of one YAML document.

    Raises BadContent for aliases, tags, doubled keys, more than 100 levels.
    """
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            _check_plain(event, depth)
        data = yaml.load(text, Loader=_Loader)  # noqa: S506  # _Loader is a safe loader
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise BadContent(
            f"{file} is not usable YAML: {reason}.", "Write plain YAML without aliases and tags."
        ) from None
    if _HALF.search(text):
        _check_surrogates(data, file)
    return data


def _check_plain(event: Any, depth: int) -> None:
    line = event.start_mark.line + 1
    if depth > MAX_DEPTH:
        raise yaml.YAMLError(f"it is nested deeper than {MAX_DEPTH} levels, line {line}")
    if isinstance(event, yaml.AliasEvent):
        raise yaml.YAMLError(f"it uses an alias (*name), line {line}")
    if getattr(event, "tag", None) is not None:
        raise yaml.YAMLError(f"it uses a tag (!name), line {line}")
    # YAML 1.1 reads 1:30:00 as one number to the base of 60: a long one costs minutes.
    long = isinstance(event, yaml.ScalarEvent) and event.implicit[0] and len(event.value) > LONGEST_NUMBER
    if long and _DIGIT.match(event.value):
        raise yaml.YAMLError(f"it holds a number of {len(event.value)} characters, line {line}")


def read_csv(run: RunDirectory, file: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a CSV file, cells stripped.

    Raises BadContent for uneven rows and doubled columns.
    """
    reader = csv.reader(io.StringIO(run.read_text(file)), strict=True)
    try:
        rows = [[cell.strip() for cell in row] for row in reader if row]
    except csv.Error as error:
        raise BadContent(f"{file} is not usable CSV: {error} (line {reader.line_num}).", "") from None
    if not rows:
        raise BadContent(f"{file} is empty.", "Write a header and rows.")
    header, *body = rows
    if len(set(header)) != len(header):
        raise BadContent(f"{file} has two columns of the same name.", "Name each column once.")
    for number, row in enumerate(body[:MAX_ROWS], 2):
        if len(row) != len(header):
            raise BadContent(f"{file} row {number} has {len(row)} cells, the header {len(header)}.", "")
    return header, body


def lookup(data: Any, key: str, file: str) -> Any:
    """The value under a key: as it stands, else dotted (`test.accuracy`, `runs.0.loss`). Raises NotFound."""
    found, value = _walk(data, key)
    if not found:
        raise NotFound(f"{file} has no {key}.", f"It has: {_names(data)}." if _names(data) else "")
    return value


def _walk(data: Any, key: str) -> tuple[bool, Any]:
    if isinstance(data, Mapping) and key in data:
        return True, data[key]
    head, _, rest = key.partition(".")
    if isinstance(data, list) and head.isdecimal() and int(head) < len(data):
        inner = data[int(head)]
    elif isinstance(data, Mapping) and head in data:
        inner = data[head]
    else:
        return False, None
    return _walk(inner, rest) if rest else (True, inner)


def _names(data: Any) -> str:
    return ", ".join(str(k)[:40] for k in list(data)[:12]) if isinstance(data, Mapping) else ""
