"""Published checklists: all of them, and one with everything it asks."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from checklists import queries
from checklists.shown.lists import counted, spec_sections
from checklists.views.visit import Request, signed_in


@require_GET
@signed_in
def checklist_list(request: Request) -> HttpResponse:
    """Every published version; a project's own are for its members, others for everybody with an account."""
    rows = [(version, counted(version.checklist)) for version in queries.published_checklists(request.user)]
    return render(request, "checklists/checklist_list.html", {"rows": rows})


@require_GET
@signed_in
def checklist(request: Request, slug: str, version: str) -> HttpResponse:
    """One version: items with criteria, guidance, scripted checks, remediation; parameters; who signs."""
    rows = queries.published_checklists(request.user)
    found = get_object_or_404(rows.defer(None), slug=slug, version=version)
    context = {
        "version": found,
        "checklist": found.checklist,
        "counted": counted(found.checklist),
        "summary": mark_safe(found.html.get("summary", "")),  # noqa: S308  # sanitised when it was published
        "sections": spec_sections(found),
    }
    return render(request, "checklists/checklist.html", context)
