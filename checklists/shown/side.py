"""The side panel: what is in the way, who signed what, what was promised, what comes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from checklists.actions.signoffs import refusal
from checklists.loaded import LoadedItem
from checklists.models import GateRole, MemberRole, ParameterSet
from checklists.permissions import may_drop
from checklists.shown import times
from checklists.shown.rows import latest, shorten
from checklists.shown.scene import Scene
from checklists.snapshot import Change, changes
from readiness.engine.outcome import quantity
from readiness.engine.policy import Blocker, SignatureState

SHOWN_BLOCKERS = 8
SHOWN_CHANGES = 3
NOT_CHECKED = "is not checked yet"
BEING_CHECKED = "is being checked"


@dataclass(slots=True, kw_only=True)
class Obstacle:
    """One line of "In the way": a link, what is wrong, how to resolve it."""

    href: str
    title: str
    text: str
    resolve: str = ""


def obstacles(scene: Scene) -> tuple[list[Obstacle], int]:
    """The lines to show, and how many more there are. Items that merely wait for a check are one line."""
    grouped: list[Obstacle] = []
    single: list[Obstacle] = []
    blockers, base = scene.judged.verdict.blockers, scene.base
    for words, advice in ((NOT_CHECKED, "Run all checks."), (BEING_CHECKED, "Their results appear here.")):
        same = [b for b in blockers if b.text == words]
        if len(same) > 2:
            verb = words.replace("is ", "are ", 1)
            grouped.append(_obstacle(same[0], base, f"{len(same)} items", verb, advice))
            blockers = tuple(b for b in blockers if b.text != words)
    items = {item.key: item for item in scene.loaded.items}
    for blocker in blockers:
        resolve = _resolve(blocker, items.get(blocker.item))
        single.append(_obstacle(blocker, base, blocker.title, blocker.text, resolve))
    shown = [*single[: SHOWN_BLOCKERS - len(grouped)], *grouped]
    return shown, len(single) + len(grouped) - len(shown)


def _obstacle(blocker: Blocker, base: str, title: str, text: str, resolve: str) -> Obstacle:
    href = f"#item-{blocker.item}" if blocker.item else f"{base}#sign-off"
    return Obstacle(href=href, title=title, text=_verbal(shorten(text, 160)), resolve=shorten(resolve, 160))


def _verbal(text: str) -> str:
    """Blockers come as verbs ("is not checked yet") or as what was observed; the latter gets a colon."""
    return text if text.split(" ", 1)[0] in _VERBS else f": {text}"


_VERBS = {"is", "are", "has", "must", "waits", "needs", "failed", "checks"}


def _resolve(blocker: Blocker, item: LoadedItem | None) -> str:
    if blocker.kind == "failed" and item is not None:
        advice = next((f["advice"] for f in item.findings if f["advice"] and f["outcome"] != "PASS"), "")
        return advice or "Correct it, look at the run again, and run its checks."
    if item is None or blocker.kind != "open":
        return ""
    if blocker.text == NOT_CHECKED:
        return "Run its checks."
    if item.row.has_checks:
        return "" if item.outcome in ("PASS", "WARN") else "The checks found nothing to look at."
    return ""


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
        found = changes(signed.snapshot, judged.snapshot)
        line.changes, line.more = found[:SHOWN_CHANGES], max(0, len(found) - SHOWN_CHANGES)
    _offer(line, scene, row)
    return line


def _offer(line: RoleLine, scene: Scene, row: GateRole) -> None:
    roles, judged = scene.roles, scene.judged
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


@dataclass(slots=True, kw_only=True)
class Promise:
    """One parameter: what it means, its value with unit."""

    name: str
    label: str
    value: str


@dataclass(slots=True, kw_only=True)
class Promises:
    """What the release promised before its first check, and whether that moved afterwards."""

    values: list[Promise]
    fixed: str
    moved: str


def promises(scene: Scene) -> Promises:
    """The parameters in the checklist's order."""
    loaded = scene.loaded
    row = loaded.gate.release.parameters
    values = row.values if row else {}
    made = [
        Promise(
            name=p.name, label=p.help or p.name, value=_together(quantity(values[p.name], p.unit or None))
        )
        for p in loaded.checklist.parameters
        if values.get(p.name) is not None
    ]
    return Promises(values=made, fixed=_fixed(row, scene.now), moved=_moved(row))


def _together(words: str) -> str:
    """A short value stays on one line."""
    return words.replace(" ", "\u00a0") if len(words) < 20 else words


def _fixed(row: ParameterSet | None, now: datetime) -> str:
    if row is None or row.frozen_at is None:
        return "Not fixed yet: the first check fixes them."
    return f"Fixed {times.day(row.frozen_at, now)}, before the first check."


def _moved(row: ParameterSet | None) -> str:
    if row is None or not row.after_result:
        return ""
    return f"The bar was moved after a result was seen (parameters {row.number}): {row.reason}"


NEXT_STEPS: tuple[tuple[str, str], ...] = (
    ("Staging", "Deploy the approved artifact, and compare its digest with the one signed here."),
    ("Canary", "Send it a little traffic, and compare errors and latency with the present version."),
    ("Watch 24–48 h", "Follow the metrics and alerts of the monitoring plan; roll back when one fires."),
    ("Full rollout", "Move all traffic, and keep the previous version ready."),
)
