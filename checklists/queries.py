"""What pages read: each function a constant number of queries, whatever the number of rows."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from checklists.models import (
    AuditEntry,
    CheckRun,
    Gate,
    GateItem,
    GateRole,
    Membership,
    Note,
    Person,
    Project,
    SignOff,
)
from checklists.models.gate import GateVerdict
from checklists.permissions import SIGNING_ROLES


def visible_gates(person: Person) -> QuerySet[Gate]:
    """Gates of a person's projects, newest first, with release, project, checklist and environment."""
    return (
        Gate.objects.filter(release__project__in=Project.objects.visible_to(person))
        .select_related("release__project", "checklist", "environment", "opened_by")
        .defer("checklist__source", "checklist__content", "checklist__html")
        .order_by("-opened_at")
    )


def waiting_roles(person: Person) -> QuerySet[GateRole]:
    """Roles in which this person may sign a ready gate and which lack a signature of its present state.

    Rows carry gate, release and project. Roles somebody else already signed are not waiting.
    """
    held = Membership.objects.filter(
        person=person, project=OuterRef("gate__release__project"), role=OuterRef("role")
    )
    signed = SignOff.objects.filter(
        gate=OuterRef("gate"), role=OuterRef("role"), live=True, digest=OuterRef("gate__digest")
    )
    mine_elsewhere = SignOff.objects.filter(gate=OuterRef("gate"), person=person, live=True).exclude(
        role=OuterRef("role")
    )
    return (
        GateRole.objects.filter(
            Exists(held),
            ~Exists(signed),
            ~Exists(mine_elsewhere),
            dropped_reason="",
            role__in=SIGNING_ROLES,
            gate__verdict=GateVerdict.READY,
        )
        .select_related("gate__release__project", "gate__environment")
        .order_by("gate__opened_at")
    )


@dataclass(frozen=True, slots=True)
class ItemHistory:
    """What happened to one item: its audit entries and runs, newest first, and its notes."""

    entries: list[AuditEntry]
    runs: list[CheckRun]
    notes: list[Note]


def item_history(gate: Gate, key: str, item: int) -> ItemHistory:
    """History of an item: three queries."""
    return ItemHistory(
        entries=list(AuditEntry.objects.filter(stream=gate.stream, subject=key).order_by("-seq")[:50]),
        runs=list(CheckRun.objects.filter(item=item).select_related("requested_by").order_by("-id")[:20]),
        notes=list(Note.objects.filter(item=item).select_related("by").order_by("id")),
    )


def changed_keys(gate: int, since: int) -> list[str]:
    """Keys of items that changed after a revision, in order: one query, for the poller."""
    rows = GateItem.objects.filter(gate=gate, changed_in__gt=since).order_by("position")
    return list(rows.values_list("key", flat=True))


def visible_streams(person: Person) -> list[str]:
    """Audit streams a person may read: the installation's, and those of their projects and gates."""
    projects = list(Project.objects.visible_to(person).values_list("pk", flat=True))
    gates = Gate.objects.filter(release__project__in=projects).values_list("pk", flat=True)
    return ["installation", *(f"project:{pk}" for pk in projects), *(f"gate:{pk}" for pk in gates)]
