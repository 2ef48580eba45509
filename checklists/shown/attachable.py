"""The evidence that a report's PDF may take in: what the page lists before somebody asks for a report."""

from __future__ import annotations

from dataclasses import dataclass

from checklists.models import Evidence, Gate
from checklists.models.evidence import EvidenceKind
from checklists.reports.attached import MOST_BYTES, MOST_FILES


@dataclass(frozen=True, slots=True)
class Attachable:
    """The files of a gate, each with its item's title. `too_much` says why not all of them go in one PDF."""

    files: list[tuple[Evidence, str]]
    size: int
    too_much: str


def attachable(gate: Gate) -> Attachable:
    """One query; `gate` comes with its checklist."""
    titles = {item.id: item.text for item in gate.checklist.checklist.items}
    rows = Evidence.objects.filter(item__gate=gate, removed_at=None, kind=EvidenceKind.FILE)
    files = [
        (row, titles[row.item.key]) for row in rows.select_related("item").order_by("item__position", "pk")
    ]
    size = sum({row.sha256: row.size for row, _ in files}.values())
    most = size > MOST_BYTES or len(files) > MOST_FILES
    limit = f"A PDF takes at most {MOST_FILES} files with {MOST_BYTES / 1e6:.0f} MB together: choose some."
    return Attachable(files, size, limit if most else "")
