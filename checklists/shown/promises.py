"""What a release promised: its parameters, and whether they moved after a result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from checklists.models import ParameterSet
from checklists.shown import times
from checklists.shown.scene import Scene
from readiness.engine.outcome import quantity


@dataclass(slots=True, kw_only=True)
class Promise:
    """One parameter: what it means, its value with unit."""

    name: str
    label: str
    value: str


@dataclass(slots=True, kw_only=True)
class Promises:
    """What the release promised before its first check, and whether that moved afterwards."""

    values: list[Promise]
    fixed: str
    moved: str


def promises(scene: Scene) -> Promises:
    """The parameters in the checklist's order."""
    loaded = scene.loaded
    row = loaded.gate.release.parameters
    values = row.values if row else {}
    made = [
        Promise(
            name=p.name, label=p.help or p.name, value=_together(quantity(values[p.name], p.unit or None))
        )
        for p in loaded.checklist.parameters
        if values.get(p.name) is not None
    ]
    return Promises(values=made, fixed=_fixed(row, scene.now), moved=_moved(row))


def _together(words: str) -> str:
    """A short value stays on one line."""
    return words.replace(" ", "\u00a0") if len(words) < 20 else words


def _fixed(row: ParameterSet | None, now: datetime) -> str:
    if row is None or row.frozen_at is None:
        return "Not fixed yet: the first check fixes them."
    return f"Fixed {times.day(row.frozen_at, now)}, before the first check."


def _moved(row: ParameterSet | None) -> str:
    if row is None or not row.after_result:
        return ""
    return f"The bar was moved after a result was seen (parameters {row.number}): {row.reason}"
