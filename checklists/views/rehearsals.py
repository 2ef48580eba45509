"""Rollback rehearsals of a project: how fresh they are, the list, record one, mend one, a log's bytes."""

from __future__ import annotations

import io

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from checklists import blobs, clock
from checklists.actions import rehearsals
from checklists.forms.base import Form
from checklists.forms.rehearsals import RehearsalForm
from checklists.forms.waivers import COMMON_ZONES
from checklists.models import Project, Rehearsal
from checklists.permissions import Act, may
from checklists.reads import rehearsals as reads
from checklists.shown import rehearsals as shown
from checklists.views.doors import done, project_for
from checklists.views.visit import MAX_ID, Request, SeeOther, signed_in, text
from readiness.engine.errors import ReadinessError


@require_GET
@signed_in
def rehearsal_list(request: Request, slug: str) -> HttpResponse:
    """How fresh each environment is, every rehearsal, and the form."""
    project, roles = project_for(request.user, slug)
    return _page(request, project, roles)


@require_POST
@signed_in
def record(request: Request, slug: str) -> HttpResponse:
    """Put a rehearsal on record."""
    project, roles = project_for(request.user, slug, Act.REHEARSE)
    form = RehearsalForm(request.POST, request.FILES, project=project)
    if form.is_valid():
        made = done(request, form, rehearsals.record, project=project, **form.facts())
        if made:
            messages.success(request, "The rehearsal is on record.")
            return SeeOther(reverse("rehearsal-list", args=[project.slug]))
    return _page(request, project, roles, form=form)


@require_POST
@signed_in
def remediate(request: Request, slug: str, number: int) -> HttpResponse:
    """Record how a failed one was mended."""
    project, _ = project_for(request.user, slug, Act.REHEARSE)
    row = _row(project, number)
    try:
        rehearsals.remediate(rehearsal=row.pk, by=request.user, text=text(request, "text"))
        messages.success(request, "The remediation is on record; the rehearsal no longer blocks.")
    except ReadinessError as error:
        messages.error(request, str(error))
    return SeeOther(f"{reverse('rehearsal-list', args=[project.slug])}#rehearsal-{row.pk}")


@require_GET
@signed_in
def log(request: Request, slug: str, number: int) -> HttpResponseBase:
    """The log's bytes, always as a download: whatever was uploaded never opens inside this site."""
    project, _ = project_for(request.user, slug)
    row = _row(project, number)
    if not row.log_sha256:
        raise Http404
    try:
        data = blobs.get(row.log_sha256)
    except blobs.BlobError as error:
        messages.error(request, str(error))
        return SeeOther(reverse("rehearsal-list", args=[project.slug]))
    response = FileResponse(
        io.BytesIO(data), as_attachment=True, filename=row.log_name, content_type="application/octet-stream"
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _page(
    request: Request, project: Project, roles: frozenset[str], *, form: Form | None = None
) -> HttpResponse:
    now, allowed = clock.now(), may(roles, Act.REHEARSE)
    first = {"performed_by": request.user.name}
    context = {
        "project": project,
        "fresh": [shown.fresh(status, now) for status in reads.statuses(project, now)],
        "lines": [shown.line(row, now) for row in reads.of_project(project)[:200]],
        "may_record": allowed,
        "form": (form or RehearsalForm(project=project, initial=first)) if allowed else None,
        "zones": COMMON_ZONES,
    }
    return render(request, "checklists/rehearsal_list.html", context)


def _row(project: Project, number: int) -> Rehearsal:
    found = Rehearsal.objects.filter(project=project, pk=number).first() if number <= MAX_ID else None
    if found is None:
        raise Http404
    return found
