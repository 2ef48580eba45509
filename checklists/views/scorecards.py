"""Scorecards of a release: what the suites said, how often they flake, and the form to register one."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from checklists import blobs
from checklists.actions import scorecards
from checklists.charts import svg
from checklists.forms.base import Form
from checklists.forms.deployment import ScorecardForm
from checklists.models import Release
from checklists.permissions import Act, may
from checklists.reads import scorecards as read
from checklists.views.doors import done, release_for
from checklists.views.downloads import json_file
from checklists.views.visit import Request, SeeOther, signed_in
from readiness.engine.suites.scorecard import MAX_BYTES


@require_GET
@signed_in
def release_scorecards(request: Request, pk: int) -> HttpResponse:
    """The release's scorecards, and the course of the project's."""
    release, roles = release_for(request.user, pk)
    return _page(request, release, roles)


def _page(
    request: Request, release: Release, roles: frozenset[str], form: Form | None = None
) -> HttpResponse:
    history = read.history(release.project_id)
    chart = read.flake_chart(history)
    context = {
        "release": release,
        "cards": read.of_release(release),
        "history": history[::-1],
        "trends": read.flake_trends(history),
        "chart": svg(chart) if chart else "",
        "chart_title": chart["title"] if chart else "",
        "form": (form or ScorecardForm()) if may(roles, Act.REGISTER) else None,
    }
    return render(request, "checklists/scorecards.html", context)


@require_POST
@signed_in
def release_scorecard_register(request: Request, pk: int) -> HttpResponse:
    """Register a scorecard's file."""
    release, roles = release_for(request.user, pk, Act.REGISTER)
    form = ScorecardForm(request.POST, request.FILES)
    if form.is_valid():
        data = form.cleaned_data["file"].read(MAX_BYTES + 1)
        row = done(request, form, scorecards.register, release=release, data=data)
        if row:
            messages.success(request, f"The scorecard of run {row.run_id or 'without an id'} is registered.")
            return SeeOther(reverse("release-scorecards", args=[release.pk]))
    return _page(request, release, roles, form)


@require_GET
@signed_in
def release_scorecard(request: Request, pk: int, number: int) -> HttpResponse:
    """The scorecard's exact bytes."""
    release, _ = release_for(request.user, pk)
    row = release.scorecards.filter(pk=number).first()
    if row is None:
        raise Http404
    return json_file(blobs.get(row.sha256), f"readiness-scorecard-{release.version}-{row.pk}.json")
