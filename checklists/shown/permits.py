"""The waivers that stand beside an item: one that lets it pass, one that expired, one that waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from checklists import zones
from checklists.loaded import LoadedItem
from checklists.models import MemberRole, Waiver
from checklists.reports.legible import legibly
from checklists.shown.scene import Scene

TEXT = 1000


@dataclass(slots=True, kw_only=True)
class Permit:
    """One waiver in the open row; `words` say what it is, until when and by whom."""

    url: str
    state: str
    words: str
    reason: str
    mitigation: str


def permits(scene: Scene, item: LoadedItem) -> list[Permit]:
    """Those of one item; reads nothing more."""
    return list(_permits(scene, item))


def _permits(scene: Scene, item: LoadedItem) -> Iterator[Permit]:
    if item.waiver and item.state == "waived":
        yield _permit(scene, item.waiver, "waived", f"Waived until {_end(item.waiver)}{_by(item.waiver)}.")
    elif item.waiver and item.lapsed:
        yield _permit(
            scene, item.waiver, "expired", f"Its waiver expired: {_end(item.waiver)}{_by(item.waiver)}."
        )
    elif item.waiver:
        words = "A waiver stands that is no longer needed: the item is settled without it."
        yield _permit(scene, item.waiver, "orphan", words)
    if item.asked:
        words = (
            f"{item.asked.requested_by.name} asked for a waiver until {_end(item.asked)}. It is not decided."
        )
        yield _permit(scene, item.asked, "review", words)


def _permit(scene: Scene, waiver: Waiver, state: str, words: str) -> Permit:
    return Permit(
        url=f"{scene.base}waivers/{waiver.pk}/",
        state=state,
        words=words,
        reason=legibly(waiver.reason, TEXT),
        mitigation=legibly(waiver.mitigation, TEXT),
    )


def _end(waiver: Waiver) -> str:
    return zones.words(waiver.expires_at, waiver.expires_zone)


def _by(waiver: Waiver) -> str:
    if not waiver.decided_by:
        return ""
    return f", approved by {waiver.decided_by.name} as {MemberRole(waiver.decided_as).label.lower()}"
