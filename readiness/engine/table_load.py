"""Tables in DuckDB: a connection that can reach nothing, and rows fed to it (in the limited child).

The rows come from engine/table_text.py, already split and checked, through a pipe as plain CSV, beside the
line that each began on. Column n of a table is `cn` in SQL, whatever its name; names never reach a statement.
"""

# ruff: noqa: S608  # no name or value of a table is ever part of a statement
from __future__ import annotations

import csv
import io
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from readiness.engine.errors import CheckProblem, ExtraMissing, LimitExceeded
from readiness.engine.table_text import Row, Table

if TYPE_CHECKING:
    import duckdb

_BATCH = 2000
_MAX_ROW = 32 << 20
# What counts as missing, whatever its case.
NULLS = frozenset({"", "na", "n/a", "nan", "null", "none", "<na>", "#n/a"})
_LONGEST_NULL = 40
SPACES = " \t\r\n\f"
_TRIM = "trim(c{}, E' \\t\\r\\n\\f')"  # DuckDB means only spaces unless it is told
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_WHOLE = r"[+-]?\d+(?:\.0*)?"
_DATE = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?(?:Z|[+-]\d{2}(?::?\d{2})?))?)?"
ZONED = r"(?:Z|:\d{2}(?:\.\d+)? ?[+-]\d{2}(?::?\d{2})?)$"


@contextmanager
def connection(memory: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database in memory. `memory` in bytes is the child's limit; the database takes half of it.

    Raises ExtraMissing, LimitExceeded when a query needs more.
    """
    try:
        import duckdb  # an extra, and slow to import
    except ImportError:
        raise ExtraMissing("duckdb", "data") from None
    settings: dict[str, Any] = {
        "threads": 2,
        "preserve_insertion_order": False,
        "memory_limit": f"{memory // 2 >> 20}MiB",
        "temp_directory": "",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    con = duckdb.connect(":memory:", config=settings)
    try:
        con.execute("SET TimeZone = 'UTC'")
        yield con
    except duckdb.OutOfMemoryException:
        raise LimitExceeded(
            f"The table needs more memory than the check may use ({memory // 2 >> 20} MB).",
            "Check a sample of it, fewer columns, or raise the limit.",
        ) from None
    finally:
        con.close()


def query(con: duckdb.DuckDBPyConnection, table: Table, sql: str, parameters: Sequence[Any] = ()) -> Any:
    """The one row of a query but its first value, which counts rows; `{scan}` stands for the table.

    The table has the columns `line`, `c0`, `c1` … Raises what reading it raises.
    """
    with _Feed(table) as feed:
        [row] = feed.ask(con, sql.replace("{scan}", feed.scan), parameters)
        feed.check(row[0])
        return row[1:]


def store(con: duckdb.DuckDBPyConnection, name: str, table: Table, what: str) -> int:
    """Make a table of `SELECT what FROM table`, or add to it; returns the number of rows read."""
    with _Feed(table) as feed:
        known = con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [name]).fetchone()
        head = f"INSERT INTO {name}" if known else f"CREATE TABLE {name} AS"
        [(count,)] = feed.ask(con, f"{head} SELECT {what} FROM {feed.scan}", ())
        feed.check(count)
        return feed.rows


class _Feed:
    """A thread that writes the rows of a table into a pipe, which DuckDB reads as a file."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._out, self._in = os.pipe()
        self._problem: CheckProblem | None = None
        self._thread = threading.Thread(target=self._write, daemon=True)
        self.rows = 0
        columns = ", ".join(["'line': 'BIGINT'", *(f"'c{n}': 'VARCHAR'" for n in range(len(table.columns)))])
        # reject nothing: a row that DuckDB reads otherwise than it was written is an error
        self.scan = (
            f"read_csv('/proc/self/fd/{self._out}', columns = {{{columns}}}, auto_detect = false,"
            " header = false, delim = ',', quote = '\"', escape = '\"', new_line = '\\r\\n',"
            f" max_line_size = {_MAX_ROW}, buffer_size = {_MAX_ROW}, parallel = false)"
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._out)  # a writer that still waits gets a broken pipe
        self._thread.join()

    def ask(self, con: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any]) -> Any:
        """Run the query that scans; what was wrong with the rows comes before what DuckDB says."""
        import duckdb  # an extra, and slow to import

        try:
            result = con.execute(query, list(parameters)).fetchall()
        except duckdb.Error as error:
            if self._problem:
                raise self._problem from None
            if isinstance(error, duckdb.OutOfMemoryException):
                raise
            raise CheckProblem(f"DuckDB cannot read {self._table.name}: {str(error)[:200]}.") from None
        self._thread.join()
        if self._problem:
            raise self._problem
        return result

    def check(self, count: int) -> None:
        """Raise CheckProblem when DuckDB saw another number of rows than were written for it."""
        if count != self.rows:
            raise CheckProblem(
                f"DuckDB read {count} of {self.rows} rows of {self._table.name}.",
                "Report it with this message.",
            )

    def _write(self) -> None:
        try:
            with open(self._in, "wb", buffering=0) as pipe:  # noqa: PTH123  # a descriptor
                self._pour(self._table.rows(), pipe)
        except BrokenPipeError:
            return  # the query ended first; it says why
        except CheckProblem as problem:
            self._problem = problem

    def _pour(self, rows: Iterator[Row], pipe: io.RawIOBase | io.FileIO) -> None:
        while batch := list(islice(rows, _BATCH)):
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\r\n").writerows([line, *cells] for line, cells in batch)
            data = memoryview(text.getvalue().encode())
            while data:
                data = data[pipe.write(data) or 0 :]
            self.rows += len(batch)


# --- SQL for the cells ------------------------------------------------------------------------


def clean(n: int) -> str:
    """SQL for the value of column n without spaces around it, NULL for what counts as missing."""
    words = ", ".join(f"'{word}'" for word in sorted(NULLS))
    return f"CASE WHEN lower({_TRIM.format(n)}) IN ({words}) THEN NULL ELSE {_TRIM.format(n)} END"


def is_null(cell: str) -> bool:
    """Whether a cell counts as missing: the same as `clean`, in Python."""
    return not cell or (len(cell) < _LONGEST_NULL and cell.strip(SPACES).lower() in NULLS)


def number(value: str) -> str:
    """SQL for a value as a finite number, else NULL."""
    cast = f"TRY_CAST({value} AS DOUBLE)"
    return f"CASE WHEN regexp_full_match({value}, '{_NUMBER}') AND isfinite({cast}) THEN {cast} END"


def whole(value: str) -> str:
    """SQL for a value as a whole number (3 or 3.0), else NULL."""
    cast = f"TRY_CAST({value} AS DOUBLE)"
    return f"CASE WHEN regexp_full_match({value}, '{_WHOLE}') AND isfinite({cast}) THEN {cast} END"


def boolean(value: str) -> str:
    """SQL for true, false, yes, no, 1, 0 in any case, else NULL."""
    return f"CASE lower({value}) {_words('true', 'yes', '1')} {_words('false', 'no', '0')} END"


def _words(*words: str) -> str:
    said = "true" if words[0] == "true" else "false"
    return " ".join(f"WHEN '{word}' THEN {said}" for word in words)


def moment(value: str) -> str:
    """SQL for an ISO 8601 date or time as TIMESTAMPTZ, else NULL; without a time zone it is read as UTC."""
    return f"CASE WHEN regexp_full_match({value}, '{_DATE}') THEN TRY_CAST({value} AS TIMESTAMPTZ) END"
