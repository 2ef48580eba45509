"""Waivers as pages show them: what, until when, by whom, what they do, and what the person looking may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse

from checklists import effects, zones
from checklists.actions.waiver_rules import may_revoke, refusal
from checklists.loaded import LoadedItem
from checklists.models import AuditEntry, MemberRole, Waiver
from checklists.models.waiver import WaiverState
from checklists.permissions import TABLE, Act
from checklists.reads.waivers import RULE_TITLES
from checklists.reports.legible import legibly, shorten
from checklists.shown import times
from checklists.shown.history import Line, told
from checklists.shown.scene import Scene
from readiness.engine.score import percent

TEXT = 5000


@dataclass(slots=True, kw_only=True)
class Shown:
    """One waiver. `state` is the stored one, or expired; `orphan` says why it is no longer needed."""

    waiver: Waiver
    url: str
    title: str
    item: str
    state: str
    until: str
    left: str
    asked: str
    decided: str
    orphan: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Side:
    """What the gate says without or with it."""

    name: str
    verdict: str
    blockers: int
    score: str


@dataclass(slots=True, kw_only=True)
class Offers:
    """What the person looking may do. `roles` are those in which they may decide."""

    edit: bool = False
    withdraw: bool = False
    revoke: bool = False
    roles: list[tuple[str, str]] = field(default_factory=list)
    why_not: str = ""


def shown(scene: Scene, waiver: Waiver, orphans: dict[int, str]) -> Shown:
    """A waiver for the gate's list, and the head of its own page."""
    item = scene.loaded.item(waiver.item.key) if waiver.item else None
    live = waiver.state == WaiverState.APPROVED
    return Shown(
        waiver=waiver,
        url=reverse("waiver", args=[waiver.gate_id, waiver.pk]),
        title=title(waiver, item),
        item=item.key if item else "",
        state="expired" if waiver.expired(scene.now) else waiver.state,
        until=zones.words(waiver.expires_at, waiver.expires_zone),
        left=zones.until(waiver.expires_at, scene.now) if live or waiver.state in _OPEN else "",
        asked=_asked(waiver, scene.now),
        decided=decided(waiver, scene.now),
        orphan=orphans.get(waiver.pk, ""),
        reason=shorten(legibly(waiver.reason)),
    )


_OPEN = (WaiverState.DRAFT, WaiverState.REVIEW)


def _asked(waiver: Waiver, now: datetime) -> str:
    verb = "drafted" if waiver.state == WaiverState.DRAFT else "asked for"
    return f"{verb} by {waiver.requested_by.name}, {times.day(waiver.requested_at, now)}"


def title(waiver: Waiver, item: LoadedItem | None) -> str:
    """The item's title, or the rule's."""
    return item.spec.text if item else f"Deployment rule: {RULE_TITLES.get(waiver.rule, waiver.rule)}"


def decided(waiver: Waiver, now: datetime) -> str:
    """Who decided as what, and who revoked it; empty before that."""
    if not (waiver.decided_by and waiver.decided_at):
        return ""
    said = "Rejected" if waiver.state == WaiverState.REJECTED else "Approved"
    role = MemberRole(waiver.decided_as).label.lower()
    words = f"{said} by {waiver.decided_by.name} as {role}, {times.day(waiver.decided_at, now)}"
    if waiver.revoked_by and waiver.revoked_at:
        words += f"; revoked by {waiver.revoked_by.name}, {times.day(waiver.revoked_at, now)}"
    return words


def sides(scene: Scene, waiver: Waiver) -> list[Side]:
    """What the gate says without and with it: now, or what was said when it was decided."""
    stored = (waiver.before, waiver.after)
    if not all(stored):
        found = effects.without_and_with(scene.loaded, waiver, scene.now)
        stored = (found[0].to_dict(), found[1].to_dict())
    return [_side(name, said) for name, said in zip(("Without it", "With it"), stored, strict=True)]


def _side(name: str, said: dict[str, Any]) -> Side:
    return Side(
        name=name, verdict=said["verdict"], blockers=said["blockers"], score=percent(said.get("score"))
    )


def offers(scene: Scene, waiver: Waiver) -> Offers:
    """What may be done now, by this person; the acts decide again."""
    mine = waiver.requested_by_id == scene.viewer.pk and scene.may(Act.ASK_WAIVER)
    made = Offers(
        edit=mine and waiver.state == WaiverState.DRAFT,
        withdraw=mine and waiver.state in _OPEN,
        revoke=waiver.live(scene.now) and may_revoke(waiver, scene.viewer, scene.roles),
    )
    if waiver.state == WaiverState.REVIEW:
        held = [role for role in MemberRole if role in TABLE[Act.DECIDE_WAIVER] & scene.roles]
        why = {role: refusal(scene.loaded, waiver, role, scene.viewer, scene.roles) for role in held}
        made.roles = [(role.value, role.label) for role in held if not why[role]]
        made.why_not = next((w for w in why.values() if w), "") if not made.roles else ""
        if not held:
            made.why_not = "The product owner or compliance decides on it."
    return made


def changed_since(scene: Scene, waiver: Waiver) -> list[str]:
    """What is different from what a live waiver was approved on; it stays, and people should know."""
    on = waiver.after
    if not waiver.live(scene.now) or "artifact" not in on:
        return []
    release = scene.loaded.gate.release
    item = scene.loaded.item(waiver.item.key) if waiver.item else None
    number = release.parameters.number if release.parameters else 0
    found = []
    if on["artifact"] != release.snapshot.digest:
        found.append("The run’s files have changed since it was approved.")
    if on["parameters"] != number:
        found.append(f"It was approved under parameters {on['parameters']}; now parameters {number} hold.")
    if item and item.row.state in ("open", "failed") and item.observed != on["observed"]:
        found.append(f"Approved on: “{shorten(on['observed'])}”. Now: “{shorten(item.observed)}”.")
    return found


def history(scene: Scene, waiver: Waiver) -> list[Line]:
    """What happened to it, newest first: one query."""
    entries = AuditEntry.objects.filter(stream=scene.loaded.gate.stream, data__waiver=waiver.pk)
    return told(entries.order_by("-seq")[:50], scene.now)
