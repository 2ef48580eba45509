"""Waivers as pages and reminders read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from checklists import clock
from checklists.loaded import LoadedGate
from checklists.models import DeploymentDecision, Membership, Person, Waiver
from checklists.models.waiver import WaiverState
from checklists.permissions import TABLE, Act
from readiness.engine.deploy.rules import RULES

REMINDERS = (timedelta(days=7), timedelta(days=1))
SETTLED = {"passed": "the item passes by itself", "na": "the item does not apply"}
RULE_TITLES = {rule.name: rule.title for rule in RULES}


def of_gate(gate: int) -> list[Waiver]:
    """Every waiver of a gate, newest first, whatever became of it: one query."""
    rows = Waiver.objects.filter(gate=gate)
    return list(
        rows.select_related("item", "owner", "requested_by", "decided_by", "revoked_by").order_by("-id")
    )


def waiting(person: Person) -> QuerySet[Waiver]:
    """Waivers in review that this person may decide on, as far as roles tell; oldest first: one query.

    A role in which who asked acts as well does not count, nor what the person asked for, owns, or released.
    Only the page knows the rest (evidence attached, another role signed in).
    """
    now = clock.now()
    theirs = Membership.objects.live(now).filter(
        person=OuterRef(OuterRef("requested_by")),
        project=OuterRef("project"),
        role=OuterRef("role"),
    )
    mine = Membership.objects.live(now).filter(
        ~Exists(theirs),
        person=person,
        project=OuterRef("gate__release__project"),
        role__in=TABLE[Act.DECIDE_WAIVER],
    )
    return (
        Waiver.objects.filter(Exists(mine), state=WaiverState.REVIEW, gate__superseded_by=None)
        .exclude(requested_by=person)
        .exclude(owner=person)
        .exclude(gate__release__created_by=person)
        .select_related("gate__release__project", "gate__environment", "item", "requested_by")
        .order_by("requested_at", "pk")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A live waiver near its end: the reminder that is due, and a key that makes it come once."""

    waiver: Waiver
    days: int
    key: str


def due_soon(now: datetime) -> list[Due]:
    """Live waivers that end within a week or a day, with the nearest reminder of each; sends nothing.

    One approved for less than that is not reminded of at once. One query.
    """
    soon = (
        Waiver.objects.live(now)
        .filter(expires_at__lte=now + max(REMINDERS), gate__superseded_by=None)
        .select_related("gate__release__project", "gate__environment", "item", "owner", "requested_by")
        .order_by("expires_at", "pk")
    )
    return [found for waiver in soon if (found := _due(waiver, now))]


def _due(waiver: Waiver, now: datetime) -> Due | None:
    begun = waiver.decided_at or now
    ahead = [a for a in REMINDERS if begun < waiver.expires_at - a <= now]
    if not ahead:
        return None
    days = min(ahead).days
    return Due(waiver=waiver, days=days, key=f"waiver:{waiver.pk}:{days}d")


def not_needed(loaded: LoadedGate, waivers: Iterable[Waiver]) -> dict[int, str]:
    """Approved waivers that match nothing any more, with why: one query where rules are waived."""
    approved = [w for w in waivers if w.state == WaiverState.APPROVED]
    items = {item.row.pk: item for item in loaded.items}
    found = {
        waiver.pk: f"No longer needed: {SETTLED[items[waiver.item_id].row.state]}."
        for waiver in approved
        if waiver.item_id in items and items[waiver.item_id].row.state in SETTLED
    }
    return found | _rules_that_hold(loaded, [w for w in approved if w.rule])


def _rules_that_hold(loaded: LoadedGate, waivers: list[Waiver]) -> dict[int, str]:
    if not waivers:
        return {}
    newest = DeploymentDecision.objects.filter(gate=loaded.gate.pk).order_by("-id").first()
    if newest is None:
        return {}
    said = {rule["rule"]: rule["outcome"] for rule in newest.record.get("rules", [])}
    return {
        waiver.pk: "No longer needed: the last deployment decision found the rule kept."
        for waiver in waivers
        if said.get(waiver.rule) in ("passed", "not asked")
        and waiver.decided_at
        and waiver.decided_at < newest.decided_at
    }
