"""The waivers of a report: those that let something pass now, those that expired, those that were revoked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from checklists import zones
from checklists.loaded import LoadedGate
from checklists.models import MemberRole, Waiver
from checklists.models.waiver import WaiverState
from checklists.reads import waivers as reads
from checklists.reports.moments import moment
from readiness.engine.score import percent

WORDS = {"approved": "In force", "expired": "Expired", "revoked": "Revoked"}


def permits(loaded: LoadedGate, at: datetime) -> list[dict[str, Any]]:
    """Every waiver that was ever approved, oldest first; two queries where the checklist allows any.

    Drafts, requests and what was rejected or withdrawn let nothing pass; they stand in the audit trail.
    """
    if not loaded.checklist.waivers:
        return []
    counted = (WaiverState.APPROVED, WaiverState.REVOKED)
    rows = [row for row in reads.of_gate(loaded.gate.pk) if row.state in counted]
    orphans = reads.not_needed(loaded, rows)
    return [_permit(loaded, row, at, orphans.get(row.pk, "")) for row in reversed(rows)]


def _permit(loaded: LoadedGate, row: Waiver, at: datetime, orphan: str) -> dict[str, Any]:
    state = "expired" if row.expired(at) else str(row.state)
    item = loaded.item(row.item.key) if row.item else None
    title = item.spec.text if item else f"Deployment rule: {reads.RULE_TITLES.get(row.rule, row.rule)}"
    return {
        "id": row.pk,
        "number": item.row.position + 1 if item else None,
        "item": item.key if item else "",
        "rule": row.rule,
        "title": title,
        "state": state,
        "words": WORDS[state],
        "until": zones.words(row.expires_at, row.expires_zone),
        "expires_at": moment(row.expires_at),
        "reason": row.reason,
        "risk": row.risk,
        "mitigation": row.mitigation,
        "scope": row.scope,
        "owner": row.owner.name,
        "asked": {"by": row.requested_by.name, "at": moment(row.requested_at)},
        "approved": _decision(row),
        "revoked": {
            "by": row.revoked_by.name if row.revoked_by else "",
            "at": moment(row.revoked_at),
            "reason": row.revoke_reason,
        },
        "not_needed": orphan,
        "before": row.before,
        "after": row.after,
        "says": f"without it {_says(row.before)}; with it {_says(row.after)}",
    }


def _says(said: dict[str, Any]) -> str:
    return f"{said['verdict']}, {said['blockers']} in the way, score {percent(said.get('score'))}"


def _decision(row: Waiver) -> dict[str, str]:
    return {
        "by": row.decided_by.name if row.decided_by else "",
        "as": MemberRole(row.decided_as).label.lower() if row.decided_as else "",
        "at": moment(row.decided_at),
        "reason": row.decision_reason,
    }
