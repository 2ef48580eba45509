"""Which projects somebody reads as an auditor and by no other role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from checklists import clock
from checklists.models import AuditEntry, Membership, Person
from checklists.permissions import AUDITOR

READ = "auditor.read"


@dataclass(frozen=True, slots=True)
class Audited:
    """A project that somebody reads as its auditor, and the end of that."""

    pk: int
    slug: str
    name: str
    until: datetime


def is_auditor(person: str = "pk") -> Exists:
    """For queries that load a person (by that column) anyway: whether they are an auditor anywhere now."""
    held = Membership.objects.live(clock.now()).filter(person=OuterRef(person), role=AUDITOR)
    return Exists(held)


def audits(person: Person) -> bool:
    """Whether the person is an auditor of any project now: one query."""
    return Membership.objects.live(clock.now()).filter(person=person, role=AUDITOR).exists()


def audited(person: Person) -> list[Audited]:
    """Projects in which the person holds the role of auditor and no other: one query."""
    rows = Membership.objects.live(clock.now()).filter(person=person).select_related("project")
    found: dict[int, list[Membership]] = {}
    for row in rows.order_by("project__name"):
        found.setdefault(row.project_id, []).append(row)
    return [
        Audited(pk, rows[0].project.slug, rows[0].project.name, rows[0].expires_at)
        for pk, rows in found.items()
        if len(rows) == 1 and rows[0].role == AUDITOR and rows[0].expires_at
    ]


def noted(stream: str, person: Person, path: str, *, since: timedelta) -> bool:
    """Whether this reading is in the project's log already, that recently: one query."""
    mine = AuditEntry.objects.filter(stream=stream, verb=READ, actor_id=person.pk, subject=path)
    return mine.filter(at__gt=clock.now() - since).exists()
