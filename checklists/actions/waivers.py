"""Acts on waivers: draft, edit, submit, withdraw; approve, reject; revoke.

draft → in review → approved → revoked        (expired follows from the clock, see actions/expiry.py)
      ↘ withdrawn ↙      ↘ rejected
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings

from checklists import effects, permissions
from checklists.actions.base import SIGNED_BY_SIGNING, GateAct, before_after, gate_act
from checklists.errors import Forbidden, Refused, StaleForm
from checklists.loaded import LoadedGate, LoadedItem
from checklists.models import MemberRole, Person, Waiver
from checklists.models.waiver import WaiverState
from checklists.permissions import Act
from readiness.engine.deploy.config import WAIVABLE
from readiness.engine.policy import State

NOT_ALLOWED = "This checklist allows no waivers."
NOT_ALLOWED_ADVICE = "A team may say `waivers: true` in a version of its own."
NOT_NEEDED = "This item needs no waiver: only an open or failed item does."
NO_RULE = "No rule of the deployment gate of that name can be waived."
ONE_TARGET = "A waiver is for one item, or for one rule."
ALREADY_ASKED = "Somebody has already written or asked for a waiver of this; one at a time."
BUSY = "The checks of this item are running; wait for their result."
MISSING = "This waiver is not part of the gate."
YOURS_ONLY = "Only who wrote this waiver may do that."
NOT_A_MEMBER = "The owner must be a member of the project who can act: not a reader or a service account."
PAST = "The waiver would be expired already; choose a later moment."
NO_ZONE = "The expiry needs a time zone."
CHANGED = "The gate changed while you were reading; nothing was decided."
CHANGED_ADVICE = "Look at what the waiver would do now, and decide again."
WHY_REJECT = "Say why you reject it, so that who asked can do better."
WHY_REVOKE = "Say why it no longer holds; the reason is printed in the report."
EXPIRED = "This waiver has expired, so there is nothing left to revoke."
NO_SERVICE = "A service account decides nothing."
LONGEST = 5000
TEXTS = {
    "reason": "Say why the item cannot be settled now.",
    "risk": "Say what may go wrong because of it.",
    "mitigation": "Say what keeps the risk small, and how the item is settled in the end.",
    "scope": "Say what the waiver covers: which versions, users, data or environments.",
}


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
        item = _target(act, key, rule)
        if _standing(act, item, rule):
            raise Refused(ALREADY_ASKED, "Its page is linked from the gate's waivers.")
        told = _told(
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
        told = _told(act, owner, expires_at, expires_zone, texts)
        _set(row, **told)
        _log(act, row, "waiver.edited", **before_after(before, _facts(row)))
    return row


def submit(*, gate: int, waiver: int, by: Person) -> Waiver:
    """Ask for a decision; from now on the text holds still. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=Act.ASK_WAIVER) as act:
        row = _mine(act, waiver, WaiverState.DRAFT)
        _require_needed(act, row)
        _require_expiry(act, row.expires_at, row.expires_zone)
        _set(row, state=WaiverState.REVIEW, requested_at=act.at)
        _log(act, row, "waiver.submitted", **_facts(row))
    return row


def withdraw(*, gate: int, waiver: int, by: Person, reason: str = "") -> Waiver:
    """Take back one's own draft or request; it stays on record. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=Act.ASK_WAIVER) as act:
        row = _mine(act, waiver, WaiverState.DRAFT, WaiverState.REVIEW)
        _set(row, state=WaiverState.WITHDRAWN)
        _log(act, row, "waiver.withdrawn", reason=_clean(reason))
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
        item = _require_needed(act, row)
        _require_expiry(act, row.expires_at, row.expires_zone, most=None)
        before, after = effects.without_and_with(act.loaded, row, act.at)
        _decide(act, row, WaiverState.APPROVED, role, reason)
        _set(row, before=before.to_dict(), after=after.to_dict() | _decided_on(act, item))
        act.loaded.set_waivers([*act.loaded.waivers, row], act.at)
        _log(act, row, "waiver.approved", role=role, reason=row.decision_reason, **_effect(row))
    return row


def reject(*, gate: int, waiver: int, by: Person, role: str, reason: str) -> Waiver:
    """Refuse a waiver, with a reason. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=Act.DECIDE_WAIVER) as act:
        row = _undecided(act, waiver, role)
        if not _clean(reason):
            raise Refused(WHY_REJECT)
        before, after = effects.without_and_with(act.loaded, row, act.at)
        _decide(act, row, WaiverState.REJECTED, role, reason)
        _set(row, before=before.to_dict(), after=after.to_dict())
        _log(act, row, "waiver.rejected", role=role, reason=row.decision_reason)
    return row


