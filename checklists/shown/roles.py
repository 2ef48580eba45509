"""The sign-off panel: who signed what, what changed since, and what the person looking may do."""

from __future__ import annotations

from dataclasses import dataclass, field

from checklists.actions.signoffs import refusal
from checklists.models import GateRole, MemberRole
from checklists.permissions import may_drop
from checklists.reports.legible import shorten
from checklists.shown import times
from checklists.shown.rows import latest
from checklists.shown.scene import Scene
from checklists.snapshot import Change
from readiness.engine.policy import SignatureState

SHOWN_CHANGES = 3


@dataclass(slots=True, kw_only=True)
class RoleLine:
    """One role of the sign-off panel. `why` says why who looks cannot approve; empty when they can."""

    role: str
    label: str
    initials: str
    who: str
    badge: str
    worth: str
    detail: str = ""
    changes: list[Change] = field(default_factory=list)
    more: int = 0
    url: str = ""
    action: str = ""
    ready: bool = False
    mine: bool = False
    why: str = ""
    drop: str = ""


_BADGES = {
    SignatureState.VALID: "Signed",
    SignatureState.STALE: "Stale",
    SignatureState.MISSING: "Waiting",
    SignatureState.DROPPED: "Not needed",
    SignatureState.DECLINED: "Declined",
}


def role_lines(scene: Scene) -> list[RoleLine]:
    """The sign-off panel for the person looking."""
    return [role_line(scene, row) for row in scene.loaded.roles]


def role_line(scene: Scene, row: GateRole) -> RoleLine:
    """One role as the person looking sees it."""
    loaded, judged, now = scene.loaded, scene.judged, scene.now
    worth = judged.verdict.signatures.get(row.role, SignatureState.MISSING)
    signed = latest(loaded, row.role, judged.digest)
    holders = [m.person for m in loaded.members if m.role == row.role]
    names = ", ".join(p.name for p in holders[:3]) or "nobody has this role yet"
    line = RoleLine(
        role=row.role,
        label=MemberRole(row.role).label,
        initials=_initials(signed.person_name if signed else names if holders else "?"),
        who=f"{signed.person_name} · signed {times.day(signed.signed_at, now)}" if signed else names,
        badge=_BADGES[worth],
        worth=worth.value,
        url=f"{scene.base}sign/{row.role}/",
    )
    if signed and signed.decision == "decline":
        line.who = line.who.replace("· signed", "· declined")
        line.detail = f"“{shorten(signed.comment)}”"
    if worth is SignatureState.DROPPED:
        line.who = f"dropped by {row.dropped_by.name}" if row.dropped_by else "dropped"
        line.detail = row.dropped_reason
    if signed and worth is SignatureState.STALE:
        found = scene.changed.get(signed.pk, [])
        line.changes, line.more = found[:SHOWN_CHANGES], max(0, len(found) - SHOWN_CHANGES)
    broken = [
        f"A record of {one.person_name} does not count: {why}."
        for one, why in loaded.invalid
        if one.role == row.role
    ]
    line.detail = line.detail or " ".join(broken)
    _offer(line, scene, row)
    return line


def _offer(line: RoleLine, scene: Scene, row: GateRole) -> None:
    roles, judged = scene.roles, scene.judged
    if scene.loaded.gate.superseded_by_id:
        return
    if row.conditional and may_drop(roles, row.role) and line.worth in ("missing", "dropped"):
        line.drop = "Ask this role after all" if row.dropped_reason else "Not needed for this release"
    if row.role not in roles or row.dropped_reason:
        return
    line.mine = True
    line.why = refusal(scene.loaded, row.role, scene.viewer, roles)
    line.ready = judged.verdict.may_approve and not line.why
    if line.worth == "missing" and not line.why:
        line.who = "waiting for you"
    line.action = "Sign again" if line.worth == "stale" else "Sign" if line.worth == "missing" else ""
    if not line.why and not judged.verdict.may_approve:
        line.why = "Signing opens when nothing else is in the way."


def _initials(name: str) -> str:
    return "".join(part[0] for part in name.replace("-", " ").split()[:2]).upper() or "?"
