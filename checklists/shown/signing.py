"""The signing page: exactly what is signed, readable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import Any

from checklists import challenges, zones
from checklists.actions.signoff_records import meaning
from checklists.actions.signoffs import refusal, role_criteria
from checklists.challenges import Bound
from checklists.loaded import LoadedItem
from checklists.models import GateRole, MemberRole, SignOff, Waiver
from checklists.permissions import may_drop
from checklists.shown import promises, rows, side, verdict
from checklists.shown.scene import Scene
from checklists.shown.waivers import title
from checklists.snapshot import Change


@dataclass(slots=True, kw_only=True)
class Signing:
    """What a person sees before signing in a role.

    `why_not` is empty when they may sign at all, `not_ready` when approving is possible now. `challenge` goes
    into the forms that sign the present state, `withdraw_challenge` into the one that takes `mine` back; the
    names, 64 hexadecimal characters each, are what a passkey answers.
    """

    role: str
    label: str
    meaning: str
    decline_meaning: str
    criteria: list[str]
    why_not: str
    not_ready: str
    mine: SignOff | None
    when: str
    broken: list[tuple[SignOff, str]]
    current: bool
    changes: list[Change]
    conditional: bool
    dropped: str
    may_drop: bool
    challenge: str
    challenge_name: str
    withdraw_challenge: str
    withdraw_challenge_name: str


def signing(scene: Scene, row: GateRole) -> Signing:
    """The page's own part for one role."""
    gate = scene.loaded.gate
    mine = next((s for s in scene.loaded.signoffs if s.person_id == scene.viewer.pk), None)
    current = bool(mine and mine.digest == scene.judged.digest and mine.role == row.role)
    ready = scene.judged.verdict.may_approve
    named = (str(gate.release), gate.environment.name)
    criteria = role_criteria(scene.loaded, row.role)
    challenge, name = _challenge(scene, row.role, scene.judged.digest)
    back, back_name = _challenge(scene, mine.role, mine.digest) if mine else ("", "")
    return Signing(
        role=row.role,
        label=MemberRole(row.role).label,
        meaning=meaning("approve", row.role, *named, criteria=criteria),
        decline_meaning=meaning("decline", row.role, *named),
        criteria=criteria,
        why_not=refusal(scene.loaded, row.role, scene.viewer, scene.roles),
        not_ready="" if ready else "Approving needs every item settled; declining is possible at any time.",
        mine=mine if mine and mine.role == row.role else None,
        when=moment(mine) if mine else "",
        broken=[(one, why) for one, why in scene.loaded.invalid if one.role == row.role],
        current=current,
        changes=scene.changed.get(mine.pk, []) if mine and mine.role == row.role else [],
        conditional=row.conditional,
        dropped=row.dropped_reason,
        may_drop=row.conditional and may_drop(scene.roles, row.role),
        challenge=challenge,
        challenge_name=name,
        withdraw_challenge=back,
        withdraw_challenge_name=back_name,
    )


def moment(signed: SignOff) -> str:
    """When a signature was made, with the offset it was made in: "21 Nov 2026, 14:03:11 UTC+01:00"."""
    local = signed.signed_at.astimezone(timezone(timedelta(minutes=signed.utc_offset_minutes)))
    return f"{local.day} {local:%b %Y, %H:%M:%S} UTC{local.isoformat()[-6:]}"


def _challenge(scene: Scene, role: str, digest: str) -> tuple[str, str]:
    bound = Bound(person=scene.viewer.pk, gate=scene.loaded.gate.pk, role=role, digest=digest)
    made = challenges.make(bound, scene.now)
    return made, challenges.read(made, bound, scene.now)


def summary(scene: Scene) -> dict[str, Any]:
    """What is signed, in the order of the checklist: items with what was observed, parameters, files."""
    release = scene.loaded.gate.release
    sections = rows.sections(scene)
    items = {item.key: item for item in scene.loaded.items}
    return {
        "card": verdict.card(scene, sections),
        "sections": [
            {
                "title": s.title,
                "rows": [(row, items[row.key].evidence) for row in s.rows if _signed(items[row.key])],
            }
            for s in sections
        ],
        "promises": promises.promises(scene),
        "artifact": release.snapshot,
        "digest": scene.judged.digest,
        "obstacles": side.obstacles(scene)[0],
        "waivers": [_waiver(scene, waiver) for waiver in scene.loaded.waivers if _counts(scene, waiver)],
        "dropped": [r for r in scene.loaded.roles if r.dropped_reason],
    }


def _counts(scene: Scene, waiver: Waiver) -> bool:
    """Of a rule, also once expired, or of an item that passes by it: those that the snapshot holds."""
    passing = {item.waiver.pk for item in scene.loaded.items if item.waiver and item.state == "waived"}
    return bool(waiver.rule) or waiver.pk in passing


def _waiver(scene: Scene, waiver: Waiver) -> tuple[str, str, str]:
    """Address, title, until when it passes or passed."""
    item = next((item for item in scene.loaded.items if item.row.pk == waiver.item_id), None)
    until = zones.words(waiver.expires_at, waiver.expires_zone)
    words = f"Waived until {until}" if waiver.live(scene.now) else f"Waiver expired: {until}"
    return f"{scene.base}waivers/{waiver.pk}/", title(waiver, item), words


def _signed(item: LoadedItem) -> bool:
    """Approvals themselves are not part of what is signed."""
    return not item.row.role
