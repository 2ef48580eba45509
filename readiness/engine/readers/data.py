"""Values in JSON, YAML and CSV files, by key; what is not plain data is refused with file and place."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import plain_json, plain_yaml
from readiness.engine.target import RunDirectory

MAX_ROWS = 1_000_000


def load(run: RunDirectory, file: str) -> Any:
    """Plain data of a JSON or YAML file, by its ending. Raises BadContent, FileMissing."""
    if PurePosixPath(file).suffix.lower() in (".yaml", ".yml"):
        return plain_yaml.parse(run.read_text(file, plain_yaml.LIMIT), file)
    return plain_json.parse(run.read_text(file), file)


def read_csv(run: RunDirectory, file: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a CSV file, cells stripped.

    Raises BadContent for uneven rows and doubled columns.
    """
    reader = csv.reader(io.StringIO(run.read_text(file)), strict=True)
    try:
        rows = [[cell.strip() for cell in row] for row in islice(filter(None, reader), MAX_ROWS + 2)]
    except csv.Error as error:
        raise BadContent(f"{file} is not usable CSV: {error} (line {reader.line_num}).", "") from None
    if not rows:
        raise BadContent(f"{file} is empty.", "Write a header and rows.")
    header, *body = rows
    if len(body) > MAX_ROWS:
        raise BadContent(f"{file} has more than {MAX_ROWS} rows.", "Write fewer, for example one per epoch.")
    if len(set(header)) != len(header):
        raise BadContent(f"{file} has two columns of the same name.", "Name each column once.")
    for number, row in enumerate(body, 2):
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
