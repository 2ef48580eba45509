"""Figures that the report prints: in words as their value has it, and as the enclosed results have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from readiness.engine.outcome import Measurement
from readiness.engine.sealed.verify.fields import Fields
from readiness.engine.sealed.verify.material import Case
from readiness.engine.sealed.verify.state import items, plain

WORDS = ("observed", "expected")
MEASURED = ("accuracy", "gap", "p95")


def in_words(one: Fields) -> bool:
    """Whether the words for value and limit are those of value and limit."""
    told = tuple(one.text(name) for name in WORDS)
    return any(told == words for words in _words(one.data))


def _words(one: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    # A whole fraction comes back from JSON as an integer, and an amount of bytes is worded by its kind.
    for data in (one, _fractions(one)):
        try:
            measured = Measurement.from_dict(data)
            yield measured.observed, measured.expected
        except (KeyError, TypeError, ValueError, OverflowError):
            return


def _fractions(one: Mapping[str, Any]) -> dict[str, Any]:
    limit = one.get("limit")
    return {
        **one,
        "value": _fraction(one.get("value")),
        "limit": {**limit, "value": _fraction(limit.get("value"))} if isinstance(limit, Mapping) else limit,
    }


def _fraction(value: Any) -> Any:
    return float(value) if type(value) is int else value


def unlike(shown: Sequence[Fields], results: Sequence[Fields]) -> Iterator[str]:
    """What the report prints otherwise than the enclosed results have it, volatile values too."""
    for one, result in zip(shown, results, strict=False):
        finding = result.under("finding")
        printed = [{k: v for k, v in m.data.items() if k not in WORDS} for m in one.each("measurements")]
        stored = finding.each("measurements")
        found = [{k: m.data.get(k) for k in kept} for kept, m in zip(printed, stored, strict=False)]
        if plain(printed) != plain(found) or one.text("message") != finding.text("message"):
            yield "the report prints another result than the enclosed one"


def final(case: Case) -> Iterator[str]:
    """The figures on page one are among the measurements, and the date is the signed one."""
    block = case.report.under("final")
    cells = {name: block.under(name) for name in (*MEASURED, "target", "met", "deployment")}
    checks = [check for item in items(case).values() for check in item.each("checks")]
    measured = [m for check in checks for m in check.each("measurements")]
    figures = {(m.text("observed"), plain(m.data.get("ok"))) for m in measured}
    for name in MEASURED:
        if cells[name].flag("known") and _figure(cells[name]) not in figures:
            yield f"the report prints a figure that no check measured: {cells[name].text('label')}"
    target, met = cells["target"], cells["met"]
    limits = {m.text("expected") for m in measured}
    limits |= {one.text("words") for one in case.report.under("parameters").each("values")}
    if target.flag("known") and target.text("value") not in limits:
        yield "the report prints a target that no check and no parameter has"
    held = cells["accuracy"].data.get("ok")
    if met.flag("known") and (met.data.get("ok"), met.text("value")) != (held, "yes" if held else "no"):
        yield "the report says otherwise than its accuracy whether the target is met"
    planned = case.report.under("release").text("planned_for")
    if cells["deployment"].text("value") != (planned or "not set"):
        yield "the report prints another date of deployment"


def _figure(cell: Fields) -> tuple[str, str]:
    return cell.text("value"), plain(cell.data.get("ok"))
