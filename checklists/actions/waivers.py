"""Acts on waivers: draft, edit, submit, withdraw; approve, reject; revoke.

draft → in review → approved → revoked        (expired follows from the clock, see actions/expiry.py)
      ↘ withdrawn ↙      ↘ rejected
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from checklists import effects
from checklists.actions import waiver_news
from checklists.actions.base import GateAct, before_after, gate_act
from checklists.actions.waiver_rules import (
    LONGEST,
    clean,
    item_of,
    may_revoke,
    refusal,
    require_expiry,
    require_future,
    require_needed,
    require_owner,
    target,
    told_of,
)
from checklists.errors import Forbidden, Refused, StaleForm
from checklists.loaded import LoadedItem
from checklists.models import Person, Waiver
from checklists.models.waiver import WaiverState
from checklists.permissions import Act

ALREADY_ASKED = "Somebody has already written or asked for a waiver of this; one at a time."
MISSING = "This waiver is not part of the gate."
YOURS_ONLY = "Only who wrote this waiver may do that."
CHANGED = "The gate changed while you were reading; nothing was decided."
CHANGED_ADVICE = "Look at what the waiver would do now, and decide again."
WHY_REJECT = "Say why you reject it, so that who asked can do better."
WHY_REVOKE = "Say why it no longer holds; the reason is printed in the report."
EXPIRED = "This waiver has expired, so there is nothing left to revoke."


def draft(
    *,
    gate: int,
    by: Person,
    key: str = "",
    rule: str = "",
    reason: str,
    risk: str,
    mitigation: str,
    scope: str,
    owner: Person,
    expires_at: datetime,
    expires_zone: str = "UTC",
) -> Waiver:
    """Write a waiver for an open or failed item (`key`), or for a rule of the deployment gate.

    Raises Forbidden, Refused.
    """
    with gate_act(gate, by=by, act=Act.ASK_WAIVER) as act:
        item = target(act, key, rule)
        if _standing(act, item, rule):
            raise Refused(ALREADY_ASKED, "Its page is linked from the gate's waivers.")
        told = told_of(
            act,
            owner,
            expires_at,
            expires_zone,
            {"reason": reason, "risk": risk, "mitigation": mitigation, "scope": scope},
        )
        waiver = Waiver.objects.create(
            gate=act.gate,
            item=item.row if item else None,
            rule="" if item else rule,
            requested_by=act.person,
            requested_at=act.at,
            **told,
        )
        _log(act, waiver, "waiver.drafted", **_facts(waiver))
    return waiver


def edit(
    *,
    gate: int,
    waiver: int,
    by: Person,
    reason: str,
    risk: str,
    mitigation: str,
    scope: str,
    owner: Person,
    expires_at: datetime,
    expires_zone: str = "UTC",
) -> Waiver:
    """Write a draft anew; only who wrote it. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=Act.ASK_WAIVER) as act:
        row = _mine(act, waiver, WaiverState.DRAFT)
        texts = {"reason": reason, "risk": risk, "mitigation": mitigation, "scope": scope}
        before = _facts(row)
        told = told_of(act, owner, expires_at, expires_zone, texts)
        _set(row, **told)
        _log(act, row, "waiver.edited", **before_after(before, _facts(row)))
    return row


def submit(*, gate: int, waiver: int, by: Person) -> Waiver:
    """Ask for a decision; from now on the text holds still. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=Act.ASK_WAIVER) as act:
        row = _mine(act, waiver, WaiverState.DRAFT)
        require_needed(act, row)
        require_owner(act, row.owner)
        require_expiry(act, row.expires_at, row.expires_zone)
        _set(row, state=WaiverState.REVIEW, requested_at=act.at)
        _log(act, row, "waiver.submitted", **_facts(row))
        waiver_news.requested(act, row)
    return row


def withdraw(*, gate: int, waiver: int, by: Person, reason: str = "") -> Waiver:
    """Take back one's own draft or request; it stays on record. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=Act.ASK_WAIVER) as act:
        row = _mine(act, waiver, WaiverState.DRAFT, WaiverState.REVIEW)
        _set(row, state=WaiverState.WITHDRAWN)
        _log(act, row, "waiver.withdrawn", reason=clean(reason))
    return row


def approve(
    *, gate: int, waiver: int, by: Person, role: str, reason: str = "", digest: str | None = None
) -> Waiver:
    """Let the item or rule pass until the expiry, in a role that who asked does not have.

    `digest` is the state of the gate that the person was shown. Raises Forbidden, StaleForm, Refused.
    """
    with gate_act(gate, by=by, act=Act.DECIDE_WAIVER) as act:
        row = _undecided(act, waiver, role)
        if digest is not None and act.judge().digest != digest:
            raise StaleForm(CHANGED, CHANGED_ADVICE)
        item = require_needed(act, row)
        require_owner(act, row.owner)
        require_future(act, row.expires_at, row.expires_zone)
        before, after = effects.without_and_with(act.loaded, row, act.at)
        effect = {"before": before.to_dict(), "after": after.to_dict() | _decided_on(act, item)}
        _decide(act, row, WaiverState.APPROVED, role, said=reason, effect=effect)
        act.loaded.set_waivers([*act.loaded.waivers, row], act.at)
        _log(act, row, "waiver.approved", role=role, reason=row.decision_reason, **_effect(row))
        waiver_news.decided(act, row, "waiver.approved")
    return row


