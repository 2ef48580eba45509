"""What changed since a signature that went stale: item, from, to, by whom and when.

The snapshots say what changed; who did it and when stands in the gate's audit log, in the last entry since
the signature that is about that item and that kind of change. Where the log names nobody (time passed, an
earlier stage changed), nobody is named here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checklists.loaded import Judged, LoadedGate
from checklists.models import AuditEntry, SignOff
from checklists.snapshot import Change, changes

EVERYTHING = ("parameters.set", "release.snapshot", "release.pushed")  # what empties all results at once
RUNS = ("run.finished", "run.ended", "run.reported")
TICKS = ("item.ticked", "item.reopened", "item.not_applicable")
WAIVERS = ("waiver.approved", "waiver.revoked", "waiver.expired")
ROLES = ("role.dropped", "role.restored")
BY_WHAT = {
    "evidence added": ("evidence.attached",),
    "evidence removed": ("evidence.removed",),
    "waiver": WAIVERS,
    "role": ROLES,
    "parameter": ("parameters.set",),
    "bar moved after result": ("parameters.set",),
    "checked by": RUNS,
    "files": RUNS,
    "check result": RUNS,
    "state": (*TICKS, *RUNS, *WAIVERS, *EVERYTHING),
    "reason": (*TICKS, *EVERYTHING),
    "confirmed criteria": (*TICKS, *EVERYTHING),
    "decided by": (*TICKS, *EVERYTHING),
}
WHOLE = {"Run files": ("release.snapshot", "release.pushed")}
MEASURED = (*RUNS, *EVERYTHING)
VERBS = {verb for verbs in (*BY_WHAT.values(), MEASURED) for verb in verbs}


def since(loaded: LoadedGate, judged: Judged) -> dict[int, list[Change]]:
    """Of each stale signature, by its id, what changed since: one query, none where nothing is stale."""
    stale = [row for row in loaded.signoffs if row.digest != judged.digest]
    entries = _entries(loaded, stale)
    return {row.pk: [_told(one, row, entries) for one in _changes(row, judged)] for row in stale}


def _changes(row: SignOff, judged: Judged) -> list[Change]:
    return changes(row.snapshot, judged.snapshot)


def _entries(loaded: LoadedGate, stale: Sequence[SignOff]) -> list[AuditEntry]:
    """The last entry comes first."""
    if not stale:
        return []
    first = min(row.signed_at for row in stale)
    found = AuditEntry.objects.filter(stream=loaded.gate.stream, verb__in=VERBS, at__gte=first)
    return list(found.order_by("-seq").only("at", "actor_name", "verb", "subject", "data"))


def _told(change: Change, row: SignOff, entries: Sequence[AuditEntry]) -> Change:
    entry = next((e for e in entries if e.at >= row.signed_at and _about(change, e)), None)
    return replace(change, by=entry.actor_name, at=entry.at) if entry else change


def _about(change: Change, entry: AuditEntry) -> bool:
    verbs = WHOLE.get(change.title, ()) if change.what == "changed" else BY_WHAT.get(change.what, MEASURED)
    if entry.verb not in verbs:
        return False
    if entry.verb in EVERYTHING:
        return change.what != "parameter" or change.title in entry.data.get("after", {})
    named = change.item or (change.title if change.what == "role" else f"rule {change.title}")
    same_piece = entry.data.get("name") == (change.new or change.old)
    return entry.subject == named and (same_piece or not change.what.startswith("evidence"))
