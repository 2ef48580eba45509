"""Releases: create one with its gate, look at what it promised, change that, open another gate."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists import clock, queries
from checklists.actions import archives, gates, releases, run_directory
from checklists.forms.base import PREFIX, ChangeForm, Form, GateForm, ReleaseForm, published
from checklists.models import ChecklistVersion, Gate, Project, Release
from checklists.models.gate import Stage
from checklists.permissions import Act, may
from checklists.reads import rehearsals
from checklists.reads import stages as stage_rows
from checklists.shown.lists import gate_line, promised
from checklists.shown.rehearsals import Fresh, fresh
from checklists.views.doors import done, project_for, release_for
from checklists.views.visit import Request, SeeOther, signed_in, whole
from readiness.engine import library as builtin


@require_http_methods(["GET", "POST"])
@signed_in
def release_create(request: Request, slug: str) -> HttpResponse:
    """A new release of a run directory, and its gate; on success the gate's page."""
    project, _ = project_for(request.user, slug, Act.CREATE_RELEASE)
    form = _form(request, project)
    if request.method == "POST" and "again" not in request.POST and form.is_valid():
        made = _create(request, project, form)
        if made:
            return SeeOther(reverse("gate" if isinstance(made, Gate) else "release", args=[made.pk]))
    opening = [row for row in stage_rows.of(project) if row.stage != Stage.POST_DEPLOYMENT]
    context = {"project": project, "form": form, "stages": opening}
    return render(request, "checklists/release_create.html", context)


def _form(request: Request, project: Project) -> ReleaseForm:
    offered = run_directory.run_directories()
    asked = stage_rows.checklists_of(project)
    if asked:
        declared = stage_rows.declared(asked)
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        return ReleaseForm(*sent, project=project, offered=offered, declared=declared, staged=True)
    chosen = _chosen(request, project)
    declared = chosen.checklist.parameters if chosen else ()
    if request.method == "GET":
        first = {"checklist": chosen, "environment": project.environments.order_by("name").first()}
        return ReleaseForm(project=project, offered=offered, declared=declared, initial=first)
    if "again" not in request.POST:
        return ReleaseForm(request.POST, request.FILES, project=project, offered=offered, declared=declared)
    # Another checklist was chosen: its own defaults, and whatever was typed already.
    typed = {name: value for name, value in request.POST.items() if value or not name.startswith(PREFIX)}
    return ReleaseForm(project=project, offered=offered, declared=declared, initial=typed)


def _chosen(request: Request, project: Project) -> ChecklistVersion | None:
    asked = whole(request.POST.get("checklist", request.GET.get("checklist")), otherwise=0)
    rows = published(project)
    return rows.filter(pk=asked).first() or _usual(project) or rows.order_by("-published_at").first()


def _usual(project: Project) -> ChecklistVersion | None:
    """What the last gate of the first environment used, in its newest version; else the built-in one."""
    where = project.environments.order_by("name").first()
    gates_there = Gate.objects.filter(release__project=project, environment=where)
    last = gates_there.select_related("checklist").order_by("-opened_at", "-pk").first()
    return stage_rows.newest(project, last.checklist.slug if last else builtin.DEFAULT)


def _create(request: Request, project: Project, form: ReleaseForm) -> Gate | Release | None:
    """The new release's gate; the release itself where the project's stages opened its gates."""
    data = form.cleaned_data
    archive = data["archive"]
    release = done(
        request,
        form,
        archives.create if archive else releases.create,
        project=project,
        version=data["version"],
        **({"archive": archive} if archive else {"root": data["root"]}),
        checklist=data.get("checklist"),
        parameters=form.values(),
        planned_for=data["planned_for"],
    )
    if release is None or "checklist" not in data:
        return release
    where = {"checklist": data["checklist"], "environment": data["environment"]}
    return done(request, form, gates.open_gate, release=release, **where)


@require_GET
@signed_in
def release(request: Request, pk: int) -> HttpResponse:
    """What the release is made of and promised, its gates, and the owner's form."""
    found, roles = release_for(request.user, pk)
    return _page(request, found, roles)


def _page(
    request: Request,
    found: Release,
    roles: frozenset[str],
    *,
    change: Form | None = None,
    gate: Form | None = None,
) -> HttpResponse:
    rows = found.gates.select_related("environment", "checklist", "release__project").order_by("opened_at")
    now = clock.now()
    opened = [queries.up_to_date(row, now) for row in rows]
    declared = stage_rows.declared(one.checklist for one in opened)
    sets = [
        (row, promised(declared, row.values) if opened else sorted(row.values.items()))
        for row in found.parameter_sets.select_related("set_by").order_by("-number")
    ]
    present = found.promised
    controlled = found.project.change_control
    if opened and not change and may(roles, Act.PARAMETERS) and not controlled:
        change = ChangeForm(declared=declared, present=present.values)
    steps = stage_rows.track(found, now)
    context = {
        "release": found,
        "lines": [gate_line(one) for one in opened],
        "fresh": _fresh(found, opened, now),
        "steps": steps,
        "stages_missing": stage_rows.missing(steps),
        "may_open": may(roles, Act.CREATE_RELEASE),
        "environments": found.project.environments.all(),
        "sets": sets,
        "moving": present.frozen_at is not None or present.after_result,
        "change_form": change if may(roles, Act.PARAMETERS) else None,
        "gate_form": (gate or GateForm(project=found.project)) if may(roles, Act.CREATE_RELEASE) else None,
    }
    return render(request, "checklists/release.html", context)


def _fresh(found: Release, opened: list[Gate], now: datetime) -> list[Fresh]:
    """How fresh the rehearsals are where this release's gates lead."""
    leads_to = {gate.environment_id for gate in opened}
    statuses = rehearsals.statuses(found.project, now)
    return [fresh(status, now) for status in statuses if status.environment.pk in leads_to]


@require_POST
@signed_in
def release_parameters(request: Request, pk: int) -> HttpResponse:
    """Promise other values; once a check has used the present ones, that needs a reason."""
    found, roles = release_for(request.user, pk, Act.PARAMETERS)
    opened = [gate.checklist for gate in releases.gates_of(found)]
    first = opened[0] if opened else None
    declared = stage_rows.declared(opened)
    form = ChangeForm(request.POST, declared=declared)
    if first and form.is_valid():
        reason = form.cleaned_data["reason"]
        values = form.values()
        made = done(
            request,
            form,
            releases.set_parameters,
            release=found,
            values=values,
            checklist=first,
            reason=reason,
            seen=whole(request.POST.get("seen"), otherwise=-1),
        )
        if made:
            moved = " The report says that the bar moved after a result." if made.after_result else ""
            messages.success(
                request, f"The parameters are changed; results of earlier checks no longer hold.{moved}"
            )
            return SeeOther(reverse("release", args=[found.pk]))
    return _page(request, found, roles, change=form)


@require_POST
@signed_in
def gate_open(request: Request, pk: int) -> HttpResponse:
    """Open another gate of the release: another environment or another checklist."""
    found, roles = release_for(request.user, pk, Act.CREATE_RELEASE)
    form = GateForm(request.POST, project=found.project)
    if form.is_valid():
        gate = done(request, form, gates.open_gate, release=found, **form.cleaned_data)
        if gate:
            return SeeOther(reverse("gate", args=[gate.pk]))
    return _page(request, found, roles, gate=form)
