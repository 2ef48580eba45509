"""The child's side of `data-quality`: what one table holds, column by column (run by engine/child.py)."""

# ruff: noqa: S608  # no name or value of a table is ever part of a statement
from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from readiness.engine import table_load as load
from readiness.engine.table_text import Row, Table, open_table

if TYPE_CHECKING:
    import duckdb

_AT_ONCE = 40  # columns of one statement: planning more costs more than reading the table again
_DAY = len("2024-12-31")
_TYPED = {"number": load.number, "integer": load.whole, "boolean": load.boolean, "date": load.moment}


def fingerprint(cells: Sequence[str]) -> str:
    """128 bits of a row as a decimal number; cells hold no NUL, so no two rows join to one text."""
    data = "\0".join(cells).encode("utf-8", "surrogatepass")
    return str(int.from_bytes(hashlib.blake2b(data, digest_size=16).digest(), "big"))


def quality(payload: Mapping[str, Any], fds: Sequence[int]) -> dict[str, Any]:
    """Measure one table. `payload`: name, delimiter, memory, nulls and duplicates (whether to count them),
    columns `[{name, type, min, max, one_of, pattern, unique}]`.

    Returns `{rows, columns, missing, nulls: {column: count}, duplicates: {count, line}, faults: [{column,
    rule, count, line, value}], ranges: {column: [lowest, highest]}}`. Raises BadContent, LimitExceeded.
    """
    table = open_table(fds[0], payload["name"], payload["delimiter"])
    wanted = [column for column in payload["columns"] if column["name"] in table.columns]
    nulls = dict.fromkeys(table.columns if payload["nulls"] else [w["name"] for w in wanted], 0)
    said: dict[str, Any] = {
        "columns": list(table.columns),
        "missing": [c["name"] for c in payload["columns"] if c["name"] not in table.columns],
        "faults": [],
        "ranges": {},
        "duplicates": None,
    }
    with load.connection(payload["memory"]) as con:
        said["rows"] = _count(con, table, nulls, said, duplicates=payload["duplicates"])
        for at in range(0, len(wanted), _AT_ONCE):
            _judge(con, table, wanted[at : at + _AT_ONCE], said)
    _quote(table, said["faults"])
    return said | {"nulls": nulls}


def _count(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    nulls: dict[str, int],
    said: dict[str, Any],
    *,
    duplicates: bool,
) -> int:
    """Rows, and on the same pass nulls by column and rows that stand more than once."""
    counted = _counting(table, nulls)
    if not duplicates:
        return sum(1 for _ in counted.rows())
    marked = Table(
        table.name, ("",), lambda: ((line, [fingerprint(cells)]) for line, cells in counted.rows())
    )
    rows = load.store(con, "marks", marked, "line, c0::UHUGEINT AS mark")
    found = con.execute(
        "SELECT coalesce(sum(n - 1), 0)::BIGINT, min(second) FROM (SELECT count(*) AS n,"
        " min(line, 2)[2] AS second FROM marks GROUP BY mark HAVING count(*) > 1)"
    ).fetchone()
    con.execute("DROP TABLE marks")
    said["duplicates"] = {"count": found[0], "line": found[1]} if found else None
    return rows


def _counting(table: Table, nulls: dict[str, int]) -> Table:
    places = [(place, name) for place, name in enumerate(table.columns) if name in nulls]

    def rows() -> Iterator[Row]:
        nulls.update(dict.fromkeys(nulls, 0))
        for line, cells in table.rows():
            for place, name in places:
                if load.is_null(cells[place]):
                    nulls[name] += 1
            yield line, cells

    return Table(table.name, table.columns, rows)


def _judge(
    con: duckdb.DuckDBPyConnection, table: Table, wanted: Sequence[Mapping[str, Any]], said: dict[str, Any]
) -> None:
    """Add the faults and ranges of these columns."""
    asked: list[tuple[str, str]] = []
    parts: list[str] = []
    broken: list[str] = []
    values: list[Any] = []
    for n, column in enumerate(wanted):
        for rule, condition, given in _rules(n, column):
            b = f"b{len(broken)}"
            broken.append(f"({condition}) AS {b}")
            values += given
            asked.append((column["name"], rule))
            parts.append(f"count_if({b}), min(CASE WHEN {b} THEN line END)")
        if column["unique"]:
            asked.append((column["name"], "unique"))
            parts.append(f"count(v{n}) - count(DISTINCT v{n}), NULL")
        if column["type"] in ("number", "integer"):
            asked.append((column["name"], "range"))
            parts.append(f"min(t{n}), max(t{n})")
    if not parts:
        return
    clean = ", ".join(f"{load.clean(n)} AS v{n}" for n in range(len(wanted)))
    typed = ", ".join(f"{_typed(n, column)} AS t{n}" for n, column in enumerate(wanted))
    inner = f"SELECT *, {typed} FROM (SELECT line, {clean} FROM {{scan}})"
    sql = f"SELECT {', '.join(['count(*)', *parts])} FROM (SELECT {', '.join(['*', *broken])} FROM ({inner}))"
    found = load.query(con, table.only([w["name"] for w in wanted]), sql, values)
    for place, (name, rule) in enumerate(asked):
        first, second = found[2 * place : 2 * place + 2]
        if rule == "range":
            said["ranges"][name] = [first, second]
        else:
            said["faults"].append({"column": name, "rule": rule, "count": first, "line": second})


def _quote(table: Table, faults: list[dict[str, Any]]) -> None:
    """Give each fault the first value that broke its rule; not of patterns: text may be anybody's name."""
    asked = {f["line"] for f in faults if f["line"] and f["rule"] != "pattern"}
    places = {name: place for place, name in enumerate(table.columns)}
    cells = {}
    for line, row in table.rows() if asked else ():
        if line in asked:
            cells[line] = row
            if len(cells) == len(asked):
                break
    for fault in faults:
        row = cells.get(fault["line"], []) if fault["rule"] != "pattern" else []
        fault["value"] = row[places[fault["column"]]].strip(load.SPACES)[:40] if row else None


def _typed(n: int, column: Mapping[str, Any]) -> str:
    make = _TYPED.get(column["type"] or "")
    return make(f"v{n}") if make else f"v{n}"


def _rules(n: int, column: Mapping[str, Any]) -> Iterator[tuple[str, str, list[Any]]]:
    """(rule, the condition that breaks it, its parameters)."""
    cast = "CAST(? AS TIMESTAMPTZ)" if column["type"] == "date" else "CAST(? AS DOUBLE)"
    if column["type"] in _TYPED:
        yield "type", f"v{n} IS NOT NULL AND t{n} IS NULL", []
    if column["min"] is not None:
        yield "min", f"t{n} < {cast}", [str(column["min"])]
    if column["max"] is not None:
        # a day without a time is the whole day
        day = column["type"] == "date" and len(column["max"]) == _DAY
        yield "max", f"t{n} >= {cast} + INTERVAL 1 DAY" if day else f"t{n} > {cast}", [str(column["max"])]
    if column["one_of"]:
        numeric = column["type"] in ("number", "integer")
        marks = ", ".join((cast if numeric else "?") for _ in column["one_of"])
        yield "one_of", f"{'t' if numeric else 'v'}{n} NOT IN ({marks})", list(column["one_of"])
    if column["pattern"] is not None:
        yield "pattern", f"NOT regexp_full_match(v{n}, ?)", [column["pattern"]]
