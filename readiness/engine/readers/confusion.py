"""Confusion matrices: lists in JSON and YAML, and CSV files with or without the classes' names.

CSV comes from pandas (`DataFrame(cm, index=names, columns=names).to_csv()`), from numpy.savetxt (bare
numbers, whole ones written as 8.000e+00) and from hand. Rows are true classes, columns predicted ones.
"""

from __future__ import annotations

from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers import data
from readiness.engine.target import RunDirectory

MAX_CLASSES = 1000
Matrix = list[list[int]]
COUNTS = "Write whole numbers from 0, the counts of examples."


def of_key(run: RunDirectory, file: str, key: str) -> Matrix:
    """The confusion matrix under a key of a data file. Raises BadContent, NotFound."""
    rows = data.lookup(data.load(run, file), key, file)
    square = isinstance(rows, list) and all(isinstance(r, list) and len(r) == len(rows) for r in rows)
    if not (square and rows):
        raise BadContent(f"{file} · {key} is not a square table of counts.", "")
    check_count(len(rows), file)
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for row in rows for n in row):
        raise BadContent(f"{file} · {key} is not a square table of counts.", COUNTS)
    return [list(row) for row in rows]


def of_table(rows: list[list[str]], file: str) -> tuple[Matrix, list[str]]:
    """The matrix of a CSV file's rows, with the names it gives to the classes ("0", "1", … for none).

    Raises BadContent for a table that is not square, unequal names, and cells that are no counts.
    """
    width, height = len(rows[0]), len(rows)
    if any(len(row) != width for row in rows):
        raise BadContent(f"{file} has rows of different lengths.", "Write one cell for each class.")
    first = [row[0] for row in rows]
    if width == height and not _corner(rows):
        return _counts(rows, file), [str(n) for n in range(height)]
    if width == height:
        down = first[1:]
        if rows[0][1:] != down:
            raise BadContent(
                f"{file} names the classes {_some(rows[0][1:])} across, but {_some(down)} down.",
                "Write the same names in the same order.",
            )
        return _counts([row[1:] for row in rows[1:]], file), _names(down, file)
    if height == width + 1 and _are_names(rows[0]):
        return _counts(rows[1:], file), _names(rows[0], file)
    if width == height + 1 and _are_names(first):
        return _counts([row[1:] for row in rows], file), _names(first, file)
    raise BadContent(f"{file} has {height} rows of {width} cells: no square table of counts.", "")


def _corner(rows: list[list[str]]) -> bool:
    # A table with names has a corner that is no count: empty, or "true / predicted".
    return _count(rows[0][0]) is None


def _are_names(cells: list[str]) -> bool:
    # Counts in their place would be a matrix that lost a row or a column; pandas numbers classes from 0.
    numbered = len(cells) > 1 and cells == [str(n) for n in range(len(cells))]
    return numbered or all(_count(cell) is None for cell in cells)


def _counts(rows: list[list[str]], file: str) -> Matrix:
    check_count(len(rows), file)
    made: Matrix = []
    for row in rows:
        counted = [_count(cell) for cell in row]
        bad = next((cell for cell, n in zip(row, counted, strict=True) if n is None), None)
        if bad is not None or not row:
            raise BadContent(f"{file} holds {str(bad)[:40]!r}, which is no count.", COUNTS)
        made.append([n for n in counted if n is not None])
    if not made:
        raise BadContent(f"{file} holds no counts.", COUNTS)
    return made


def _count(cell: str) -> int | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return int(value) if 0 <= value < 1e15 and value.is_integer() else None


def _names(names: list[str], file: str) -> list[str]:
    if len(set(names)) != len(names) or not all(names):
        raise BadContent(f"{file} names a class twice, or not at all.", "Name each class once.")
    return names


def _some(names: list[Any]) -> str:
    return ", ".join(str(name)[:30] for name in names[:5])


def check_count(count: int, file: str) -> None:
    """Raise BadContent for more classes than are read."""
    if count > MAX_CLASSES:
        raise BadContent(f"{file} names {count} classes; at most {MAX_CLASSES} are read.", "")
