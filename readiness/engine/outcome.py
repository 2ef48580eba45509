"""What a check says: frozen values with one dict form, shared by page, API, command line and report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from readiness.engine.sizes import size_words

Scalar = int | float | str | bool | None


class Outcome(StrEnum):
    """The outcome of a check run. Only PASS and WARN let an item pass."""

    PASS = "PASS"  # noqa: S105  # not a password
    WARN = "WARN"
    SKIP = "SKIP"
    FAIL = "FAIL"
    ERROR = "ERROR"

    @property
    def passes(self) -> bool:
        """True for PASS and WARN; everything else leaves the item undecided or failed."""
        return self in (Outcome.PASS, Outcome.WARN)


_SEVERITY = {Outcome.PASS: 0, Outcome.WARN: 1, Outcome.SKIP: 2, Outcome.ERROR: 3, Outcome.FAIL: 4}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome that decides for all: PASS < WARN < SKIP < ERROR < FAIL.

    ERROR and FAIL weigh the same for a gate (both mean failed); FAIL is named when both occur,
    because it is certain. Nothing at all is SKIP: unknown never passes.
    """
    return max(outcomes, key=_SEVERITY.__getitem__, default=Outcome.SKIP)


_WORDS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "", "in": "one of"}


@dataclass(frozen=True, slots=True)
class Limit:
    """What a value must satisfy: `op` is >=, >, <=, <, == or in, `value` in the measurement's unit."""

    op: str
    value: Scalar | tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if self.op not in _WORDS:
            raise ValueError(f"unknown limit operator {self.op!r}")

    def holds(self, value: Scalar) -> bool:
        """Judge a value. NaN, infinity, None and values of another type never hold."""
        if self.op == "in":
            return isinstance(self.value, tuple) and value in self.value
        if self.op == "==":
            return _same(value, self.value)
        if not (_is_number(value) and _is_number(self.value)):
            return False
        left, right = float(value), float(self.value)  # type: ignore[arg-type]  # numbers, tested above
        return {">=": left >= right, ">": left > right, "<=": left <= right, "<": left < right}[self.op]

    def words(self, unit: str | None = None) -> str:
        """The limit for people: "≥ 80 %", "one of healthy, ok"."""
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        return f"{_WORDS[self.op]} {', '.join(quantity(v, unit) for v in values)}".strip()

    def to_dict(self) -> dict[str, Any]:
        """`{op, value}`; a tuple becomes a list."""
        return {"op": self.op, "value": list(self.value) if isinstance(self.value, tuple) else self.value}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        value = data["value"]
        return cls(data["op"], tuple(value) if isinstance(value, list) else value)


