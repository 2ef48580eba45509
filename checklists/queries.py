"""What pages read: each function a constant number of queries, whatever the number of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet, Subquery

from checklists import audit, clock
from checklists.loaded import load, summary
from checklists.models import (
    AuditEntry,
    ChecklistVersion,
    CheckRun,
    Gate,
    GateItem,
    GateRole,
    Membership,
    Note,
    Person,
    Project,
    Release,
    SignOff,
)
from checklists.models.gate import GateVerdict
from checklists.permissions import SIGNING_ROLES

HEAVY = ("checklist__source", "checklist__content", "checklist__html")


def visible_gates(person: Person) -> QuerySet[Gate]:
    """Gates of a person's projects, newest first, with release, project, checklist and environment."""
    return (
        Gate.objects.filter(release__project__in=Project.objects.visible_to(person))
        .select_related("release__project", "checklist", "environment", "opened_by")
        .defer(*HEAVY)
        .order_by("-opened_at")
    )


def up_to_date(gate: Gate, now: datetime) -> Gate:
    """The gate, judged anew when time alone has changed what was kept for lists; nothing is written."""
    if gate.verdict_until is None or gate.verdict_until > now:
        return gate
    loaded = load(gate.pk)
    judged = loaded.judge(now)
    gate.verdict, gate.digest = judged.verdict.state.value, judged.digest
    gate.summary = summary(loaded, judged)
    return gate


def waiting_roles(person: Person, now: datetime | None = None) -> QuerySet[GateRole]:
    """Roles in which this person may sign a ready gate and which lack a signature of its present state.

    Rows carry gate, release and project. Roles somebody else already signed are not waiting, nor those of a
    gate whose waiver expired a moment ago: what it says now is kept at the next sweep.
    """
    now = now or clock.now()
    held = Membership.objects.live(now).filter(
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
            Q(gate__verdict_until=None) | Q(gate__verdict_until__gt=now),
            dropped_reason="",
            gate__superseded_by=None,
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


def gates_with_work(person: Person, most: int = 50) -> list[Gate]:
    """The person's newest gates, each with `to_tick`: open items that wait for a person, not for a check.

    One query, more for gates whose waiver expired since the last sweep. An item with checks waits for a
    person only once its checks have passed.
    """
    decidable = Q(items__has_checks=False) | Q(items__run__outcome__in=["PASS", "WARN"])
    waits = Q(items__state="open", items__needs_person=True, items__role="") & decidable
    rows = (
        visible_gates(person).filter(superseded_by=None).annotate(to_tick=Count("items", filter=waits))[:most]
    )
    now = clock.now()
    return [up_to_date(gate, now) for gate in rows]


def roles_by_project(person: Person) -> dict[int, frozenset[str]]:
    """The person's roles in each of their projects: one query."""
    held: dict[int, set[str]] = defaultdict(set)
    live = Membership.objects.live(clock.now()).filter(person=person)
    for project, role in live.values_list("project", "role"):
        held[project].add(role)
    return {project: frozenset(roles) for project, roles in held.items()}


def projects_of(person: Person) -> QuerySet[Project]:
    """The person's projects with `release_count`, `member_count` and `newest`, by name: one query."""
    newest = Release.objects.filter(project=OuterRef("pk")).order_by("-created_at", "-pk")
    live = Q(memberships__expires_at=None) | Q(memberships__expires_at__gt=clock.now())
    return (
        Project.objects.visible_to(person)
        .annotate(
            release_count=Count("releases", distinct=True),
            member_count=Count("memberships__person", distinct=True, filter=live),
            newest=Subquery(newest.values("version")[:1]),
        )
        .order_by("name")
    )


def releases_of(project: Project) -> QuerySet[Release]:
    """A project's releases, newest first, each with its gates: two queries."""
    gates = Gate.objects.select_related("environment", "checklist").defer(*HEAVY)
    return (
        project.releases.select_related("snapshot", "parameters", "created_by")
        .prefetch_related(Prefetch("gates", gates.order_by("opened_at")))
        .order_by("-created_at", "-pk")
    )


def published_checklists(person: Person) -> QuerySet[ChecklistVersion]:
    """Published versions that a person may read, newest of each name first, without source and HTML.

    A project's own are for its members, the others for everybody.
    """
    readable = Q(project=None) | Q(project__in=Project.objects.visible_to(person))
    rows = ChecklistVersion.objects.filter(readable).select_related("published_by", "project")
    return rows.defer("source", "html").order_by("slug", "-published_at")


def stream_labels(person: Person) -> dict[str, str]:
    """Audit streams a person may read, with their names for people: two queries.

    The installation's own stream (accounts, published checklists) is for its administrators.
    """
    projects = Project.objects.visible_to(person).order_by("name")
    labels = {f"project:{project.pk}": project.name for project in projects}
    for gate in visible_gates(person):
        labels[gate.stream] = str(gate)
    return {audit.INSTALLATION: "This installation", **labels} if person.is_staff else labels


SYSTEM = "system"


def audit_actors(streams: Collection[str]) -> dict[str, str]:
    """Who acted in these streams, by name: an account's number, or SYSTEM, to a name: one query."""
    rows = AuditEntry.objects.filter(stream__in=streams).order_by().values_list("actor_id")
    named = rows.annotate(name=Max("actor_name")).order_by("name", "actor_id")
    return {SYSTEM if pk is None else str(pk): name for pk, name in named}


def audit_entries(streams: Collection[str], verb: str = "", actor: str = "") -> QuerySet[AuditEntry]:
    """Entries of these streams, newest first; `actor` is a key of `audit_actors`."""
    rows = AuditEntry.objects.filter(stream__in=streams).order_by("-at", "-seq", "stream")
    if actor:
        rows = rows.filter(actor_id=None if actor == SYSTEM else int(actor))
    return rows.filter(verb=verb) if verb else rows
