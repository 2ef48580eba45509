"""Tables as text: whatever the bytes, rows come whole and equally wide, or the file is refused by name."""

from __future__ import annotations

import csv
import io
import json
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.engine import table_load
from readiness.engine.errors import BadContent, CheckProblem
from readiness.engine.table_text import Table, open_table


def rows_of(data, name="t.csv"):
    """All rows of a table made of these bytes."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        table = open_table(file.fileno(), name)
        return table.columns, list(table.rows())


ODD = st.sampled_from(
    [b'"', b",", b"\n", b"\r", b"\r\n", b";", b"\0", b"\xff", b"\xef\xbb\xbf", b"a", b"1", b"{}", b":"]
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(ODD | st.binary(max_size=3), max_size=20).map(b"".join), st.sampled_from(["t.csv", "t.jsonl"])
)
def test_any_bytes(data, name):
    """Any bytes: refused with the file's name, or rows as wide as the header with rising line numbers."""
    try:
        columns, rows = rows_of(data, name)
    except BadContent as problem:
        said = problem.message
        columns, rows = (), []
    else:
        said = name
    assert name in said
    assert all(len(cells) == len(columns) for _, cells in rows)
    assert [line for line, _ in rows] == sorted({line for line, _ in rows})


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(CELL, CELL), max_size=6), st.sampled_from(",;\t|"))
def test_what_was_written_is_read(rows, delimiter):
    """Python's writer and this reader agree on every cell, with every delimiter."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    columns, read = rows_of(text.getvalue().encode())
    assert columns == ("a", "b")
    assert [tuple(cells) for _, cells in read] == rows


@settings(max_examples=200, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), CELL, min_size=1), min_size=1, max_size=6))
def test_json_lines_are_read(rows):
    """Every text under its key; what a row lacks is empty."""
    columns, read = rows_of("\n".join(map(json.dumps, rows)).encode(), "t.jsonl")
    assert [dict(zip(columns, cells, strict=True)) for _, cells in read] == [
        {name: row.get(name, "") for name in columns} for row in rows
    ]


def test_lines_of_the_faults():
    """A fault behind a megabyte of good rows, and behind quoted line ends, has its true line."""
    good = b"".join(b'%d,"a\nb"\n' % n for n in range(150_000))
    with pytest.raises(BadContent, match="line 300002 has 1 cells"):
        rows_of(b"n,t\n" + good + b"x\n")
    with pytest.raises(BadContent, match="line 300002 is not UTF-8"):
        rows_of(b"n,t\n" + good + b"1,\xff\n")


def test_lost_rows_are_noticed():
    """A row that DuckDB would drop without a word ends the check."""
    table = Table("t.csv", ("a",), lambda: iter([(2, ["1"]), (3, ["2"])]))
    with table_load.connection(1 << 30) as con, pytest.raises(CheckProblem, match="1 of 2 rows"):
        table_load.query(con, table, "SELECT count(*) FROM {scan} WHERE c0 = '1'")


def test_database_loads_nothing():
    """No extension is fetched or loaded by itself."""
    with table_load.connection(1 << 30) as con:
        settings_ = dict(con.execute("SELECT name, value FROM duckdb_settings()").fetchall())
    assert settings_["autoinstall_known_extensions"] == settings_["autoload_known_extensions"] == "false"
