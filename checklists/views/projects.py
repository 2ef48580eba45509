"""Projects: list, create, look, and the owner's forms."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists import clock, queries
from checklists.actions import projects
from checklists.forms.base import EnvironmentForm, Form, ProjectForm
from checklists.forms.people import MemberForm
from checklists.models import MemberRole, Membership, Project
from checklists.permissions import Act, may
from checklists.reads import rehearsals, stages
from checklists.shown.lists import gate_line
from checklists.shown.rehearsals import fresh
from checklists.views.doors import done, project_for
from checklists.views.visit import Request, SeeOther, signed_in
from readiness.engine.errors import ReadinessError


@require_GET
@signed_in
def project_list(request: Request) -> HttpResponse:
    """The person's projects."""
    return render(request, "checklists/project_list.html", {"projects": queries.projects_of(request.user)})


@require_http_methods(["GET", "POST"])
@signed_in
def project_create(request: Request) -> HttpResponse:
    """Everybody with an account may create a project and becomes its owner."""
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = done(request, form, projects.create, **form.cleaned_data)
        if made:
            return SeeOther(reverse("project", args=[made.slug]))
    return render(request, "checklists/project_create.html", {"form": form})


@require_GET
@signed_in
def project(request: Request, slug: str) -> HttpResponse:
    """Releases with their gates, members, environments."""
    found, roles = project_for(request.user, slug)
    return _page(request, found, roles)


def _page(
    request: Request,
    found: Project,
    roles: frozenset[str],
    *,
    member: Form | None = None,
    environment: Form | None = None,
) -> HttpResponse:
    people = found.memberships.filter(person__is_service=False).select_related("person")
    members = people.order_by("person__username", "role")
    now = clock.now()
    context = {
        "project": found,
        "releases": [
            (release, [gate_line(queries.up_to_date(gate, now)) for gate in release.gates.all()])
            for release in queries.releases_of(found)
        ],
        "members": members,
        "now": now,
        "environments": found.environments.all(),
        "stages": stages.of(found),
        "deployed": stages.deployed(found.pk),
        "fresh": [fresh(status, now) for status in rehearsals.statuses(found, now)],
        "roles": sorted(MemberRole(role).label for role in roles),
        "may_release": may(roles, Act.CREATE_RELEASE),
        "may_manage": may(roles, Act.MEMBERS),
        "member_form": member or MemberForm(prefix="member"),
        "environment_form": environment or EnvironmentForm(prefix="environment"),
    }
    return render(request, "checklists/project.html", context)


@require_POST
@signed_in
def member_add(request: Request, slug: str) -> HttpResponse:
    """Give a person a role."""
    found, roles = project_for(request.user, slug, Act.MEMBERS)
    form = MemberForm(request.POST, prefix="member")
    if form.is_valid():
        person, role = form.cleaned_data["username"], form.cleaned_data["role"]
        until = form.cleaned_data["until"]
        if done(request, form, projects.add_member, project=found, person=person, role=role, until=until):
            return _back(request, found, f"{person.name} is now {MemberRole(role).label.lower()}.")
    return _page(request, found, roles, member=form)


@require_POST
@signed_in
def member_remove(request: Request, slug: str, pk: int) -> HttpResponse:
    """Take a role away."""
    found, _ = project_for(request.user, slug, Act.MEMBERS)
    membership = get_object_or_404(Membership.objects.select_related("person"), pk=pk, project=found)
    said = f"{membership.person.name} is no longer {membership.get_role_display().lower()}."
    try:
        projects.remove_member(project=found, by=request.user, membership=membership)
    except ReadinessError as error:
        messages.error(request, str(error))
        return SeeOther(reverse("project", args=[found.slug]))
    if membership.person == request.user and not found.memberships.filter(person=request.user).exists():
        messages.success(request, said)
        return SeeOther(reverse("project-list"))
    return _back(request, found, said)


@require_POST
@signed_in
def environment_add(request: Request, slug: str) -> HttpResponse:
    """Add an environment."""
    found, roles = project_for(request.user, slug, Act.ENVIRONMENTS)
    form = EnvironmentForm(request.POST, prefix="environment")
    if form.is_valid():
        name = form.cleaned_data["name"]
        if done(request, form, projects.add_environment, project=found, name=name):
            return _back(request, found, f"Gates can now lead to {name}.")
    return _page(request, found, roles, environment=form)


def _back(request: Request, found: Project, said: str) -> HttpResponse:
    messages.success(request, said)
    return SeeOther(reverse("project", args=[found.slug]))
