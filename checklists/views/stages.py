"""Stages and schedules of a project: look, and the owner's forms."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists.actions import schedules, stages
from checklists.forms.stages import ScheduleForm, StagesForm
from checklists.models import Project, ProjectStage
from checklists.permissions import Act, may
from checklists.reads import stages as stage_rows
from checklists.views.doors import done, project_for, release_for
from checklists.views.visit import Request, SeeOther, signed_in
from readiness.engine.errors import ReadinessError


@require_http_methods(["GET", "POST"])
@signed_in
def stages_page(request: Request, slug: str) -> HttpResponse:
    """Which gates each release must pass, in which order; owners change it."""
    posted = request.method == "POST"
    project, roles = project_for(request.user, slug, Act.STAGES if posted else Act.READ)
    present = stage_rows.of(project)
    form = StagesForm(request.POST or None, project=project, present=present)
    if posted and form.is_valid():
        made = done(request, form, stages.set_stages, project=project, rows=form.rows())
        if made is not None:
            messages.success(request, _said(made))
            return SeeOther(reverse("stages", args=[project.slug]))
    context = {"project": project, "rows": present, "form": form, "may_change": may(roles, Act.STAGES)}
    return render(request, "checklists/stages.html", context)


def _said(rows: list[ProjectStage]) -> str:
    names = " → ".join(str(row.get_stage_display()) for row in rows)
    return f"Each release now passes: {names}." if rows else "Releases need not pass stages any more."


@require_POST
@signed_in
def release_stages(request: Request, pk: int) -> HttpResponse:
    """Open the gates of stages that a release lacks."""
    release, _ = release_for(request.user, pk, Act.CREATE_RELEASE)
    try:
        opened = stages.open_stages(release=release, by=request.user)
    except ReadinessError as error:
        messages.error(request, str(error))
    else:
        count = len(opened)
        messages.success(request, f"{count} gate{'' if count == 1 else 's'} opened.")
    return SeeOther(reverse("release", args=[release.pk]))


@require_GET
@signed_in
def schedule_list(request: Request, slug: str) -> HttpResponse:
    """What happens again and again, and when next."""
    project, roles = project_for(request.user, slug)
    return _page(request, project, roles)


def _page(
    request: Request, project: Project, roles: frozenset[str], form: ScheduleForm | None = None
) -> HttpResponse:
    rows = project.schedules.select_related("gate__release__project", "gate__environment", "environment")
    context = {
        "project": project,
        "schedules": rows.select_related("created_by").order_by("-active", "next_at", "pk"),
        "form": form or ScheduleForm(project=project),
        "may_change": may(roles, Act.STAGES),
    }
    return render(request, "checklists/schedules.html", context)


@require_POST
@signed_in
def schedule_add(request: Request, slug: str) -> HttpResponse:
    """Add a schedule."""
    project, roles = project_for(request.user, slug, Act.STAGES)
    form = ScheduleForm(request.POST, project=project)
    if form.is_valid():
        made = done(request, form, schedules.add, project=project, **form.values())
        if made:
            messages.success(request, "The schedule is added.")
            return SeeOther(reverse("schedule-list", args=[project.slug]))
    return _page(request, project, roles, form)


@require_POST
@signed_in
def schedule_stop(request: Request, slug: str, pk: int) -> HttpResponse:
    """Stop a schedule."""
    project, _ = project_for(request.user, slug, Act.STAGES)
    try:
        schedules.stop(project=project, by=request.user, schedule=pk)
    except ReadinessError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The schedule is stopped; what it did stays on record.")
    return SeeOther(reverse("schedule-list", args=[project.slug]))
