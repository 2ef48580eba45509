"""Signatures in a report: who, as what, when, on which state, and what changed since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checklists.loaded import Judged, LoadedGate
from checklists.models import MemberRole, SignOff
from checklists.models.signoff import SignOffDecision
from checklists.reads import stale
from checklists.reports.moments import moment
from checklists.snapshot import Change
from readiness.engine.policy import SignatureState

# A stale signature's list of changes; the rest is counted (both snapshots can be compared in full).
MOST_CHANGES = 40
MOST_PAST = 40
METHODS = {
    "password": "password",
    "totp": "code of an authenticator app",
    "recovery-code": "recovery code",
    "passkey": "passkey",
    "sso": "single sign-on",
}


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
    """The live signatures in the order of the roles, then of signing; what is no signature says why."""
    order = [row.role for row in loaded.roles]
    invalid = {row.pk: why for row, why in loaded.invalid}
    every = [*loaded.signoffs, *(row for row, _ in loaded.invalid)]
    known = sorted((s for s in every if s.role in order), key=lambda s: (order.index(s.role), s.pk))
    since = stale.since(loaded, judged)
    return [_signature(s, judged, since.get(s.pk, []), invalid.get(s.pk, "")) for s in known]


def history(loaded: LoadedGate) -> dict[str, Any]:
    """Sign-offs that no longer count, newest last: `{entries[], more}`; one query.

    `ended` says what came after: another sign-off of the same person, or their withdrawal.
    """
    rows = SignOff.objects.filter(gate=loaded.gate.pk, live=False).defer("snapshot", "envelope")
    past = list(rows.order_by("pk"))
    live = [*loaded.signoffs, *(row for row, _ in loaded.invalid)]
    after = {row.supersedes_id: row for row in (*past, *live) if row.supersedes_id}
    found = [_past(row, after.get(row.pk)) for row in past if row.decision != SignOffDecision.WITHDRAW]
    return {"entries": found[-MOST_PAST:], "more": max(0, len(found) - MOST_PAST)}


def _past(signed: SignOff, later: SignOff | None) -> dict[str, Any]:
    withdrawn = later is not None and later.decision == SignOffDecision.WITHDRAW
    return {
        **_who(signed),
        "state": "withdrawn" if withdrawn else "replaced",
        "ended": {
            "at": moment(later.signed_at, offset_minutes=later.utc_offset_minutes) if later else "",
            "by": later.person_name if later else "",
            "reason": later.comment if later and withdrawn else "",
            "decision": later.decision if later else "",
            "envelope_sha256": later.envelope_sha256 if later else "",
        },
    }


def _signature(signed: SignOff, judged: Judged, since: Sequence[Change], invalid: str) -> dict[str, Any]:
    current = signed.digest == judged.digest
    found = [change.to_dict() for change in since]
    valid = "declined" if signed.decision == "decline" else "valid"
    return {
        **_who(signed),
        "state": "invalid" if invalid else valid if current else "stale",
        "why": invalid,
        "changes": found[:MOST_CHANGES],
        "more_changes": max(0, len(found) - MOST_CHANGES),
    }


def _who(signed: SignOff) -> dict[str, Any]:
    """Name, role, time with offset, meaning, credentials: what a signature must show."""
    return {
        "role": signed.role,
        "title": MemberRole(signed.role).label,
        "name": signed.person_name,
        "decision": signed.decision,
        "meaning": signed.meaning,
        "criteria": signed.criteria,
        "comment": signed.comment,
        "signed_at": moment(signed.signed_at, offset_minutes=signed.utc_offset_minutes),
        "credential": credential(signed.methods),
        "digest": signed.digest,
        "key_id": signed.key_id,
        "envelope_sha256": signed.envelope_sha256,
    }


def credential(methods: Sequence[str]) -> str:
    """How the signer proved who they are, such as "password + passkey"."""
    return " + ".join(METHODS.get(method, method) for method in methods) or METHODS["password"]
