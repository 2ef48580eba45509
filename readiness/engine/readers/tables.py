"""Columns of CSV files that loggers write: Keras' CSVLogger, Lightning's metrics.csv, DVCLive's TSV.

Lightning writes one row for what was logged together, so other columns of that row are empty; Keras writes
NA. But pandas writes NaN as an empty cell, so a diverged last epoch looks the same: a row that holds all
the columns which until then always stood beside this one, but not this one, is not passed over.
"""

from __future__ import annotations

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import data
from readiness.engine.readers.keys import Column
from readiness.engine.target import RunDirectory

EMPTY = frozenset({"", "NA"})
_COUNTERS = frozenset({"epoch", "step", "global_step", "iteration", "time", "timestamp", "wall_time"})


def column(run: RunDirectory, file: str, key: str, *, last: bool) -> Column:
    """The cells of a column that are not empty, as text, each with its row. `last`: the last one will count.

    Raises NotFound for an unknown column, BadContent for uneven rows, and for a last value that is missing.
    """
    header, rows = data.read_csv(run, file)
    if key not in header:
        raise NotFound(f"{file} has no column {key[:200]}.", f"It has: {', '.join(header)[:200]}.")
    own = header.index(key)
    filled = [number for number, row in enumerate(rows) if row[own] not in EMPTY]
    if last and filled:
        _check_last(file, header, rows, own, filled)
    # Row 1 is the header.
    return Column([f"{key} (row {n + 2})" for n in filled], [rows[n][own] for n in filled])


def _check_last(file: str, header: list[str], rows: list[list[str]], own: int, filled: list[int]) -> None:
    until, kept = filled[-1], set(filled)
    beside = [
        other
        for other, name in enumerate(header)
        if other != own
        and name.casefold() not in _COUNTERS
        and all((rows[n][other] not in EMPTY) == (n in kept) for n in range(until + 1))
    ]
    for number in range(until + 1, len(rows)):
        shown = next((header[other] for other in beside if rows[number][other] not in EMPTY), None)
        if shown is not None:
            raise BadContent(
                f"{file} row {number + 2} has {shown}, but no {header[own]}: it may have been NaN.",
                "Find out why it is empty; `pick: max` or `min` chooses among the values there are.",
            )
