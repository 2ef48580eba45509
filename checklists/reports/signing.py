"""Signatures in a report: who, as what, when, on which state, and what changed since."""

from __future__ import annotations

from typing import Any

from checklists.loaded import Judged, LoadedGate
from checklists.models import MemberRole, SignOff
from checklists.reports.moments import moment
from checklists.snapshot import changes
from readiness.engine.policy import SignatureState

# A stale signature's list of changes; the rest is counted (both snapshots can be compared in full).
MOST_CHANGES = 40


def roles(loaded: LoadedGate, judged: Judged) -> list[dict[str, Any]]:
    """Every role of the gate: `{role, title, conditional, state, dropped: {reason, by, at} | None}`."""
    return [
        {
            "role": row.role,
            "title": MemberRole(row.role).label,
            "conditional": row.conditional,
            "state": judged.verdict.signatures.get(row.role, SignatureState.MISSING).value,
            "dropped": {
                "reason": row.dropped_reason,
                "by": row.dropped_by.name if row.dropped_by else "",
                "at": moment(row.dropped_at),
            }
            if row.dropped_reason
            else None,
        }
        for row in loaded.roles
    ]


def signatures(loaded: LoadedGate, judged: Judged) -> list[dict[str, Any]]:
    """The live signatures in the order of the roles, then of signing."""
    order = [row.role for row in loaded.roles]
    known = [s for s in loaded.signoffs if s.role in order]
    return [_signature(s, judged) for s in sorted(known, key=lambda s: (order.index(s.role), s.pk))]


def _signature(signed: SignOff, judged: Judged) -> dict[str, Any]:
    current = signed.digest == judged.digest
    found = [] if current else [c.to_dict() for c in changes(signed.snapshot, judged.snapshot)]
    valid = "declined" if signed.decision == "decline" else "valid"
    return {
        "role": signed.role,
        "title": MemberRole(signed.role).label,
        "name": signed.person_name,
        "decision": signed.decision,
        "state": valid if current else "stale",
        "meaning": signed.meaning,
        "criteria": signed.criteria,
        "comment": signed.comment,
        "signed_at": moment(signed.signed_at, offset_minutes=signed.utc_offset_minutes),
        "credential": "password",
        "digest": signed.digest,
        "changes": found[:MOST_CHANGES],
        "more_changes": max(0, len(found) - MOST_CHANGES),
    }
