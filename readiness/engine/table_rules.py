"""The rules of a table: what `data-quality` and the contracts of `readiness decide` ask of its columns."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Literal

import msgspec

from readiness.engine.errors import ParameterError
from readiness.engine.readers.patterns import compiled
from readiness.engine.registry import Params

Type = Literal["number", "integer", "text", "boolean", "date"]
Ratio = float


class ColumnRules(Params, frozen=True):
    """What one column must be. `max_null_ratio` from 0 to 1; `min` and `max` for numbers and dates."""

    type: Type | None = None
    max_null_ratio: Ratio | None = None
    min: float | str | None = None
    max: float | str | None = None
    one_of: tuple[str | float | bool, ...] = ()
    pattern: str | None = None
    unique: bool = False


class DataQualityParams(Params, frozen=True):
    """`columns` maps names to rules; ratios from 0 to 1; `delimiter` where the header does not show it."""

    file: str
    columns: dict[str, ColumnRules] = msgspec.field(default_factory=dict)
    min_rows: int = 1
    max_null_ratio: Ratio | None = None
    max_duplicate_rows: int | None = None
    max_duplicate_ratio: Ratio | None = None
    extra_columns: Literal["allow", "refuse"] = "allow"
    delimiter: Literal[",", ";", "\t", "|"] | None = None


def check_params(want: DataQualityParams) -> None:
    """Raise ParameterError for parameters that cannot be meant."""
    ratios = {"max_null_ratio": want.max_null_ratio, "max_duplicate_ratio": want.max_duplicate_ratio}
    ratios |= {f"columns.{n}.max_null_ratio": rules.max_null_ratio for n, rules in want.columns.items()}
    for name, ratio in ratios.items():
        if ratio is not None and not 0 <= ratio <= 1:
            raise ParameterError(f"`data-quality`: {name} is {ratio:g}.", "Write a ratio from 0 to 1.")
    for name, rules in want.columns.items():
        for bound in (rules.min, rules.max):
            _check_bound(name, rules, bound)
        if rules.pattern is not None:
            try:
                compiled(rules.pattern)
            except ValueError as error:
                raise ParameterError(f"`data-quality`: columns.{name}: {error}.") from None


def _check_bound(name: str, rules: ColumnRules, bound: float | str | None) -> None:
    if bound is None:
        return
    kind = type_of(rules)
    if kind == "date" and isinstance(bound, str):
        try:
            datetime.fromisoformat(bound)
        except ValueError:
            raise ParameterError(
                f"`data-quality`: columns.{name}: {bound!r} is no date.", "Write it as 2024-12-31."
            ) from None
    elif kind not in ("number", "integer") or isinstance(bound, str) or not math.isfinite(bound):
        raise ParameterError(
            f"`data-quality`: columns.{name}: {bound!r} does not bound a column of type {kind}.",
            "`min` and `max` are numbers, or for `type: date` dates in quotes.",
        )


def type_of(rules: ColumnRules) -> str | None:
    """The declared type; a column with numeric bounds holds numbers."""
    bounds = [b for b in (rules.min, rules.max) if b is not None]
    return rules.type or ("date" if any(isinstance(b, str) for b in bounds) else "number" if bounds else None)


def payload(want: DataQualityParams, memory: int) -> dict[str, Any]:
    return {
        "name": want.file,
        "delimiter": want.delimiter,
        "memory": memory,
        "nulls": want.max_null_ratio is not None,
        "duplicates": want.max_duplicate_rows is not None or want.max_duplicate_ratio is not None,
        "columns": [
            {
                "name": name,
                "type": type_of(rules),
                "min": rules.min,
                "max": rules.max,
                "one_of": [str(v).lower() if isinstance(v, bool) else _plain(v) for v in rules.one_of],
                "pattern": rules.pattern,
                "unique": rules.unique,
            }
            for name, rules in want.columns.items()
        ],
    }


def _plain(value: str | float) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)
