"""The final sign-off block: the few figures everybody asks for, found among the items' measurements.

Nothing here knows a checklist: a figure is found by the parameter its limit comes from, the kind of its check
or its name. What no check measured is said to be "not measured".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from checklists.loaded import LoadedGate, LoadedItem
from readiness.engine.outcome import Measurement, quantity

NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A measurement, the kind of its check, and the parameters that check refers to."""

    measurement: Measurement
    kind: str
    parameters: frozenset[str]

    @property
    def name(self) -> str:
        return self.measurement.name.lower()


def block(loaded: LoadedGate) -> dict[str, dict[str, Any]]:
    """`{accuracy, target, met, gap, p95, deployment}`, each `{label, value, detail, ok}`; ok may be None."""
    seen = [one for item in loaded.items for one in _measurements(item, loaded)]
    accuracy = _first(seen, _promised_accuracy, _limited_accuracy, _test_accuracy)
    gap = _first(seen, lambda s: s.kind == "metric-gap" and s.measurement.limit is not None)
    p95 = _first(seen, lambda s: s.kind == "inference" and "p95" in s.name, lambda s: "p95" in s.name)
    planned = loaded.gate.release.planned_for
    return {
        "accuracy": _figure("Test accuracy", accuracy),
        "target": _cell(
            "Target", (accuracy.expected if accuracy else "") or _promise(loaded), missing="not set"
        ),
        "met": _met(accuracy),
        "gap": _figure("Validation–test gap", gap, limit=True),
        "p95": _figure("Inference p95", p95, limit=True),
        "deployment": _cell("Deployment date", planned.isoformat() if planned else "", missing="not set"),
    }


def _promise(loaded: LoadedGate) -> str:
    """The promised accuracy before anything was measured against it."""
    values = loaded.gate.release.parameters.values if loaded.gate.release.parameters else {}
    targets = (p for p in loaded.checklist.parameters if "target" in p.name and "accuracy" in p.name)
    found = next((p for p in targets if values.get(p.name) is not None), None)
    return quantity(values[found.name], found.unit or None) if found else ""


def _measurements(item: LoadedItem, loaded: LoadedGate) -> Iterator[_Seen]:
    values = loaded.gate.release.parameters.values if loaded.gate.release.parameters else {}
    specs = [s for s in item.spec.checks if s.when is None or values.get(s.when) not in (None, False)]
    names = [frozenset(_references(spec.params)) for spec in specs]
    for index, result in enumerate(item.results):
        used = names[index] if len(names) == len(item.results) else frozenset[str]()
        for stored in result["finding"]["measurements"]:
            yield _Seen(Measurement.from_dict(stored), result["kind"], used)


def _references(params: Any) -> Iterator[str]:
    if isinstance(params, dict):
        params = list(params.values())
    if isinstance(params, list):
        for value in params:
            yield from _references(value)
    elif isinstance(params, str) and params.startswith("$"):
        yield params[1:]


def _promised_accuracy(seen: _Seen) -> bool:
    return _limited_accuracy(seen) and any("accuracy" in p or "target" in p for p in seen.parameters)


def _limited_accuracy(seen: _Seen) -> bool:
    limit = seen.measurement.limit
    # An "at least 0" only asks for a finite number; it is no target.
    return "accuracy" in seen.name and limit is not None and limit.op in (">=", ">") and limit.value != 0


def _test_accuracy(seen: _Seen) -> bool:
    return "test" in seen.name and "accuracy" in seen.name


def _first(seen: Iterable[_Seen], *wanted: Callable[[_Seen], bool]) -> Measurement | None:
    known = list(seen)
    return next((one.measurement for want in wanted for one in known if want(one)), None)


def _figure(label: str, found: Measurement | None, *, limit: bool = False) -> dict[str, Any]:
    if found is None:
        return _cell(label, "")
    detail = f"needs {found.expected}" if limit and found.expected else ""
    return _cell(label, found.observed, detail=detail, ok=found.ok)


def _met(found: Measurement | None) -> dict[str, Any]:
    if found is None or found.limit is None or found.ok is None:
        return _cell("Target met", "", missing=NOT_MEASURED)
    value, limit = found.value, found.limit.value
    margin = ""
    if _number(value) and _number(limit):
        unit = "points" if found.unit in ("%", "points") else found.unit
        apart = float(value) - float(limit)  # type: ignore[arg-type]  # numbers, tested above
        margin = f"{'+' if apart >= 0 else '−'}{quantity(abs(apart), unit)}"
    return _cell("Target met", "yes" if found.ok else "no", detail=margin, ok=found.ok)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cell(
    label: str, value: str, *, detail: str = "", ok: bool | None = None, missing: str = NOT_MEASURED
) -> dict[str, Any]:
    return {"label": label, "value": value or missing, "detail": detail, "ok": ok, "known": bool(value)}
