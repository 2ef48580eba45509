"""`data-quality`: a table is complete, typed and within its ranges."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator, Mapping
from typing import Any

from readiness.engine.child import ChildLimits, run_in_child
from readiness.engine.errors import ExtraMissing
from readiness.engine.outcome import Finding, Limit, Measurement, judged, quantity
from readiness.engine.registry import check
from readiness.engine.table_rules import DataQualityParams, check_params, payload, type_of
from readiness.engine.target import RunDirectory


@check("data-quality", title="A table is complete and within its ranges")
def data_quality(want: DataQualityParams, run: RunDirectory) -> Finding:
    """Reads a whole CSV or JSON Lines table and measures every rule: rows, nulls, types, ranges, duplicates.

    Columns are typed number, integer (3 or 3.0), text, boolean (true, false, yes, no, 1, 0) or date (ISO
    8601). `pattern` (RE2) must match the whole value. An empty cell, NaN, NA, N/A, null and None count as
    null, in any case, so text such as "None" does too; spaces around a value are left out, and so are blank
    lines.

    Fails on a broken rule, a missing column, a column of rules that holds nothing but nulls, a table
    without rows; and on a file that is not read exactly as written: a row with another number of cells, an
    open quote, a doubled column, bytes that are not UTF-8. The finding names the line. Correct the data
    where it is made.

    ```yaml check
    data-quality:
      file: data/train.csv
      min_rows: 1000
      max_null_ratio: 0.05
      max_duplicate_ratio: 0.01
      columns:
        age: {type: integer, min: 0, max: 130}
        label: {one_of: [cat, dog], max_null_ratio: 0}
    ```
    """
    check_params(want)
    if importlib.util.find_spec("duckdb") is None:
        raise ExtraMissing("duckdb", "data")
    limits = ChildLimits.of(run.options)
    with run.open(want.file) as file:
        child = run_in_child(
            "readiness.engine.table_task:quality", payload(want, limits.memory), files=[file], limits=limits
        )
    seen = child.value
    measured = list(_measurements(want, seen))
    return judged(
        measured,
        _message(want, seen, measured),
        advice="Correct the data where it is made, or the rule if it asks for too much.",
        details={"isolation": child.isolation, "rows": seen["rows"], "faults": _broken(seen)[:50]},
    )


_RULES = {
    "min": "too small", "max": "too large", "one_of": "not one of the allowed",
    "pattern": "not matching the pattern", "unique": "repeated",
}  # fmt: skip


def _measurements(want: DataQualityParams, seen: Mapping[str, Any]) -> Iterator[Measurement]:
    rows = seen["rows"]
    yield Measurement(name="Rows", value=rows, limit=Limit(">=", max(1, want.min_rows)), source=want.file)
    if want.columns:
        missing = Limit("<=", 0)
        yield Measurement(name="Missing columns", value=len(seen["missing"]), limit=missing, source=want.file)
    if want.extra_columns == "refuse":
        count = len(_extra(want, seen))
        yield Measurement(name="Extra columns", value=count, limit=Limit("<=", 0), source=want.file)
    if rows:
        yield from _nulls(want, seen)
        yield from _duplicates(want, seen)
        yield from _values(want, seen)


def _nulls(want: DataQualityParams, seen: Mapping[str, Any]) -> Iterator[Measurement]:
    nulls: Mapping[str, int] = seen["nulls"]
    if want.max_null_ratio is not None and nulls:
        worst = max(nulls, key=lambda name: nulls[name])
        yield _share("Nulls, worst column", nulls[worst], want.max_null_ratio, seen, f"{want.file} · {worst}")
    for name, rules in want.columns.items():
        if name in nulls and rules.max_null_ratio is not None:
            yield _share(f"{name}, nulls", nulls[name], rules.max_null_ratio, seen, f"{want.file} · {name}")
        if nulls.get(name) == seen["rows"] and any(f["column"] == name for f in seen["faults"]):
            source = f"{want.file} · {name}"
            yield Measurement(name=f"{name}, values", value=0, limit=Limit(">=", 1), source=source)


def _share(name: str, count: int, ratio: float, seen: Mapping[str, Any], source: str) -> Measurement:
    limit = Limit("<=", round(100 * ratio, 10))
    return Measurement(name=name, value=100 * count / seen["rows"], unit="%", limit=limit, source=source)


def _duplicates(want: DataQualityParams, seen: Mapping[str, Any]) -> Iterator[Measurement]:
    found = seen["duplicates"]
    if not found:
        return
    line = f" line {found['line']}" if found["count"] else ""
    if want.max_duplicate_rows is not None:
        limit = Limit("<=", want.max_duplicate_rows)
        yield Measurement(
            name="Duplicate rows", value=found["count"], limit=limit, source=f"{want.file}{line}"
        )
    if want.max_duplicate_ratio is not None:
        yield _share(
            "Duplicate rows, share", found["count"], want.max_duplicate_ratio, seen, f"{want.file}{line}"
        )


def _values(want: DataQualityParams, seen: Mapping[str, Any]) -> Iterator[Measurement]:
    for fault in seen["faults"]:
        name = fault["column"]
        words = _RULES.get(fault["rule"]) or f"not {_type_words(type_of(want.columns[name]))}"
        line = f" line {fault['line']}" if fault["line"] else ""
        yield Measurement(
            name=f"{name}, {words}",
            value=fault["count"],
            unit="values",
            limit=Limit("<=", 0),
            source=f"{want.file}{line} · {name}",
        )
    for name, ends in seen["ranges"].items():
        for word, end in zip(("lowest", "highest"), ends, strict=True):
            if end is not None:
                yield Measurement(name=f"{name}, {word}", value=end, source=f"{want.file} · {name}")


def _type_words(kind: str | None) -> str:
    return {"integer": "a whole number", "boolean": "true or false"}.get(kind or "", f"a {kind}")


def _extra(want: DataQualityParams, seen: Mapping[str, Any]) -> list[str]:
    return [name for name in seen["columns"] if name not in want.columns]


def _broken(seen: Mapping[str, Any]) -> list[dict[str, Any]]:
    return sorted((f for f in seen["faults"] if f["count"]), key=lambda f: -f["count"])


def _message(want: DataQualityParams, seen: Mapping[str, Any], measured: list[Measurement]) -> str:
    bad = sorted((m for m in measured if m.ok is False), key=_severity)
    if not bad:
        count = len(seen["columns"])
        size = f"{quantity(seen['rows'])} row{'s' * (seen['rows'] != 1)}, {count} column{'s' * (count != 1)}"
        rules = sum(m.limit is not None for m in measured)
        return f"{want.file} · {size}; {rules} of {rules} rules hold"
    said = [_bad_words(want, seen, m) for m in bad[:3]]
    more = f"; and {len(bad) - 3} more" if len(bad) > 3 else ""
    return f"{want.file} · {'; '.join(said)}{more}"


def _severity(bad: Measurement) -> float:
    # what makes the rest meaningless first, then the rule that most values break
    return -float(bad.value) if bad.unit and isinstance(bad.value, int | float) else -math.inf


def _bad_words(want: DataQualityParams, seen: Mapping[str, Any], bad: Measurement) -> str:
    if bad.name == "Rows" and not bad.value:
        return "no rows, only a header" + (f", needs {bad.expected}" if want.min_rows > 1 else "")
    names = {"Missing columns": seen["missing"], "Extra columns": _extra(want, seen)}.get(bad.name)
    if names:
        return f"{bad.name.lower()}: {', '.join(n[:60] for n in names[:5])}{' …' if len(names) > 5 else ''}"
    if bad.unit == "values":
        return f"{bad.name}: {bad.observed}{_first(seen, bad)}"
    place = (bad.source or "").removeprefix(f"{want.file}").removeprefix(" · ").strip()
    place = f" ({place[:60]})" if place and not bad.name.startswith(f"{place},") else ""
    return f"{bad.name} {bad.observed}, needs {bad.expected}{place}"


def _first(seen: Mapping[str, Any], bad: Measurement) -> str:
    for fault in _broken(seen):
        if fault["line"] and (bad.source or "").endswith(f" line {fault['line']} · {fault['column']}"):
            if fault.get("value") is not None:
                return f", first {fault['value']!r} on line {fault['line']}"
            return f", first on line {fault['line']}"
    return ""
