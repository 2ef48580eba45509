"""What happened to an item, in sentences, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from checklists import zones
from checklists.audit import VERBS
from checklists.models import AuditEntry
from checklists.queries import ItemHistory
from checklists.reports.legible import legibly
from checklists.shown import states


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry: when, who, what, and its details."""

    at: str
    iso: str
    who: str
    what: str
    details: list[str]
    seq: int


def lines(history: ItemHistory, now: datetime) -> list[Line]:
    """The item's audit entries as sentences."""
    return told(history.entries, now)


def told(entries: Iterable[AuditEntry], now: datetime) -> list[Line]:
    """Audit entries as sentences, in their order."""
    return [_line(entry, now) for entry in entries]


def _line(entry: AuditEntry, now: datetime) -> Line:
    local = timezone.localtime(entry.at)
    year = "" if local.year == timezone.localtime(now).year else f" {local.year}"
    return Line(
        at=f"{local.day} {local:%b}{year} {local:%H:%M:%S}",
        iso=entry.at.isoformat(),
        who=entry.actor_name,
        what=VERBS[entry.verb],
        details=[legibly(detail, 500) for detail in _details(entry)],
        seq=entry.seq,
    )


def _details(entry: AuditEntry) -> Iterator[str]:
    data = entry.data
    before, after = data.get("before", {}), data.get("after", {})
    if "state" in after:
        yield f"{_word(before.get('state'))} → {_word(after['state'])}"
    if after.get("reason"):
        yield f"“{after['reason']}”"
    for key in ("reason", "text", "name", "url"):
        if data.get(key):
            yield str(data[key])
    if data.get("via"):
        yield f"by the token {data['via']}"
    if data.get("expires_at"):
        yield f"expires {zones.words(datetime.fromisoformat(data['expires_at']), 'UTC')}"
    if data.get("sha256"):
        yield f"sha256:{data['sha256']}"
    yield from (str(message) for message in data.get("messages", []))


def _word(state: object) -> str:
    look = states.LOOKS.get(str(state))
    return look.word if look else str(state or "–")
