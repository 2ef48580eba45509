"""The audit trail of a gate, as far as a report prints it: newest entries last, bounded, with the head."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checklists.audit import GENESIS, VERBS
from checklists.models import AuditEntry, AuditStream, Checkpoint
from checklists.reports.moments import moment

MOST_ENTRIES = 150
LONGEST_DETAIL = 300


def trail(stream: str, upto: Checkpoint | None = None) -> dict[str, Any]:
    """`{stream, length, head: "seq:hash", entries[]}`: two queries. The newest MOST_ENTRIES, in order.

    `upto` is a signed head: entries that came after it are left out.
    """
    head = upto or AuditStream.objects.filter(pk=stream).first()
    length = head.length if head else 0
    newest = AuditEntry.objects.filter(stream=stream, seq__lte=length).order_by("-seq")[:MOST_ENTRIES]
    return {
        "stream": stream,
        "length": length,
        "head": f"{length}:{head.head}" if head else f"0:{GENESIS}",
        "entries": [_entry(entry) for entry in reversed(newest)],
    }


def _entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "at": moment(entry.at),
        "who": entry.actor_name,
        "verb": entry.verb,
        "what": VERBS.get(entry.verb, entry.verb),
        "subject": entry.subject,
        "details": [_short(detail) for detail in _details(entry)],
        "hash": entry.hash,
    }


def _details(entry: AuditEntry) -> Iterator[str]:
    data = entry.data
    before, after = data.get("before") or {}, data.get("after") or {}
    if "state" in after and before.get("state") != after["state"]:
        yield f"{before.get('state', '–')} → {after['state']}"
    for source in (after, data):
        for key in ("reason", "comment", "text", "name", "url", "error"):
            if source.get(key):
                yield str(source[key])
    if data.get("via"):
        yield f"by the token {data['via']}"
    if data.get("sha256"):
        yield f"sha256 {data['sha256']}"
    yield from (str(message) for message in data.get("messages", []))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_DETAIL else f"{text[: LONGEST_DETAIL - 1]}…"
