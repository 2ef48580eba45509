"""Who is told what of a waiver, in the transaction of the act."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from checklists import outbox, permissions, zones
from checklists.actions.base import GateAct
from checklists.actions.waiver_rules import item_of, refusal
from checklists.loaded import LoadedItem
from checklists.models import Person, Waiver
from checklists.permissions import TABLE, Act


def requested(act: GateAct, row: Waiver) -> None:
    """To everybody who may decide on it."""
    until = zones.words(row.expires_at, row.expires_zone)
    text = f"{row.requested_by.name} asks to let it pass until {until}: {row.reason}"
    what, people = "A waiver waits for a decision", _deciders(act, row)
    _tell(act, row, "waiver.requested", what=what, text=text, people=people)


def decided(act: GateAct, row: Waiver, event: str) -> None:
    """To who asked and who owns it: approved, rejected or revoked."""
    word = event.partition(".")[2]
    said = row.revoke_reason if word == "revoked" else row.decision_reason
    by = row.revoked_by if word == "revoked" else row.decided_by
    text = f"By {by.name if by else 'Readiness'}." + (f" “{said}”" if said else "")
    _tell(act, row, event, what=f"A waiver was {word}", text=text, people=(row.requested_by, row.owner))


def expired(act: GateAct, row: Waiver) -> None:
    """To who asked, who owns it and who approved it."""
    text = _since_then(item_of(act, row), row)
    people = [row.requested_by, row.owner, *([row.decided_by] if row.decided_by else [])]
    _tell(act, row, "waiver.expired", what="A waiver expired", text=text, people=people)


def _since_then(item: LoadedItem | None, row: Waiver) -> str:
    """What holds from now on."""
    if item is None:
        return "The rule counts again when a deployment is decided, and signatures are stale."
    if item.lapsed and item.waiver == row:
        return (
            "The item counts as it is again, and signatures are stale. Settle it, or ask for another waiver."
        )
    return "Nothing changes: " + (
        "another waiver holds." if item.state == "waived" else "the item is settled without it."
    )


def _deciders(act: GateAct, row: Waiver) -> list[Person]:
    members = act.loaded.members
    roles = {m.person_id: permissions.roles_among(members, m.person) for m in members}
    return [
        m.person
        for m in members
        if m.role in TABLE[Act.DECIDE_WAIVER]
        and not refusal(act.loaded, row, m.role, m.person, roles[m.person_id])
    ]


def _tell(act: GateAct, row: Waiver, event: str, *, what: str, text: str, people: Iterable[Person]) -> None:
    item, gate = item_of(act, row), act.gate
    name = item.spec.text if item else f"rule {row.rule}"
    outbox.emit(
        event,
        project=gate.release.project,
        subject_url_path=reverse("waiver", args=[gate.pk, row.pk]),
        title=f"{what}: {name}, {gate}",
        text=text,
        people=people,
        key=f"waiver:{row.pk}",
        by=act.by,
        data={
            "waiver": row.pk,
            "gate": gate.pk,
            "release": gate.release.version,
            "environment": gate.environment.name,
            "item": item.key if item else "",
            "rule": row.rule,
            "expires_at": row.expires_at.isoformat(timespec="seconds"),
        },
    )
