"""`drift`: two tables are distributed alike."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from readiness.engine.child import ChildLimits, ChildResult, run_in_child
from readiness.engine.errors import ExtraMissing, ParameterError
from readiness.engine.outcome import Chart, Finding, Limit, Measurement, judged, quantity
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory


class DriftParams(Params, frozen=True):
    """Two tables; `columns` defaults to those of the reference. Ratios and `max_ks` are from 0 to 1."""

    reference: str
    current: str
    columns: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    bins: int = 10
    max_psi: float = 0.2
    max_ks: float | None = None
    min_p: float | None = None
    max_unseen_ratio: float | None = None
    min_rows: int = 100
    delimiter: Literal[",", ";", "\t", "|"] | None = None


@check("drift", title="The data has not drifted")
def drift(want: DriftParams, run: RunDirectory) -> Finding:
    """Compares every column of two tables (CSV or JSON Lines): is the current data like the reference?

    The population stability index (PSI) of each column decides: under 0.1 little has moved, over 0.2 much
    has. Its bins are quantiles of the reference; a reference of at most `bins` different numbers, and text,
    get one bin for each value (text the 50 most common, the rest together), nulls one more, and a share
    under 0.01 % counts as 0.01 %. A column is numeric when all values of the reference are numbers. The
    Kolmogorov–Smirnov statistic and its p value stand beside it, and decide only where `max_ks` or `min_p`
    says so: on large tables any difference makes p tiny. Categories that the reference never had are a
    warning, or fail over `max_unseen_ratio`.

    Fails also on a missing column, on values that are not numbers in a numeric column, on columns without
    any value, and on fewer than `min_rows` rows, which tell nothing. Find out what changed in the data;
    train again if it will stay so.

    ```yaml check
    drift: {reference: data/train.csv, current: data/recent.csv, columns: [age, income], max_psi: 0.2}
    ```
    """
    if not 2 <= want.bins <= 1000:
        raise ParameterError(f"`drift`: bins is {want.bins}.", "Write a number from 2 to 1000; 10 is usual.")
    for library in ("duckdb", "numpy", "scipy"):
        if importlib.util.find_spec(library) is None:
            raise ExtraMissing(library, "data")
    child = _compare(want, run)
    seen = child.value
    measured = list(_measurements(want, seen))
    unseen = [c["name"] for c in seen["columns"] if c["unseen"]]
    return judged(
        measured,
        _message(want, seen, measured, unseen),
        advice=_advice(want, seen, unseen),
        charts=_charts(want, seen),
        details={"isolation": child.isolation, "columns": seen["columns"][:200]},
        warn=bool(unseen),
    )


def _compare(want: DriftParams, run: RunDirectory) -> ChildResult:
    limits = ChildLimits.of(run.options)
    payload = {
        "names": [want.reference, want.current],
        "delimiter": want.delimiter,
        "memory": limits.memory,
        "columns": list(want.columns),
        "numeric": list(want.numeric),
        "categorical": list(want.categorical),
        "bins": want.bins,
    }
    with run.open(want.reference) as reference, run.open(want.current) as current:
        task = "readiness.engine.table_drift:compare"
        return run_in_child(task, payload, files=[reference, current], limits=limits)


def _measurements(want: DriftParams, seen: Mapping[str, Any]) -> Iterator[Measurement]:
    sides = (("reference", want.reference), ("current", want.current))
    for (word, file), rows in zip(sides, seen["rows"], strict=True):
        limit = Limit(">=", max(1, want.min_rows))
        yield Measurement(name=f"Rows, {word}", value=rows, limit=limit, source=file)
    for word, file in sides:
        missing = seen["missing"][file]
        limit = Limit("<=", 0)
        yield Measurement(name=f"Missing columns, {word}", value=len(missing), limit=limit, source=file)
    if not seen["columns"]:
        yield Measurement(name="Compared columns", value=0, limit=Limit(">=", 1), source=want.current)
    for column in seen["columns"]:
        yield from _of_column(want, column)


def _of_column(want: DriftParams, column: Mapping[str, Any]) -> Iterator[Measurement]:
    name, source = column["name"], f"{want.current} · {column['name']}"
    yield Measurement(
        name=f"{name}, PSI", value=column["psi"], limit=Limit("<=", want.max_psi), source=source
    )
    if column["kind"] == "numeric":
        ks = None if want.max_ks is None else Limit("<=", want.max_ks)
        p = None if want.min_p is None else Limit(">=", want.min_p)
        yield Measurement(name=f"{name}, KS statistic", value=column["ks"], limit=ks, source=source)
        yield Measurement(name=f"{name}, KS p value", value=column["p"], limit=p, source=source)
        if column["not_numbers"]:
            odd, limit = column["not_numbers"], Limit("<=", 0)
            yield Measurement(
                name=f"{name}, not numbers", value=odd, unit="values", limit=limit, source=source
            )
    elif column["values"][1]:
        bound = None if want.max_unseen_ratio is None else Limit("<=", round(100 * want.max_unseen_ratio, 10))
        share = 100 * column["unseen"] / column["values"][1]
        yield Measurement(name=f"{name}, unseen", value=share, unit="%", limit=bound, source=source)


def _charts(want: DriftParams, seen: Mapping[str, Any]) -> list[Chart]:
    known = [(c["name"], c["psi"]) for c in seen["columns"] if c["psi"] is not None]
    worst = sorted(known, key=lambda pair: -pair[1])[:30]
    if not worst:
        return []
    data = {"labels": [name[:40] for name, _ in worst], "values": [value for _, value in worst]}
    title = "Population stability index" + (" of the 30 columns that moved most" if len(known) > 30 else "")
    return [Chart(kind="bars", title=title, data=data, limit=Limit("<=", want.max_psi))]


def _message(
    want: DriftParams, seen: Mapping[str, Any], measured: list[Measurement], unseen: list[str]
) -> str:
    bad = [m for m in measured if m.ok is False]
    if not bad:
        worst = max(seen["columns"], key=lambda c: c["psi"])
        more = f"; values that the reference never had in {_listed(unseen)}" if unseen else ""
        count = len(seen["columns"])
        return (
            f"{count} column{'s' * (count != 1)} compared, worst {worst['name'][:60]} with PSI"
            f" {quantity(worst['psi'])}, needs ≤ {quantity(want.max_psi)}{more}"
        )
    structural = [m for m in bad if m.name.startswith(("Rows", "Missing", "Compared"))]
    moved = sorted((m for m in bad if m not in structural), key=lambda m: -_size(m.value))
    said = [_bad_words(want, seen, m) for m in [*structural, *moved][:3]]
    return "; ".join(said) + (f"; and {len(bad) - 3} more" if len(bad) > 3 else "")


def _advice(want: DriftParams, seen: Mapping[str, Any], unseen: list[str]) -> str:
    if want.columns and any(seen["missing"].values()):
        return "Correct the names in the checklist, capitals included, or write the columns."
    named = (
        "" if want.columns or not unseen else " Name the `columns` to leave out those that identify a row."
    )
    return f"Find out what changed in the data; train again if it will stay so.{named}"


def _bad_words(want: DriftParams, seen: Mapping[str, Any], bad: Measurement) -> str:
    if bad.name.startswith("Missing"):
        return f"{bad.source} has no column {_listed(seen['missing'][bad.source])}"
    if bad.value is None:
        return f"{bad.name}: no values to compare"
    return f"{bad.name} {bad.observed}, needs {bad.expected}"


def _size(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _listed(names: list[str]) -> str:
    return ", ".join(name[:60] for name in names[:5]) + (" …" if len(names) > 5 else "")
