"""The child's side of `leakage`: rows that test and training tables share (run by engine/child.py)."""

# ruff: noqa: S608  # no name or value of a table is ever part of a statement
from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from readiness.engine import table_load as load
from readiness.engine.errors import BadContent
from readiness.engine.table_task import fingerprint
from readiness.engine.table_text import Row, Table, open_table

if TYPE_CHECKING:
    import duckdb

_SHOWN = 5
_DAY = "INTERVAL 1 DAY - INTERVAL 1 MICROSECOND"
# A day without a time is its first moment, and for training data also its last.
_TIMES = (
    f"{load.moment('t')} AS begins, {load.moment('t')} + CASE WHEN length(t) = 10 THEN {_DAY}"
    f" ELSE INTERVAL 0 DAY END AS ends, regexp_matches(t, '{load.ZONED}') AS zoned, length(t) > 10 AS timed"
)


def overlap(payload: Mapping[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Compare training and test files. `payload`: train and test (names, in the order of `fds`), delimiter,
    memory, key (columns, or none for all), normalise (columns), rows (whether to compare them), time_column,
    gap (days).

    Returns `{rows: {train, test}, shared, places: [[test file, line, train file, line]], times}`, times
    None or `{early, unread, last_train, first_test}`. Raises BadContent, LimitExceeded.
    """
    names = [*payload["train"], *payload["test"]]
    tables = [open_table(fd, name, payload["delimiter"]) for fd, name in zip(fds, names, strict=True)]
    columns = _columns(tables, payload)
    said: dict[str, Any] = {"rows": {"train": 0, "test": 0}, "shared": None, "places": [], "times": None}
    with load.connection(payload["memory"]) as con:
        for number, table in enumerate(tables):
            side = "train" if number < len(payload["train"]) else "test"
            said["rows"][side] += load.store(
                con, side, _marked(table, columns, payload), f"{number} AS file, line, {_stored(payload)}"
            )
        if payload["rows"]:
            said |= _shared(con, names)
        if payload["time_column"]:
            said["times"] = _times(con, payload)
    return said


def _columns(tables: Sequence[Table], payload: Mapping[str, Any]) -> list[str]:
    """The columns that make a row's identity, sorted. Raises BadContent where a table lacks one."""
    first = set(tables[0].columns)
    asked = [
        *payload["key"],
        *payload["normalise"],
        *([payload["time_column"]] if payload["time_column"] else []),
    ]
    for table in tables:
        lacking = [name for name in asked if name not in table.columns]
        if lacking:
            raise BadContent(
                f"{table.name} has no column {', '.join(lacking)[:200]}.",
                "Correct the names in the checklist.",
            )
        if payload["rows"] and not payload["key"] and set(table.columns) != first:
            odd = ", ".join(sorted(first ^ set(table.columns)))[:200]
            raise BadContent(
                f"{table.name} and {tables[0].name} have different columns ({odd}), so no rows are equal.",
                "Name the columns that identify a row with `key`.",
            )
    return sorted(payload["key"] or first)


def _marked(table: Table, columns: Sequence[str], payload: Mapping[str, Any]) -> Table:
    """The table as a fingerprint (with `rows`) and a time (with `time_column`)."""
    known = {name: place for place, name in enumerate(table.columns)}
    times = [known[payload["time_column"]]] if payload["time_column"] else []
    places = [known[name] for name in columns] if payload["rows"] else []
    loose = [n for n, name in enumerate(columns) if name in payload["normalise"]]

    def rows() -> Iterator[Row]:
        for line, cells in table.rows():
            made = [cells[place] for place in times]
            if places:
                picked = [cells[place].strip(load.SPACES) for place in places]
                for n in loose:
                    picked[n] = _loosely(picked[n])
                made.insert(0, fingerprint(picked))
            yield line, made

    return Table(table.name, ("",) * (bool(places) + len(times)), rows)


def _loosely(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", cell).casefold().split())


def _stored(payload: Mapping[str, Any]) -> str:
    mark = ["c0::UHUGEINT AS mark"] if payload["rows"] else []
    n = len(mark)
    times = [f"{load.clean(n)} AS t", _TIMES] if payload["time_column"] else []
    return ", ".join([*mark, *times]) or "NULL AS nothing"


def _shared(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, Any]:
    inside = "FROM test WHERE mark IN (SELECT mark FROM train)"
    shared = con.execute(f"SELECT count(*) {inside}").fetchall()[0][0]
    places = con.execute(
        f"SELECT t.file, t.line, min((r.file, r.line))"
        f" FROM (SELECT * {inside} ORDER BY file, line LIMIT {_SHOWN}) t"
        " JOIN train r USING (mark) GROUP BY t.file, t.line ORDER BY t.file, t.line"
    ).fetchall()
    return {
        "shared": shared,
        "places": [[names[file], line, names[other[0]], other[1]] for file, line, other in places],
    }


def _times(con: duckdb.DuckDBPyConnection, payload: Mapping[str, Any]) -> dict[str, Any]:
    unread, mixed = con.execute(
        "SELECT count_if(begins IS NULL), count_if(zoned) > 0 AND count_if(timed AND NOT zoned) > 0"
        " FROM (SELECT begins, zoned, timed FROM train UNION ALL SELECT begins, zoned, timed FROM test)"
    ).fetchall()[0]
    if mixed:
        raise BadContent(
            f"The times of {payload['time_column']} stand partly with and partly without a time zone.",
            "Write all of them with their time zone.",
        )
    early = con.execute(
        "SELECT count(*) FROM test WHERE begins <= (SELECT max(ends) FROM train)"
        " OR begins < (SELECT max(ends) FROM train) + to_microseconds(?::BIGINT)",
        [round(payload["gap"] * 86_400_000_000)],
    ).fetchall()[0][0]
    last = con.execute("SELECT arg_max(t, ends) FROM train").fetchall()[0][0]
    first = con.execute("SELECT arg_min(t, begins) FROM test").fetchall()[0][0]
    return {"early": early, "unread": unread, "last_train": last, "first_test": first}
