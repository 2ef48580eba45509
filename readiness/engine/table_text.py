"""Tables as text: CSV and JSON Lines read strictly, row by row, in constant memory (in the limited child).

DuckDB's own reader drops what follows an open quote without a word, so the rows are split here, where each
fault has a line, and handed on in one plain form (engine/table_load.py).
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.table_lines import lines, refuse_other_forms

MAX_CELL = 1 << 20
MAX_COLUMNS = 10_000
DELIMITERS = ",;\t|"
Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """One open table: its name, its columns in order, and a way to read all rows (line number, cells)."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[], Iterator[Row]]

    def only(self, names: Sequence[str]) -> Table:
        """The same rows with these columns, in this order. Raises KeyError for an unknown one."""
        known = {column: place for place, column in enumerate(self.columns)}
        places = [known[name] for name in names]
        return Table(
            self.name,
            tuple(names),
            lambda: ((line, [cells[place] for place in places]) for line, cells in self.rows()),
        )


def open_table(fd: int, name: str, delimiter: str | None = None) -> Table:
    """The table on a descriptor: JSON Lines by its ending (.jsonl, .ndjson), else CSV.

    `delimiter` is one of , ; tab |; None: the one that the header uses. Reading `rows` raises BadContent with
    the line: another number of cells, an open quote, bytes that are not UTF-8, a NUL, a doubled key.
    """
    refuse_other_forms(os.pread(fd, 1024, 0), name)
    if name.lower().endswith((".jsonl", ".ndjson")):
        columns = _json_columns(fd, name)
        return Table(name, columns, lambda: _json_rows(fd, name, columns))
    return _open_csv(fd, name, delimiter)


# --- CSV --------------------------------------------------------------------------------------


def _open_csv(fd: int, name: str, delimiter: str | None) -> Table:
    first = next((line for line in lines(fd, name) if line.strip()), None)
    if first is None:
        raise BadContent(f"{name} is empty.", "Write a header and rows.")
    mark = delimiter or _sniffed(first)
    _, header = next(_records(fd, name, mark))
    columns = tuple(cell.strip() for cell in header)
    _check_columns(columns, name)
    return Table(name, columns, lambda: _csv_rows(fd, name, mark, len(columns)))


def _sniffed(header: str) -> str:
    bare = "".join(header.split('"')[::2])  # what stands outside of quotes
    return max(DELIMITERS, key=bare.count)


def _check_columns(columns: tuple[str, ...], name: str) -> None:
    if len(columns) > MAX_COLUMNS:
        raise BadContent(f"{name} has {len(columns)} columns; at most {MAX_COLUMNS} are read.", "Split it.")
    seen: set[str] = set()
    for place, column in enumerate(columns, 1):
        if not column and place > 1:  # an index column without a name comes first
            raise BadContent(f"{name} line 1: column {place} has no name.", "Name each column once.")
        if column in seen:
            raise BadContent(f"{name} has two columns named {column[:60]!r}.", "Name each column once.")
        seen.add(column)


def _csv_rows(fd: int, name: str, delimiter: str, width: int) -> Iterator[Row]:
    records = _records(fd, name, delimiter)
    next(records)
    for line, row in records:
        if len(row) != width:
            raise BadContent(
                f"{name} line {line} has {len(row)} cells, the header {width}.",
                "Quote cells that hold the delimiter, or write the missing ones.",
            )
        yield line, row


def _records(fd: int, name: str, delimiter: str) -> Iterator[Row]:
    """All records with the line that each begins on, the header first; blank lines are left out."""
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(lines(fd, name), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for row in reader:
            if row:
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise BadContent(
            f"{name} is not usable CSV: {error} (the row that begins on line {begins}).",
            "Close the quotes, and double those inside a quoted cell.",
        ) from None


# --- JSON Lines -------------------------------------------------------------------------------


def _json_columns(fd: int, name: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for _, row in _objects(fd, name):
        found.update(dict.fromkeys(row))
        if len(found) > MAX_COLUMNS:
            raise BadContent(f"{name} has more than {MAX_COLUMNS} different keys.", "Split it.")
    if not found:
        raise BadContent(f"{name} is empty.", "Write one JSON object to a line.")
    return tuple(found)


def _json_rows(fd: int, name: str, columns: tuple[str, ...]) -> Iterator[Row]:
    for line, row in _objects(fd, name):
        yield line, [_cell(row.get(column)) for column in columns]


def _objects(fd: int, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_float=str, parse_int=str)
    for line, text in enumerate(lines(fd, name), 1):
        if not text.strip():
            continue
        if "\\u0000" in text:
            raise BadContent(f"{name} line {line} holds a NUL character.", "Write text.")
        try:
            row = decoder.decode(text)
        except (ValueError, RecursionError) as error:
            raise BadContent(f"{name} line {line} is not usable JSON: {str(error)[:160]}.", "") from None
        if not isinstance(row, dict):
            raise BadContent(f"{name} line {line} is not a JSON object.", "Write one object to a line.")
        yield line, row


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} stands twice")
    return made


def _cell(value: Any) -> str:
    """Numbers come as they were written; a list or an object as JSON text; null as nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return json.dumps(value)
