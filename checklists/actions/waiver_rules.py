"""What a waiver must satisfy, and who may decide on one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings

from checklists import audit, permissions, zones
from checklists.actions.base import SIGNED_BY_SIGNING, GateAct
from checklists.errors import Refused
from checklists.loaded import LoadedGate, LoadedItem
from checklists.models import MemberRole, Person, Waiver
from checklists.permissions import Act
from readiness.engine.deploy.config import WAIVABLE
from readiness.engine.policy import State

NOT_ALLOWED = "This checklist allows no waivers."
NOT_ALLOWED_ADVICE = "A team may say `waivers: true` in a version of its own."
NOT_NEEDED = "This item needs no waiver: only an open or failed item does."
NO_RULE = "No rule of the deployment gate of that name can be waived."
ONE_TARGET = "A waiver is for one item, or for one rule."
BUSY = "The checks of this item are running; wait for their result."
NOT_A_MEMBER = "The owner must be a member of the project who can act: not a reader or a service account."
PAST = "The waiver would be expired already; choose a later moment."
NO_ZONE = "The expiry needs a time zone."
BY_HAND = "A person decides, signed in, on the waiver's page; neither a token nor a service account can."
LONGEST = 5000
TEXTS = {
    "reason": "Say why the item cannot be settled now.",
    "risk": "Say what may go wrong because of it.",
    "mitigation": "Say what keeps the risk small, and how the item is settled in the end.",
    "scope": "Say what the waiver covers: which versions, users, data or environments.",
}


def may_revoke(waiver: Waiver, person: Person, roles: Collection[str]) -> bool:
    """Whether this person may end it: who asked, an owner, or who may decide on waivers."""
    decides = permissions.may(roles, Act.DECIDE_WAIVER) or MemberRole.OWNER in roles
    return bool(roles) and (decides or waiver.requested_by_id == person.pk)


def refusal(loaded: LoadedGate, waiver: Waiver, role: str, person: Person, roles: Collection[str]) -> str:
    """Why this person may not decide on a waiver in this role; empty when they may.

    Reads `loaded.members`.
    """
    if person.is_service or audit.acting_token.get():
        return BY_HAND
    mine = next((s for s in loaded.signoffs if s.person_id == person.pk), None)
    return permissions.why_not_decide_waiver(
        role=role,
        roles=roles,
        roles_of_requester=permissions.roles_among(loaded.members, waiver.requested_by),
        is_requester=waiver.requested_by_id == person.pk,
        is_owner=waiver.owner_id == person.pk,
        signed_as=mine.role if mine else None,
        **loaded.own_work(person.pk),
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


def target(act: GateAct, key: str, rule: str) -> LoadedItem | None:
    """The item, or None for a rule. Raises Refused where no waiver may be asked for."""
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


def require_needed(act: GateAct, row: Waiver) -> LoadedItem | None:
    """The waiver's item, which must still be open or failed; None for a rule. Raises Refused."""
    item = item_of(act, row)
    if not act.loaded.checklist.waivers:
        raise Refused(NOT_ALLOWED, NOT_ALLOWED_ADVICE)
    why = needed(act.loaded, item.key) if item else ""
    if why:
        raise Refused(why)
    if item and item.run_state:
        raise Refused(BUSY)
    return item


def told_of(
    act: GateAct, owner: Person, expires_at: datetime, expires_zone: str, texts: dict[str, str]
) -> dict[str, Any]:
    """The checked facts of a waiver as columns. Raises Refused."""
    told: dict[str, Any] = {name: clean(text) for name, text in texts.items()}
    for name, advice in TEXTS.items():
        if not told[name]:
            raise Refused(f"The waiver needs its {name}.", advice)
        if len(told[name]) > LONGEST:
            raise Refused(f"The {name} has {len(told[name])} characters; at most {LONGEST} are kept.")
    require_owner(act, owner)
    require_expiry(act, expires_at, expires_zone)
    whole = expires_at.astimezone(UTC).replace(microsecond=0)
    return {**told, "owner": owner, "expires_at": whole, "expires_zone": expires_zone}


def require_owner(act: GateAct, owner: Person) -> None:
    """Who answers for it is a person of the project who may do something about it. Raises Refused."""
    roles = permissions.roles_among(act.loaded.members, owner)
    if owner.is_service or not roles - {MemberRole.READER}:
        raise Refused(NOT_A_MEMBER)


def require_expiry(act: GateAct, expires_at: datetime, zone: str) -> None:
    """In the future, in a known zone, and within the longest time. Raises Refused."""
    require_future(act, expires_at, zone)
    days = settings.WAIVER_MAX_DAYS
    if expires_at > act.at + timedelta(days=days):
        raise Refused(
            f"A waiver lasts at most {days} days here.", "Choose an earlier day; it can be asked for again."
        )


def require_future(act: GateAct, expires_at: datetime, zone: str) -> None:
    """In the future, in a known zone. Raises Refused."""
    if expires_at.tzinfo is None or expires_at.utcoffset() is None or zone not in zones.names():
        raise Refused(NO_ZONE, "Choose one such as Europe/Berlin or UTC.")
    if expires_at <= act.at:
        raise Refused(PAST)


def item_of(act: GateAct, row: Waiver) -> LoadedItem | None:
    """The item a waiver is for; None for a rule."""
    return next((item for item in act.loaded.items if item.row.pk == row.item_id), None)


def clean(text: str) -> str:
    """A text without the character no database keeps, and without space around it."""
    return text.replace("\0", "").replace("\r\n", "\n").strip()
