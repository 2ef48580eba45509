"""`data-quality`: every rule, and tables that are not what they say; nothing half read ever passes."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TABLE = "id,age,label,day\n1,20,cat,2024-01-01\n2,30.0,dog,2024-01-02T10:00:00Z\n3,NA,cat,\n"


def quality(finding, table, **params):
    """The finding on one table with these rules."""
    name = params.pop("file", "t.csv")
    return finding("data-quality", {"file": name, **params}, {name: table})


@pytest.mark.parametrize(
    ("params", "outcome", "words"),
    [
        ({}, "PASS", "3 rows, 4 columns; 1 of 1 rules hold"),
        ({"min_rows": 4}, "FAIL", "Rows 3, needs ≥ 4"),
        ({"max_null_ratio": 0.5}, "PASS", ""),
        ({"max_null_ratio": 0.3}, "FAIL", "Nulls, worst column 33.33 %, needs ≤ 30 % (age)"),
        ({"columns": {"age": {"max_null_ratio": 0}}}, "FAIL", "age, nulls 33.33 %, needs ≤ 0 %"),
        ({"columns": {"label": {"max_null_ratio": 0}}}, "PASS", ""),
        ({"columns": {"age": {"type": "integer"}}}, "PASS", ""),
        ({"columns": {"label": {"type": "number"}}}, "FAIL", "not a number: 3 values, first 'cat' on line 2"),
        ({"columns": {"day": {"type": "date"}}}, "PASS", ""),
        ({"columns": {"age": {"type": "date"}}}, "FAIL", "age, not a date: 2 values"),
        (
            {"columns": {"id": {"type": "boolean"}}},
            "FAIL",
            "not true or false: 2 values, first '2' on line 3",
        ),
        ({"columns": {"age": {"min": 21}}}, "FAIL", "age, too small: 1 values, first '20' on line 2"),
        ({"columns": {"age": {"min": 20, "max": 30}}}, "PASS", ""),
        ({"columns": {"age": {"max": 29.5}}}, "FAIL", "too large: 1 values, first '30.0' on line 3"),
        ({"columns": {"day": {"type": "date", "max": "2024-01-01"}}}, "FAIL", "day, too large: 1 values"),
        ({"columns": {"day": {"type": "date", "max": "2024-01-02"}}}, "PASS", ""),
        ({"columns": {"day": {"max": "2024-01-02T09:59:59Z"}}}, "FAIL", "day, too large: 1 values"),
        ({"columns": {"day": {"min": "2024-01-01"}}}, "PASS", ""),
        ({"columns": {"label": {"one_of": ["cat", "dog"]}}}, "PASS", ""),
        (
            {"columns": {"label": {"one_of": ["cat"]}}},
            "FAIL",
            "not one of the allowed: 1 values, first 'dog'",
        ),
        ({"columns": {"age": {"type": "number", "one_of": [20, 30]}}}, "PASS", ""),
        ({"columns": {"label": {"pattern": "[a-z]{3}"}}}, "PASS", ""),
        ({"columns": {"label": {"pattern": "ca"}}}, "FAIL", "not matching the pattern: 3 values"),
        ({"columns": {"id": {"unique": True}}}, "PASS", ""),
        ({"columns": {"label": {"unique": True}}}, "FAIL", "label, repeated: 1 values"),
        ({"columns": {"gone": {}}}, "FAIL", "missing columns: gone"),
        ({"columns": {"id": {}}, "extra_columns": "refuse"}, "FAIL", "extra columns: age, label, day"),
        ({"max_duplicate_rows": 0}, "PASS", ""),
    ],
)
def test_rules(finding, params, outcome, words):
    """Each rule holds or breaks with the value, the limit and the line."""
    found = quality(finding, TABLE, **params)
    assert found.outcome == outcome, found.message
    assert words in found.message


@pytest.mark.parametrize(
    ("params", "outcome"),
    [
        ({"max_duplicate_rows": 0}, "FAIL"),
        ({"max_duplicate_rows": 1}, "PASS"),
        ({"max_duplicate_ratio": 0.3}, "FAIL"),
        ({"max_duplicate_ratio": 0.34}, "PASS"),
    ],
)
def test_duplicates(finding, params, outcome):
    """A row that stands again counts once for each time it is repeated, and names its second line."""
    found = quality(finding, 'a,b\n1,"x\ny"\n2,x\n1,"x\ny"\n', **params)
    assert found.outcome == outcome
    assert next(m for m in found.measurements if m.name.startswith("Duplicate")).source == "t.csv line 5"


def test_cells_are_not_joined(finding):
    """Rows whose cells only join to the same text are different rows."""
    assert quality(finding, 'a,b\n"x,",y\nx,",y"\n', max_duplicate_rows=0).outcome == "PASS"


@pytest.mark.parametrize("null", ["", "NaN", "nan", "NA", "N/A", "null", "NULL", "None", " na ", "<NA>"])
def test_nulls(finding, null):
    """What counts as null, in a table of text; a column of nothing else never satisfies a rule."""
    table = f"a,b\n1,{null}\n2,{null}\n"
    assert "100 %" in quality(finding, table, max_null_ratio=0.5).message
    empty = quality(finding, table, columns={"b": {"type": "number", "min": 0}})
    assert (empty.outcome, "b, values 0" in empty.message) == ("FAIL", True)


@pytest.mark.parametrize(
    "value", ["inf", "-inf", "1e999", "1_000", "0x10", "1,5", "1 000", "١", "--1", "1e", "."]
)
def test_not_numbers(finding, value):
    """What no other program would read as the same finite number is none."""
    found = quality(finding, f'a,b\n"{value}",x\n', columns={"a": {"type": "number"}})
    assert found.outcome == "FAIL", found.message


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"a,b\n", "no rows, only a header"),
        (b"a,b\n1,2\n3\n", "line 3 has 1 cells, the header 2"),
        (b"a,b\n1,2,3\n", "line 2 has 3 cells"),
        (b'a,b\n"x\ny",1\n1,2,3\n', "line 4 has 3 cells"),
        (b"a,a\n1,2\n", "two columns named 'a'"),
        (b"a,,c\n1,2,3\n", "column 2 has no name"),
        (b'a,b\n1,"2\n3,4\n', "begins on line 2"),
        (b'a,b\n1,"2"x\n', "not usable CSV"),
        (b"a,b\n1,\x00\n", "line 2 holds a NUL"),
        ("a,b\nx,ä\n".encode("latin-1"), "line 2 is not UTF-8 text: byte 0xe4"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        ("a,b\n1,2\n".encode("utf-32"), "UTF-16 or UTF-32"),
        (b"\x1f\x8b\x08\x00abc", "is gzip"),
        (b"PK\x03\x04abc", "a zip or Excel file"),
        (b"PAR1abc", "Parquet"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "Git LFS pointer"),
        (b"a,b\n" + b"x" * (17 << 20), "line 2 has more than 16 MB"),
        (b'a,b\n1,"' + b"x\n" * (1 << 20), "field larger than field limit"),
        (b",".join(b"k%d" % n for n in range(10_001)) + b"\n", "10001 columns"),
    ],
    ids=[
        "empty", "blank", "header", "short", "long", "long after quotes", "doubled", "nameless", "open quote",
        "after quote", "nul", "latin-1", "utf-16", "utf-32", "gz", "zip", "parquet", "lfs", "endless line",
        "endless cell", "too wide",
    ],
)  # fmt: skip
def test_hostile_tables(finding, table, words):
    """Each is a FAIL with the file and the place, never a traceback, never a pass."""
    found = quality(finding, table)
    assert (found.outcome, words in found.message) == ("FAIL", True), found.message
    assert "t.csv" in found.message


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("a;b\n1,5;2\n", 2),
        ("a\tb\n1\t2\n", 2),
        ("a|b\n1|2\n", 2),
        ("\ufeffa,b\r\n1,2\r\n", 2),
        ('"a,x";b\n1;2\n', 2),
        ("a\n1\n", 1),
        (",a\n0,1\n", 2),
        ("a,b\n1,2\n\n3,4", 2),
    ],
)
def test_real_files(finding, table, columns):
    """Other delimiters, a byte order mark, Windows line ends, one column, an index, a blank line."""
    found = quality(finding, table)
    assert (found.outcome, f"{columns} column" in found.message) == ("PASS", True), found.message


def test_given_delimiter(finding):
    """A delimiter that the header does not show is taken from the checklist."""
    assert quality(finding, "a;b,c\n1;2\n", delimiter=";", columns={"b,c": {"min": 2}}).outcome == "PASS"


def test_wide_table(finding):
    """A table of 5,000 columns with rules for 150 of them is measured within the limits."""
    names = [f"k{n}" for n in range(5000)]
    table = ",".join(names) + "\n" + 5 * (",".join(["1"] * 5000) + "\n")
    columns = {name: {"type": "number", "max": 1} for name in names[:150]}
    assert quality(finding, table, columns=columns, max_null_ratio=0).outcome == "PASS"


@pytest.mark.parametrize(
    ("lines", "params", "outcome", "words"),
    [
        (['{"a": 1}', '{"a": 2.5, "b": "x"}'], {"columns": {"a": {"type": "number"}}}, "PASS", "2 rows, 2"),
        (['{"a": 1}', '{"b": "x"}'], {"max_null_ratio": 0}, "FAIL", "50 %"),
        (['{"a": null}', '{"a": NaN}'], {"max_null_ratio": 0.5}, "FAIL", "100 %"),
        (['{"a": [1]}'], {"columns": {"a": {"type": "number"}}}, "FAIL", "not a number"),
        (['{"a": true}'], {"columns": {"a": {"type": "boolean"}}}, "PASS", ""),
        (['{"a": "x,\\"y\\n"}'], {"columns": {"a": {"pattern": '(?s)x,"y'}}}, "PASS", ""),
        (['{"a": 1, "a": 2}'], {}, "FAIL", "line 1 is not usable JSON: the key 'a' stands twice"),
        (['{"a": 1}', "[1]"], {}, "FAIL", "line 2 is not a JSON object"),
        (['{"a": 1}', '{"a":'], {}, "FAIL", "line 2 is not usable JSON"),
        (['{"a": "\\u0000"}'], {}, "FAIL", "NUL"),
        (['{"a":' * 5000], {}, "FAIL", "line 1 is not usable JSON"),
        (["", " "], {}, "FAIL", "is empty"),
        (["{}"], {}, "FAIL", "is empty"),
        (['{"a": "\\ud800"}'], {}, "PASS", ""),
        (['{"a": 1e999}'], {"columns": {"a": {"type": "number"}}}, "FAIL", "not a number"),
    ],
)
def test_json_lines(finding, lines, params, outcome, words):
    """JSON Lines follow the same rules; what is not one plain object to a line is refused by line."""
    found = quality(finding, "\n".join(lines), file="t.jsonl", **params)
    assert (found.outcome, words in found.message) == (outcome, True), found.message


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"max_null_ratio": 5}, "max_null_ratio is 5"),
        ({"columns": {"a": {"max_null_ratio": -1}}}, "columns.a.max_null_ratio"),
        ({"columns": {"a": {"pattern": "("}}}, "not usable"),
        ({"columns": {"a": {"pattern": "(?=x)"}}}, "look-around"),
        ({"columns": {"a": {"type": "text", "min": 3}}}, "does not bound"),
        ({"columns": {"a": {"type": "date", "min": "soon"}}}, "no date"),
        ({"columns": {"a": {"type": "int"}}}, "`columns.*.type` is 'int', needs one of `number`"),
    ],
)
def test_wrong_rules(finding, params, words):
    """Rules that cannot be meant are an error, not a pass."""
    found = quality(finding, TABLE, **params)
    assert (found.outcome, words in f"{found.message} {found.advice}") == ("ERROR", True), found.message


def test_values_of_patterns_are_not_shown(finding):
    """Text may be anybody's name: the finding gives its line only."""
    found = quality(finding, "mail\nann@example.org\n", columns={"mail": {"pattern": "x"}})
    assert found.outcome == "FAIL"
    assert "line 2" in found.message
    assert "ann@" not in json.dumps(found.to_dict())