def revoke(*, gate: int, waiver: int, by: Person, reason: str) -> Waiver:
    """End an approved waiver before its time: who asked, an owner, or who may decide. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=None) as act:
        row = _row(act, waiver)
        if not may_revoke(row, by, act.roles):
            raise Forbidden("Only who asked for it, an owner, or who decides on waivers may revoke one.")
        _require_state(row, WaiverState.APPROVED)
        if row.expired(act.at):
            raise Refused(EXPIRED, "Settle the item, or ask for another one.")
        if not _clean(reason):
            raise Refused(WHY_REVOKE)
        _set(
            row,
            state=WaiverState.REVOKED,
            revoked_by=act.person,
            revoked_at=act.at,
            revoke_reason=_clean(reason),
        )
        act.loaded.set_waivers([w for w in act.loaded.waivers if w.pk != row.pk], act.at)
        _log(act, row, "waiver.revoked", reason=row.revoke_reason)
    return row


def may_revoke(waiver: Waiver, person: Person, roles: Collection[str]) -> bool:
    """Whether this person may end it: who asked, an owner, or who may decide on waivers."""
    decides = permissions.may(roles, Act.DECIDE_WAIVER) or MemberRole.OWNER in roles
    return bool(roles) and (decides or waiver.requested_by_id == person.pk)


def refusal(loaded: LoadedGate, waiver: Waiver, role: str, person: Person, roles: Collection[str]) -> str:
    """Why this person may not decide on a waiver in this role; empty when they may. Reads `loaded.members`."""
    if person.is_service:
        return NO_SERVICE
    mine = next((s for s in loaded.signoffs if s.person_id == person.pk), None)
    return permissions.why_not_decide_waiver(
        role=role,
        roles=roles,
        roles_of_requester=permissions.roles_among(loaded.members, waiver.requested_by),
        is_requester=waiver.requested_by_id == person.pk,
        is_owner=waiver.owner_id == person.pk,
        made_release=loaded.gate.release.created_by_id == person.pk,
        attached_evidence=any(e.added_by_id == person.pk for item in loaded.items for e in item.evidence),
        signed_as=mine.role if mine else None,
    )


def needed(loaded: LoadedGate, key: str) -> str:
    """Why an item needs or takes no waiver; empty when one may be asked for."""
    item = loaded.item(key)
    if not loaded.checklist.waivers:
        return NOT_ALLOWED
    if item is None:
        return "This item is not part of the gate."
    if item.row.role:
        return SIGNED_BY_SIGNING
    return "" if item.row.state in (State.OPEN, State.FAILED) else NOT_NEEDED


def _target(act: GateAct, key: str, rule: str) -> LoadedItem | None:
    if bool(key) == bool(rule):
        raise Refused(ONE_TARGET)
    if not act.loaded.checklist.waivers:
        raise Refused(NOT_ALLOWED, NOT_ALLOWED_ADVICE)
    if rule:
        if rule not in WAIVABLE:
            raise Refused(NO_RULE, f"Rules that can: {', '.join(WAIVABLE)}.")
        return None
    item = act.item(key)
    why = needed(act.loaded, key)
    if why:
        raise Refused(why)
    return item


def _standing(act: GateAct, item: LoadedItem | None, rule: str) -> bool:
    pending = Waiver.objects.filter(gate=act.gate, state__in=[WaiverState.DRAFT, WaiverState.REVIEW])
    return pending.filter(item=item.row if item else None, rule="" if item else rule).exists()


def _require_needed(act: GateAct, row: Waiver) -> LoadedItem | None:
    item = _item(act, row)
    why = needed(act.loaded, item.key) if item else ""
    if not act.loaded.checklist.waivers:
        why = NOT_ALLOWED
    if why:
        raise Refused(why)
    if item and item.run_state:
        raise Refused(BUSY)
    return item


def _told(
    act: GateAct, owner: Person, expires_at: datetime, expires_zone: str, texts: dict[str, str]
) -> dict[str, Any]:
    """The checked facts of a waiver as columns."""
    told: dict[str, Any] = {name: _clean(text) for name, text in texts.items()}
    for name, advice in TEXTS.items():
        if not told[name]:
            raise Refused(f"The waiver needs its {name}.", advice)
        if len(told[name]) > LONGEST:
            raise Refused(f"The {name} has {len(told[name])} characters; at most {LONGEST} are kept.")
    roles = permissions.roles_among(act.loaded.members, owner)
    if owner.is_service or not roles - {MemberRole.READER}:
        raise Refused(NOT_A_MEMBER)
    _require_expiry(act, expires_at, expires_zone)
    whole = expires_at.astimezone(UTC).replace(microsecond=0)
    return {**told, "owner": owner, "expires_at": whole, "expires_zone": expires_zone}


def _require_expiry(act: GateAct, expires_at: datetime, zone: str, *, most: int | None = -1) -> None:
    """In the future, in a known zone, and (not again when it is approved) within the longest time."""
    if expires_at.tzinfo is None or expires_at.utcoffset() is None or zone not in available_timezones():
        raise Refused(NO_ZONE, "Choose one such as Europe/Berlin or UTC.")
    if expires_at <= act.at:
        raise Refused(PAST)
    days = settings.WAIVER_MAX_DAYS
    if most is not None and expires_at > act.at + timedelta(days=days):
        raise Refused(
            f"A waiver lasts at most {days} days here.", "Choose an earlier day; it can be asked for again."
        )


def _clean(text: str) -> str:
    return text.replace("\0", "").replace("\r\n", "\n").strip()


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


def _decide(act: GateAct, row: Waiver, state: WaiverState, role: str, reason: str) -> None:
    said = _clean(reason)[:LONGEST]
    _set(row, state=state, decided_by=act.person, decided_as=role, decided_at=act.at, decision_reason=said)


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


def _item(act: GateAct, row: Waiver) -> LoadedItem | None:
    return next((item for item in act.loaded.items if item.row.pk == row.item_id), None)


def _log(act: GateAct, row: Waiver, verb: str, **data: Any) -> None:
    """Write the entry; the item's row shows what changed, so pages that are open fetch it."""
    item = _item(act, row)
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
