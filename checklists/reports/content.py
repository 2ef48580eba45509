"""What a report says: the stored snapshot the PDF is a pure function of."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from html import unescape
from typing import Any

from django.utils import timezone
from django.utils.html import strip_tags

from checklists.loaded import Judged, LoadedGate, LoadedItem
from checklists.models import Checkpoint, Note, ParameterSet, Person
from checklists.models.gate import Stage
from checklists.reports import entries, final, signing
from checklists.reports.moments import moment
from checklists.reports.permits import permits
from checklists.reports.trail import trail
from checklists.scoring import score_of
from readiness.engine.outcome import quantity
from readiness.engine.policy import Blocker, State, VerdictState
from readiness.engine.verdict_words import NAMES, verdict_name

SCHEMA_VERSION = 1
KIND = "readiness-report"


def build(
    loaded: LoadedGate, judged: Judged, *, at: datetime, by: Person, upto: Checkpoint | None = None
) -> dict[str, Any]:
    """Everything the report says about a gate at a moment, as plain JSON data; nothing else is read later.

    Runs in the transaction of the act that asks for the report, with a constant number of queries. `upto` is
    the signed head of the log, where the report's own log ends. Texts of people stay as they are; whoever
    shows them makes them safe.
    """
    gate, release = loaded.gate, loaded.gate.release
    notes = Note.objects.filter(item__gate=gate.pk).select_related("by").order_by("id")
    people = Person.objects.in_bulk(_people(loaded))
    return {
        "schema_version": SCHEMA_VERSION,
        "kind": KIND,
        "generated": {"at": moment(at), "zone": timezone.get_current_timezone_name(), "by": by.name},
        "project": {"slug": release.project.slug, "name": release.project.name},
        "release": {
            "version": release.version,
            "planned_for": release.planned_for.isoformat() if release.planned_for else "",
            "by": people[release.created_by_id].name,
            "pushed_by": people[release.pushed_by_id].name if release.pushed_by_id else "",
            "at": moment(release.created_at),
        },
        "gate": {
            "id": gate.pk,
            "title": loaded.checklist.gate,
            "environment": gate.environment.name,
            "revision": gate.revision,
            "by": people[gate.opened_by_id].name,
            "at": moment(gate.opened_at),
            "stage": gate.get_stage_display(),
            "earlier": _earlier(judged),
        },
        "checklist": {
            "title": gate.checklist.title,
            "slug": gate.checklist.slug,
            "version": gate.checklist.version,
            "sha256": gate.checklist.sha256,
            "waivers": loaded.checklist.waivers,
            "isolation": loaded.checklist.isolation,
        },
        "artifact": {
            "digest": release.snapshot.digest,
            "files": release.snapshot.file_count,
            "bytes": release.snapshot.total_bytes,
            "at": moment(release.snapshot.created_at),
        },
        "parameters": _parameters(loaded, people),
        "verdict": _verdict(loaded, judged),
        "score": _score(loaded),
        "final": final.block(loaded),
        "sections": entries.sections(loaded, judged, notes),
        "waivers": permits(loaded, at),
        "roles": signing.roles(loaded, judged),
        "signatures": signing.signatures(loaded, judged),
        "history": signing.history(loaded),
        "audit": trail(gate.stream, upto),
        "signed": {"digest": judged.digest, "snapshot": judged.snapshot},
    }


def _earlier(judged: Judged) -> list[dict[str, str]]:
    """The earlier stages as they are signed: name, and what their gates said."""
    stages = judged.snapshot.get("stage", {"earlier": []})["earlier"]
    return [{"stage": Stage(stage["stage"]).label, "verdict": _said(stage["verdict"])} for stage in stages]


def _said(verdict: str) -> str:
    return NAMES[VerdictState(verdict)].lower() if verdict else "no gate"


def _score(loaded: LoadedGate) -> dict[str, str]:
    found = score_of(loaded)
    return {"percent": found.percent, "headline": found.headline, "formula": found.formula}


def _people(loaded: LoadedGate) -> set[int]:
    release = loaded.gate.release
    ids = {loaded.gate.opened_by_id, release.created_by_id, release.pushed_by_id}
    ids |= {release.parameters.set_by_id} if release.parameters else set()
    return {pk for pk in ids if pk}


def _parameters(loaded: LoadedGate, people: dict[int, Person]) -> dict[str, Any]:
    row: ParameterSet | None = loaded.gate.release.parameters
    values = row.values if row else {}
    return {
        "number": row.number if row else 0,
        "bar_moved_after_result": bool(row and row.after_result),
        "reason": row.reason if row else "",
        "by": people[row.set_by_id].name if row else "",
        "at": moment(row.set_at if row else None),
        "frozen_at": moment(row.frozen_at if row else None),
        "values": [
            {
                "name": parameter.name,
                "help": parameter.help,
                "value": values.get(parameter.name),
                "words": _value(values.get(parameter.name), parameter.unit),
                "default": _value(parameter.default, parameter.unit),
            }
            for parameter in loaded.checklist.parameters
        ],
    }


def _value(value: Any, unit: str) -> str:
    return "not set" if value is None else quantity(value, unit or None)


def _verdict(loaded: LoadedGate, judged: Judged) -> dict[str, Any]:
    verdict = judged.verdict
    items = {item.key: item for item in loaded.items}
    return {
        "state": verdict.state.value,
        "approved": verdict.approved,
        "name": verdict_name(verdict, loaded.gate.environment.name),
        "counts": {state.value: verdict.counts[state] for state in State},
        "warnings": sum(item.warned for item in loaded.items),
        "total": len(loaded.items),
        "blockers_by_kind": dict(Counter(blocker.kind for blocker in verdict.blockers)),
        "blockers": [
            {
                "kind": blocker.kind,
                "item": blocker.item,
                "title": blocker.title,
                "text": blocker.text,
                "resolve": resolve(blocker, items.get(blocker.item), loaded),
            }
            for blocker in verdict.blockers
        ],
    }


_RESOLVE = {
    "waiver": "Settle the item, or ask for another waiver where the checklist allows one.",
    "stage": "Have the gate of that stage approved first.",
    "reason": "Decide the item, or record a reason where its level allows one.",
    "declined": "Settle the reason that was given, then ask for the signature again.",
    "stale": "Read what changed since the signature, and sign the present state.",
    "unsigned": "Ask for this role's signature.",
    "empty": "Use a checklist with items.",
}


def resolve(blocker: Blocker, item: LoadedItem | None, loaded: LoadedGate) -> str:
    """How to clear a blocker, in one or two sentences of plain text."""
    if blocker.kind in _RESOLVE or item is None:
        return _RESOLVE.get(blocker.kind, "")
    if blocker.kind == "failed":
        advice = next((f["advice"] for f in item.findings if f["advice"] and f["outcome"] != "PASS"), "")
        return advice or _remediation(item, loaded)
    if item.run_state:
        return "Wait for its checks to end."
    if item.row.has_checks and not item.results:
        return "Run its checks."
    if item.row.has_checks and item.outcome not in ("PASS", "WARN"):
        return "Its checks found nothing to look at: provide what they need, then run them again."
    return "A person confirms its criteria and says what they rest on."


def _remediation(item: LoadedItem, loaded: LoadedGate) -> str:
    html = loaded.gate.checklist.html.get("items", {}).get(item.key, {}).get("remediation", "")
    return " ".join(unescape(strip_tags(html)).split()) or "Correct it, then run its checks again."