def test_runs_in_a_child(finding):
    """The level of isolation stands in the finding; a table that takes too long costs only itself."""
    assert "rlimit" in quality(finding, TABLE).details["isolation"]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | st.sampled_from(
    ["1", "-2.5", "nan", '"', '""', "\n", "\r", "\r\n", ",", ";", "'", "\\", "", "é"]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8))
def test_every_written_row_is_read(finding, rows):
    """Whatever stands in the cells: rows, nulls and repeats are those of Python's own reading."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("a", "b"), *rows])
    found = quality(finding, text.getvalue().encode(), max_duplicate_rows=0, columns={"a": {"unique": True}})
    values = {m.name: m.value for m in found.measurements}
    assert values["Rows"] == len(rows)
    assert values["Duplicate rows"] == len(rows) - len(set(rows))


@pytest.mark.parametrize(
    "name", ['a"; DROP TABLE side0; --', "a'b", "count(*)", "v0", "line", "select", "$age", "é\u202e"]
)
def test_names_are_no_statements(finding, name):
    """A column may be called anything: its name is data, and is judged like any other."""
    quoted = '"' + name.replace('"', '""') + '"'
    table = f"{quoted},other\n1,x\n-1,y\n"
    found = finding(
        "data-quality", {"file": "t.csv", "columns": {name: {"type": "integer", "min": 0}}}, {"t.csv": table}
    )
    below = [m for m in found.measurements if m.value == 1 and m.ok is False]
    assert (found.outcome, len(below)) == ("FAIL", 1), found.message
