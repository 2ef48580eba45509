"""What the page of the audit log reads: entries by stream, project, person, act, day, token and words."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from checklists import audit
from checklists.models import AuditEntry, ChecklistVersion, Checkpoint, Gate, Person
from checklists.queries import SYSTEM, stream_labels

# Verbs of attempts that were refused.
REFUSED = frozenset(
    {"signing.refused", "act.refused", "access.sign_in_failed", "access.locked_out", "access.refused",
     "access.foreign", "access.token_refused", "access.more", "report.failed"}
) & frozenset(audit.VERBS)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asked for. `verb` is a verb or, without a dot, a group of them; empty is everything."""

    stream: str = ""
    project: str = ""
    person: str = ""
    verb: str = ""
    refused: bool = False
    since: date | None = None
    until: date | None = None
    token: str = ""
    words: str = ""

    @property
    def whole_stream(self) -> bool:
        """One stream and nothing left out."""
        return bool(self.stream) and self == Wanted(stream=self.stream)


def labels(person: Person) -> dict[str, str]:
    """The streams that a person may read, by name; two queries."""
    found = stream_labels(person)
    return {audit.ACCESS: "Sign-ins and refusals", **found} if person.is_staff else found


def projects(streams: Mapping[str, str]) -> dict[str, str]:
    """The projects among them: number to name."""
    return {
        name.removeprefix("project:"): label for name, label in streams.items() if name.startswith("project:")
    }


def groups() -> dict[str, list[tuple[str, str]]]:
    """Every verb with its sentence, by what it is about."""
    found: dict[str, list[tuple[str, str]]] = {}
    for verb, words in audit.VERBS.items():
        found.setdefault(verb.partition(".")[0], []).append((verb, words))
    return found


def entries(streams: Collection[str], wanted: Wanted) -> QuerySet[AuditEntry]:
    """The entries that were asked for, newest first; never of other streams than `streams`."""
    chosen: Collection[str] = streams
    if wanted.stream:
        chosen = [wanted.stream] if wanted.stream in streams else []
    rows = AuditEntry.objects.filter(stream__in=chosen).order_by("-at", "-seq", "stream")
    if wanted.project:
        gates = Gate.objects.filter(release__project=int(wanted.project)).values_list("pk", flat=True)
        rows = rows.filter(stream__in=[f"project:{wanted.project}", *(f"gate:{pk}" for pk in gates)])
    if wanted.person:
        rows = rows.filter(actor_id=None if wanted.person == SYSTEM else int(wanted.person))
    if wanted.verb:
        whole = "." in wanted.verb
        rows = rows.filter(verb=wanted.verb) if whole else rows.filter(verb__startswith=f"{wanted.verb}.")
    if wanted.refused:
        rows = rows.filter(verb__in=REFUSED)
    return _worded(_dated(rows, wanted), wanted)


def _dated(rows: QuerySet[AuditEntry], wanted: Wanted) -> QuerySet[AuditEntry]:
    if wanted.since:
        rows = rows.filter(at__gte=_start(wanted.since))
    return rows.filter(at__lt=_start(wanted.until + timedelta(days=1))) if wanted.until else rows


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def _worded(rows: QuerySet[AuditEntry], wanted: Wanted) -> QuerySet[AuditEntry]:
    if not (wanted.words or wanted.token):
        return rows
    rows = rows.annotate(said=Cast("data", TextField()))
    if wanted.token:
        rows = rows.filter(said__icontains=wanted.token)
    for word in wanted.words.split()[:10]:
        verbs = [verb for verb, words in audit.VERBS.items() if word.casefold() in words.casefold()]
        held = json.dumps(word, ensure_ascii=connection.vendor == "sqlite")[1:-1]
        found = Q(subject__icontains=word) | Q(actor_name__icontains=word) | Q(verb__in=verbs)
        rows = rows.filter(found | Q(said__icontains=held))
    return rows


def titles(rows: Iterable[AuditEntry]) -> dict[tuple[str, str], str]:
    """The titles of items whose keys are the subjects of entries, by stream and key: two queries."""
    gates = {
        row.stream.removeprefix("gate:") for row in rows if row.stream.startswith("gate:") and row.subject
    }
    if not gates:
        return {}
    used = dict(Gate.objects.filter(pk__in=gates).values_list("pk", "checklist_id"))
    versions = ChecklistVersion.objects.filter(pk__in=set(used.values())).only("content")
    lists = {version.pk: version.checklist for version in versions}
    return {
        (f"gate:{gate}", item.id): item.text
        for gate, version in used.items()
        for item in lists[version].items
    }


def checkpoints(streams: Collection[str]) -> QuerySet[Checkpoint]:
    """The checkpoints of these streams, newest first, with their deliveries."""
    return Checkpoint.objects.filter(stream__in=streams).order_by("-pk").prefetch_related("deliveries")