def _same(value: Scalar, wanted: object) -> bool:
    # bool is an int in Python: a count of 1 is not "yes"
    return isinstance(value, bool) == isinstance(wanted, bool) and value is not None and value == wanted


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def quantity(value: Scalar, unit: str | None = None) -> str:
    """A value for people: "82.8 %", "18", "yes". Floats keep two decimals, below 1 three digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "not found"
    if unit == "bytes" and isinstance(value, int):
        return size_words(value)
    text = _number_words(value) if isinstance(value, float) else str(value)
    return f"{text} {unit}" if unit else text


def _number_words(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    text = f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.3g}"
    return "0" if value == 0 else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measured value beside what was expected of it.

    `source` says where it was read ("results/production/metrics.json · test.accuracy").
    `volatile` marks values that differ between equal runs (latency, load, durations): a signature
    covers their outcome and limit only.
    """

    name: str
    value: Scalar
    unit: str | None = None
    limit: Limit | None = None
    source: str | None = None
    volatile: bool = False

    @property
    def ok(self) -> bool | None:
        """Whether the limit holds; None when there is no limit."""
        return None if self.limit is None else self.limit.holds(self.value)

    @property
    def observed(self) -> str:
        """The value for people, with its unit. A near miss keeps its digits: never "80 %, needs ≥ 80 %"."""
        limit = self.limit.value if self.limit else None
        if isinstance(self.value, float) and self.ok is False and isinstance(limit, int | float):
            shown = quantity(self.value, self.unit)
            if shown == quantity(float(limit), self.unit):
                return quantity(f"{self.value:.10g}", self.unit)
            return shown
        return quantity(self.value, self.unit)

    @property
    def expected(self) -> str:
        """The limit for people, or an empty string."""
        return self.limit.words(self.unit) if self.limit else ""

    def to_dict(self) -> dict[str, Any]:
        """`{name, value, unit, limit, source, volatile, ok}`; non-finite numbers become strings."""
        value = self.value
        if isinstance(value, float) and not math.isfinite(value):
            value = str(value)
        return {
            "name": self.name,
            "value": value,
            "unit": self.unit,
            "limit": self.limit.to_dict() if self.limit else None,
            "source": self.source,
            "volatile": self.volatile,
            "ok": self.ok,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; `ok` is judged again, not believed."""
        limit = data.get("limit")
        return cls(
            name=data["name"],
            value=data["value"],
            unit=data.get("unit"),
            limit=Limit.from_dict(limit) if limit else None,
            source=data.get("source"),
            volatile=data.get("volatile", False),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Numbers with a shape, drawn by the page and the report.

    `kind` and the layout of `data`:
    - "bars": {"labels": [str], "values": [float]}, `limit` drawn as a line
    - "histogram": {"edges": [float × n+1], "counts": [int × n], "marks": {"p50": float, …}}
    - "matrix": {"labels": [str], "rows": [[int]]} (rows: true class, columns: predicted class)
    - "line": {"x": [float], "series": {"val_acc": [float], …}}
    """

    kind: str
    title: str
    data: Mapping[str, Any]
    unit: str | None = None
    limit: Limit | None = None
    volatile: bool = False

    def to_dict(self) -> dict[str, Any]:
        """`{kind, title, data, unit, limit, volatile}`."""
        return {
            "kind": self.kind,
            "title": self.title,
            "data": dict(self.data),
            "unit": self.unit,
            "limit": self.limit.to_dict() if self.limit else None,
            "volatile": self.volatile,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        limit = data.get("limit")
        return cls(
            kind=data["kind"],
            title=data["title"],
            data=data["data"],
            unit=data.get("unit"),
            limit=Limit.from_dict(limit) if limit else None,
            volatile=data.get("volatile", False),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found. `message` is one line of plain text: observed against expected.

    `advice` says what to do when the outcome is not PASS. `details` is JSON-able and for machines.
    """

    outcome: Outcome
    message: str
    advice: str = ""
    measurements: tuple[Measurement, ...] = ()
    charts: tuple[Chart, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """`{outcome, message, advice, measurements[], charts[], details}`."""
        return {
            "outcome": self.outcome.value,
            "message": self.message,
            "advice": self.advice,
            "measurements": [m.to_dict() for m in self.measurements],
            "charts": [c.to_dict() for c in self.charts],
            "details": dict(self.details),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(
            outcome=Outcome(data["outcome"]),
            message=data["message"],
            advice=data.get("advice", ""),
            measurements=tuple(Measurement.from_dict(m) for m in data.get("measurements", ())),
            charts=tuple(Chart.from_dict(c) for c in data.get("charts", ())),
            details=data.get("details", {}),
        )


def judged(
    measurements: Iterable[Measurement],
    message: str,
    *,
    advice: str = "",
    charts: Iterable[Chart] = (),
    details: Mapping[str, Any] | None = None,
    warn: bool = False,
) -> Finding:
    """A finding whose outcome follows from its measurements' limits.

    FAIL when any limit does not hold, else WARN when `warn` is set, else PASS; SKIP without measurements.
    """
    measured = tuple(measurements)
    if not measured:
        outcome = Outcome.SKIP
    elif any(m.ok is False for m in measured):
        outcome = Outcome.FAIL
    else:
        outcome = Outcome.WARN if warn else Outcome.PASS
    return Finding(
        outcome=outcome,
        message=message,
        advice="" if outcome is Outcome.PASS else advice,
        measurements=measured,
        charts=tuple(charts),
        details=details or {},
    )
