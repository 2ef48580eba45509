"""Carrying over to an upgraded gate what holds still."""

from __future__ import annotations

from checklists.loaded import LoadedGate, LoadedItem
from checklists.models import Evidence, Gate, GateItem, GateRole, Note

KEPT = ("state", "decided", "decided_by", "decided_at", "reason", "partial", "confirmed", "run")


def carry_over(loaded: LoadedGate, made: Gate, same: set[str]) -> list[str]:
    """Items that are the same keep their state; every item keeps its papers, a dropped role its reason.

    Returns the keys of items that had been settled and are open again.
    """
    rows = {row.key: row for row in GateItem.objects.filter(gate=made)}
    reopened = []
    for item in loaded.items:
        row = rows.get(item.key)
        if row is None:
            continue
        if item.key in same:
            for name in KEPT:
                setattr(row, name, getattr(item.row, name))
            row.save(update_fields=KEPT)
        elif item.row.state != "open":
            reopened.append(item.key)
        _copy_papers(item, row)
    _copy_roles(loaded, made)
    return reopened


def _copy_papers(item: LoadedItem, row: GateItem) -> None:
    names = ("kind", "name", "sha256", "size", "media_type", "url", "added_by", "added_at")
    Evidence.objects.bulk_create(
        Evidence(item=row, **{name: getattr(piece, name) for name in names}) for piece in item.evidence
    )
    notes = Note.objects.filter(item=item.row).select_related("by")
    Note.objects.bulk_create(Note(item=row, text=note.text, by=note.by, at=note.at) for note in notes)


def _copy_roles(loaded: LoadedGate, made: Gate) -> None:
    for role in loaded.roles:
        if role.dropped_reason:
            GateRole.objects.filter(gate=made, role=role.role, conditional=True).update(
                dropped_reason=role.dropped_reason, dropped_by=role.dropped_by, dropped_at=role.dropped_at
            )
