"""Acts on projects: create, members, environments."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from checklists import audit, clock
from checklists.actions.members import check_end, in_data
from checklists.errors import Refused
from checklists.models import Environment, MemberRole, Membership, Person, Project
from checklists.permissions import OWNER, Act, require

LAST_OWNER = "The last owner cannot be removed."
SERVICE_ELSEWHERE = "A service account has one role in its own project and takes no other."
SERVICE_ADVICE = "Create a service account on the project's page for access."


def create(
    *, by: Person, name: str, description: str = "", environments: tuple[str, ...] = ("production",)
) -> Project:
    """Create a project; its creator becomes owner. Raises Refused when the name is taken or empty."""
    slug = slugify(name)[:50]
    if not slug:
        raise Refused("A project needs a name with letters or digits.")
    with transaction.atomic():
        now = clock.now()
        project, created = Project.objects.get_or_create(
            slug=slug,
            defaults={
                "name": name.strip(),
                "description": description.strip(),
                "created_by": by,
                "created_at": now,
            },
        )
        if not created:
            raise Refused(f"There is already a project called {name!r}.", "Choose another name.")
        Membership.objects.create(project=project, person=by, role=OWNER)
        for environment in environments:
            Environment.objects.create(project=project, name=environment)
        _log(project, by, "project.created", name, environments=list(environments))
    return project


def add_member(
    *, project: Project, by: Person, person: Person, role: str, until: datetime | None = None
) -> Membership:
    """Give a person a role, perhaps with an end; an auditor's must have one. Owners only.

    Raises Forbidden, Refused (unknown role, end, twice, deactivated, oneself, a service account).
    """
    require(by, project, Act.MEMBERS)
    now = clock.now()
    check_end(role, until, now)
    if not person.is_active:
        raise Refused(f"{person.name} is deactivated.")
    if person.is_service:
        raise Refused(SERVICE_ELSEWHERE, SERVICE_ADVICE)
    if person == by:
        raise Refused("Nobody gives a role to themselves.", "Ask another owner.")
    ends = {"until": in_data(until)} if until else {}
    with transaction.atomic():
        membership, created = Membership.objects.get_or_create(
            project=project, person=person, role=role, defaults={"expires_at": until}
        )
        if not created:
            raise _already(membership, now)
        _log(project, by, "member.added", person.name, role=role, person=person.pk, **ends)
    return membership


def _already(membership: Membership, now: datetime) -> Refused:
    label = MemberRole(membership.role).label.lower()
    if membership.expires_at and membership.expires_at <= now:
        return Refused(
            f"{membership.person.name} was {label}, until {membership.expires_at:%Y-%m-%d}.",
            "Set another end on the members’ page.",
        )
    return Refused(f"{membership.person.name} already is {label}.")


def remove_member(*, project: Project, by: Person, membership: Membership) -> None:
    """Take a role away. Raises Forbidden, Refused for the last owner."""
    require(by, project, Act.MEMBERS)
    if membership.person.is_service:
        raise Refused("A service account keeps its role.", "Deactivate it on the project's page for access.")
    with transaction.atomic():
        # Locked, so that two owners cannot remove each other at once.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        owners = Membership.objects.live(clock.now()).filter(
            project=project, role=OWNER, person__is_active=True
        )
        if membership.role == OWNER and owners.count() == 1:
            raise Refused(LAST_OWNER, "Make somebody else owner first.")
        person, role = membership.person, membership.role
        membership.delete()
        _log(project, by, "member.removed", person.name, role=role, person=person.pk)


def add_environment(*, project: Project, by: Person, name: str) -> Environment:
    """Add an environment. Raises Forbidden, Refused."""
    require(by, project, Act.ENVIRONMENTS)
    name = name.strip()
    if not name:
        raise Refused("An environment needs a name.")
    if Environment.objects.filter(project=project, name__iexact=name).exists():
        raise Refused(f"There is already an environment called {name!r}.")
    with transaction.atomic():
        environment = Environment.objects.create(project=project, name=name)
        _log(project, by, "environment.added", name)
    return environment


def _log(project: Project, by: Person, verb: str, subject: str, **data: object) -> None:
    audit.append(f"project:{project.pk}", by=by, verb=verb, at=clock.now(), subject=subject, data=data)
