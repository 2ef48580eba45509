"""Entries of the audit log for its page: sentence, details, titles for keys, and where they came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from checklists.models import AuditEntry
from checklists.reads.audit_log import REFUSED
from checklists.reports.legible import legibly
from checklists.shown import history
from checklists.shown.history import Line

DOORS = {"page": "on a page", "api": "by the API", "command": "by a command", "worker": "by a worker"}
SHOWN_BY_HISTORY = {"state", "reason"}
MOST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An entry, its sentence, what it is about in words, the name of its stream, and more about it."""

    entry: AuditEntry
    line: Line
    about: str
    stream: str
    more: list[str]
    refused: bool


def shown(
    entries: Sequence[AuditEntry],
    labels: Mapping[str, str],
    titles: Mapping[tuple[str, str], str],
    now: datetime,
) -> list[Shown]:
    """The entries in their order."""
    return [
        Shown(
            entry=entry,
            line=line,
            about=titles.get((entry.stream, entry.subject), entry.subject),
            stream=labels[entry.stream],
            more=[legibly(text, 300) for text in _more(entry.data)],
            refused=entry.verb in REFUSED,
        )
        for entry, line in zip(entries, history.told(entries, now), strict=True)
    ]


def _more(data: Mapping[str, Any]) -> Iterator[str]:
    yield from _changes(data.get("before"), data.get("after"))
    if data.get("why"):
        yield f"“{data['why']}”"
    if data.get("with"):
        yield f"with: {data['with']}"
    if data.get("token"):
        yield f"token {data['token']}…"
    if data.get("more"):
        yield f"and {data['more']} more within a minute"
    if "statement" in data and "entries" in data:
        yield f"{data['entries']} entries left the database"
    came = data.get("from")
    if isinstance(came, Mapping):
        address = f", from {came['address']}" if came.get("address") else ""
        yield f"{DOORS.get(str(came.get('door')), str(came.get('door')))}{address}"


def _changes(before: object, after: object) -> Iterator[str]:
    """Whatever differs before and after, but for what the sentence itself shows."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        if before is not None or after is not None:
            yield f"{_short(before)} → {_short(after)}"
        return
    for key in sorted({*before, *after} - SHOWN_BY_HISTORY):
        if before.get(key) != after.get(key):
            yield f"{key.replace('_', ' ')}: {_short(before.get(key))} → {_short(after.get(key))}"


def _short(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, Mapping):
        value = ", ".join(f"{key} {_short(each)}" for key, each in value.items())
    elif isinstance(value, list):
        value = ", ".join(map(_short, value)) or "–"
    text = str(value)
    return text if len(text) <= MOST else f"{text[:MOST]}…"
