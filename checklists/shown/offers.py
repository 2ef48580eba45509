"""What the person looking may do with an item, or why they may not."""

from __future__ import annotations

from dataclasses import dataclass, field

from checklists.loaded import LoadedItem
from checklists.models.release import ReleaseFiles
from checklists.permissions import Act
from checklists.shown.criteria import Criterion, criteria
from checklists.shown.scene import Scene, open_to


@dataclass(slots=True, kw_only=True)
class Offers:
    """What the person looking may do with the item; a reason in words where they may not."""

    tick: bool = False
    to_confirm: list[Criterion] = field(default_factory=list)
    needs_words: bool = False
    not_applicable: bool = False
    reopen: bool = False
    partial: bool = False
    run: bool = False
    attach: bool = False
    note: bool = False
    waiver: bool = False
    why_not: list[str] = field(default_factory=list)


def offers(scene: Scene, item: LoadedItem) -> Offers:
    """What may be done now, by this person; the acts decide again."""
    busy, is_open = bool(item.run_state), item.row.state == "open"
    maker, checks_pass = scene.may(Act.TICK), item.outcome in ("PASS", "WARN")
    made = Offers(attach=scene.may(Act.ATTACH), note=scene.may(Act.NOTE))
    if item.row.role:
        return made
    tickable = is_open and not busy and (item.row.needs_person and (checks_pass or not item.row.has_checks))
    made.tick = maker and tickable
    wanted = item.to_confirm if item.row.has_checks else range(len(item.spec.criteria))
    made.to_confirm = [c for c in criteria(item) if c.index in set(wanted)]
    made.needs_words = not item.row.has_checks and not item.evidence
    made.not_applicable = maker and not busy and is_open and _may_be_left_out(item)
    made.partial = maker and is_open and not busy
    made.reopen = maker and item.row.decided == "person"
    here = scene.loaded.gate.release.files != ReleaseFiles.ELSEWHERE
    made.run = scene.may(Act.RUN_CHECKS) and item.row.has_checks and not busy and here
    waivable = scene.loaded.checklist.waivers and not item.asked and item.row.state in ("open", "failed")
    made.waiver = waivable and scene.may(Act.ASK_WAIVER)
    made.why_not = list(_why_not(item, maker=maker, tickable=tickable))
    if made.waiver and item.row.state == "failed" and not item.run_state:
        made.why_not = ["A failed item clears by a new run or a waiver, never by a tick."]
    return made


def _may_be_left_out(item: LoadedItem) -> bool:
    return item.row.requirement != "mandatory" and item.row.decided != "person"


def _why_not(item: LoadedItem, *, maker: bool, tickable: bool) -> list[str]:
    if not maker:
        return [f"Ticking and running checks is {open_to(Act.TICK)}."]
    if item.run_state:
        return ["The checks of this item are under way; their result appears here."]
    if item.row.state == "failed":
        return ["A failed item clears by a new run, never by a tick."]
    if item.row.state == "open" and not tickable and item.row.has_checks:
        return ["The checks decide this item." if not item.row.needs_person else "Its checks come first."]
    return []
