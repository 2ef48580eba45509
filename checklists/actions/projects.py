"""Acts on projects: create, members, environments."""

from __future__ import annotations

from django.db import transaction
from django.utils.text import slugify

from checklists import audit, clock
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


def add_member(*, project: Project, by: Person, person: Person, role: str) -> Membership:
    """Give a person a role. Owners only.

    Raises Forbidden, Refused (unknown role, twice, deactivated, oneself, a service account).
    """
    require(by, project, Act.MEMBERS)
    if role not in MemberRole.values:
        raise Refused(f"There is no role {role!r}.")
    if not person.is_active:
        raise Refused(f"{person.name} is deactivated.")
    if person.is_service:
        raise Refused(SERVICE_ELSEWHERE, SERVICE_ADVICE)
    if person == by:
        raise Refused("Nobody gives a role to themselves.", "Ask another owner.")
    with transaction.atomic():
        membership, created = Membership.objects.get_or_create(project=project, person=person, role=role)
        if not created:
            raise Refused(f"{person.name} already is {MemberRole(role).label.lower()}.")
        _log(project, by, "member.added", person.name, role=role, person=person.pk)
    return membership


def remove_member(*, project: Project, by: Person, membership: Membership) -> None:
    """Take a role away. Raises Forbidden, Refused for the last owner."""
    require(by, project, Act.MEMBERS)
    if membership.person.is_service:
        raise Refused("A service account keeps its role.", "Deactivate it on the project's page for access.")
    with transaction.atomic():
        # Locked, so that two owners cannot remove each other at once.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        owners = Membership.objects.filter(project=project, role=OWNER, person__is_active=True)
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