def reject(*, gate: int, waiver: int, by: Person, role: str, reason: str) -> Waiver:
    """Refuse a waiver, with a reason. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=Act.DECIDE_WAIVER) as act:
        row = _undecided(act, waiver, role)
        if not clean(reason):
            raise Refused(WHY_REJECT)
        before, after = effects.without_and_with(act.loaded, row, act.at)
        effect = {"before": before.to_dict(), "after": after.to_dict()}
        _decide(act, row, WaiverState.REJECTED, role, said=reason, effect=effect)
        _log(act, row, "waiver.rejected", role=role, reason=row.decision_reason)
        waiver_news.decided(act, row, "waiver.rejected")
    return row


def revoke(*, gate: int, waiver: int, by: Person, reason: str) -> Waiver:
    """End an approved waiver before its time: who asked, an owner, or who decides.

    Raises Forbidden, Refused.
    """
    with gate_act(gate, by=by, act=None) as act:
        row = _row(act, waiver)
        if not may_revoke(row, by, act.roles):
            raise Forbidden("Only who asked for it, an owner, or who decides on waivers may revoke one.")
        _require_state(row, WaiverState.APPROVED)
        if row.expired(act.at):
            raise Refused(EXPIRED, "Settle the item, or ask for another one.")
        if not clean(reason):
            raise Refused(WHY_REVOKE)
        _set(
            row,
            state=WaiverState.REVOKED,
            revoked_by=act.person,
            revoked_at=act.at,
            revoke_reason=clean(reason),
        )
        act.loaded.set_waivers([w for w in act.loaded.waivers if w.pk != row.pk], act.at)
        _log(act, row, "waiver.revoked", reason=row.revoke_reason)
        waiver_news.decided(act, row, "waiver.revoked")
    return row


def _standing(act: GateAct, item: LoadedItem | None, rule: str) -> bool:
    pending = Waiver.objects.filter(gate=act.gate, state__in=[WaiverState.DRAFT, WaiverState.REVIEW])
    return pending.filter(item=item.row if item else None, rule="" if item else rule).exists()


def _row(act: GateAct, waiver: int) -> Waiver:
    rows = Waiver.objects.select_related("item", "owner", "requested_by", "decided_by")
    found = rows.filter(gate=act.gate, pk=waiver).first()
    if found is None:
        raise Refused(MISSING)
    return found


def _mine(act: GateAct, waiver: int, *states: WaiverState) -> Waiver:
    row = _row(act, waiver)
    if row.requested_by_id != act.person.pk:
        raise Forbidden(YOURS_ONLY)
    _require_state(row, *states)
    return row


def _undecided(act: GateAct, waiver: int, role: str) -> Waiver:
    row = _row(act, waiver)
    why = refusal(act.loaded, row, role, act.person, act.roles)
    if why:
        raise Forbidden(why)
    _require_state(row, WaiverState.REVIEW)
    return row


def _require_state(row: Waiver, *states: WaiverState) -> None:
    if row.state not in states:
        wanted = " or ".join(state.label.lower() for state in states)
        raise Refused(f"This waiver is {row.get_state_display().lower()}; for this it must be {wanted}.")


def _decide(
    act: GateAct, row: Waiver, state: WaiverState, role: str, *, said: str, effect: dict[str, Any]
) -> None:
    # In one write: once a waiver is decided, a trigger holds what was decided.
    decided: dict[str, Any] = {"decided_by": act.person, "decided_as": role, "decided_at": act.at}
    _set(row, state=state, decision_reason=clean(said)[:LONGEST], **decided, **effect)


def _decided_on(act: GateAct, item: LoadedItem | None) -> dict[str, Any]:
    release = act.gate.release
    return {
        "artifact": release.snapshot.digest,
        "parameters": release.parameters.number if release.parameters else 0,
        "observed": item.observed if item else "",
    }


def _set(row: Waiver, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(update_fields=list(columns))


def _log(act: GateAct, row: Waiver, verb: str, **data: Any) -> None:
    """Write the entry; the item's row shows what changed, so pages that are open fetch it."""
    item = item_of(act, row)
    if item:
        act.save(item)
    act.log(verb, subject=item.key if item else f"rule {row.rule}", waiver=row.pk, **data)


def _facts(row: Waiver) -> dict[str, Any]:
    return {
        "reason": row.reason,
        "risk": row.risk,
        "mitigation": row.mitigation,
        "scope": row.scope,
        "owner": row.owner.name,
        "expires_at": row.expires_at.astimezone(UTC).isoformat(timespec="seconds"),
        "zone": row.expires_zone,
    }


def _effect(row: Waiver) -> dict[str, Any]:
    return {"verdict_without": row.before["verdict"], "verdict_with": row.after["verdict"]}
