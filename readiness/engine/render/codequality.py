"""A sheet as a GitLab code quality report: what a merge request shows beside the changed files."""

from __future__ import annotations

import json
from typing import Any

from readiness.engine.outcome import Outcome
from readiness.engine.render.places import fingerprint, legible, place
from readiness.engine.render.sheet import Line, Sheet

_SEVERITIES = {
    Outcome.FAIL: "blocker",
    Outcome.ERROR: "critical",
    Outcome.WARN: "minor",
    Outcome.SKIP: "info",
}


def render(sheet: Sheet) -> str:
    """A JSON list with one entry per check that did not pass."""
    entries = [_entry(sheet, line) for line in sheet.lines if line.outcome in _SEVERITIES]
    return json.dumps(entries, indent=2, ensure_ascii=False)


def _entry(sheet: Sheet, line: Line) -> dict[str, Any]:
    return {
        "description": legible(f"{line.title}: {line.told}"),
        "check_name": legible(line.kind),
        "fingerprint": fingerprint(sheet, line),
        "severity": _SEVERITIES[line.outcome],
        "location": {"path": legible(place(sheet, line).path), "lines": {"begin": line.at_line or 1}},
    }
