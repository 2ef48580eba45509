"""The JSON forms of a report and of an imported checklist. Every one carries `schema_version`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from readiness.engine.checklist import Checklist, Item
from readiness.engine.outcome import Outcome
from readiness.engine.registry import Kind
from readiness.engine.render import flatten
from readiness.engine.report import Report
from readiness.engine.runner import CheckResult

SCHEMA_VERSION = 1


def dump(data: Mapping[str, Any]) -> str:
    """Indented JSON; NaN and infinities, which JSON lacks, become text."""
    return json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False)


def report(value: Report) -> dict[str, Any]:
    """`{schema_version, run_id, overall_status, verdict, checks[], summary{}, open_items[], checklist{},
    parameters{}, artifact}`; one entry of `checks` per executed check.
    """
    counts = value.counts
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": value.run_id,
        "overall_status": value.overall.value,
        "verdict": {
            "state": value.verdict.state.value,
            "blockers": [
                {"kind": b.kind, "item": b.item, "title": b.title, "text": b.text}
                for b in value.verdict.blockers
            ],
        },
        "checks": list(_checks(value.checks)),
        "summary": {
            "total_checks": counts.total(),
            "passed": counts[Outcome.PASS],
            "warnings": counts[Outcome.WARN],
            "failed": counts[Outcome.FAIL],
            "errors": counts[Outcome.ERROR],
            "skipped": counts[Outcome.SKIP],
        },
        "open_items": [
            {"id": i.id, "text": i.text, "requirement": i.requirement.value, "why": i.why}
            for i in value.open_items
        ],
        "checklist": {
            "slug": value.checklist.slug,
            "title": value.checklist.title,
            "version": value.checklist.version,
        },
        "parameters": dict(value.values),
        "artifact": value.artifact,
    }


def checklist(value: Checklist, notes: Iterable[str] = ()) -> dict[str, Any]:
    """What a Markdown document parses to: `{title, sections[{title, level, weight, line, items[]}],
    counts{items, checked, headings, max_depth}, notes[]}` and the front matter's entries.
    """
    items = value.items
    plain = value.to_dict()
    headings = sum(1 for section in value.sections if section.level)
    return {
        **{
            key: plain[key]
            for key in ("schema_version", "title", "slug", "version", "gate", "summary", "waivers")
        },
        "parameters": plain["parameters"],
        "sign_off": plain["sign_off"],
        "sections": plain["sections"],
        "counts": {
            "items": len(items),
            "checked": sum(item.checked for item in items),
            "headings": headings,
            "max_depth": max((item.depth for item in items), default=0),
        },
        "notes": list(notes),
    }


def kinds(known: Iterable[Kind], broken: Mapping[str, str]) -> dict[str, Any]:
    """`{schema_version, kinds[{name, title, short, description, parameters}], broken{}}`; `parameters` is the
    JSON Schema of a kind's named parameters, `short` the one that a bare value sets.
    """
    entries = [
        {
            "name": kind.name,
            "title": kind.title,
            "short": kind.short,
            "description": kind.doc,
            "parameters": kind.schema(),
        }
        for kind in known
    ]
    return {"schema_version": SCHEMA_VERSION, "kinds": entries, "broken": dict(broken)}


def _checks(checks: Iterable[tuple[Item, CheckResult]]) -> Iterator[dict[str, Any]]:
    for name, item, result in flatten.named(checks):
        finding = result.finding.to_dict()
        yield {
            "name": name,
            "kind": result.kind,
            "item": item.id,
            "status": finding["outcome"],
            "message": finding["message"],
            "advice": finding["advice"],
            "details": finding["details"],
            "measurements": finding["measurements"],
            "duration_s": round(result.duration_s, 4),
        }


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
