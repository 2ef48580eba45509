"""The gate page, its poller, and the acts on the gate as a whole."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from checklists import tasks
from checklists.actions import releases, reports, runs, upgrades
from checklists.models import Gate, Person, Release
from checklists.shown import markup
from checklists.views import live
from checklists.views.visit import Request, SeeOther, act, signed_in, visit, whole
from readiness.engine.errors import ReadinessError


@require_GET
@signed_in
def gate(request: Request, pk: int) -> HttpResponse:
    """The page."""
    scene = visit(request, pk)
    context = live.page(scene)
    context["aside"] = live.aside(pk, busy=context["busy"], now=scene.now)
    context["newer"] = None if scene.judged.verdict.approved else upgrades.newer(scene.loaded.gate)
    for section in context["sections"]:
        section.lines = [markup.closed(row) for row in section.rows]
    return render(request, "checklists/gate.html", context)


@require_GET
@signed_in
def changes(request: Request, pk: int) -> HttpResponse:
    """What changed since the revision the page shows; 204 when nothing did."""
    found = live.quick(request, pk)
    if found is None:
        raise Http404
    revision, worker = found
    if revision == whole(request.GET.get("since"), otherwise=-1):
        if not worker:
            return HttpResponse(status=204)
        return render(request, "checklists/_worker.html", {"worker": worker, "oob": True})
    scene = visit(request, pk)
    busy = any(item.run_state for item in scene.loaded.items)
    return live.changed(request, scene, also=live.aside(pk, busy=busy, now=scene.now))


@require_POST
@signed_in
def run_all(request: Request, pk: int) -> HttpResponse:
    """Queue every item's checks and send them to the worker."""
    ids = act(request, pk, runs.request_all)
    tasks.send_runs(ids)
    said = f"{len(ids)} items are being checked." if ids else "Every check is already under way."
    return _answer(request, pk, said, good=True)


@require_POST
@signed_in
def look_again(request: Request, pk: int) -> HttpResponse:
    """Index the run directory anew; when files changed, check everything on them."""
    try:
        act(request, pk, _snapshot)
    except ReadinessError as error:
        return _answer(request, pk, str(error), good=False)
    ids = act(request, pk, runs.request_all)
    tasks.send_runs(ids)
    said = f"The run's files changed; {len(ids)} items are being checked anew."
    return _answer(request, pk, said, good=True)


def _snapshot(*, gate: int, by: Person) -> Release:
    row = Gate.objects.select_related("release__project").get(pk=gate)
    return releases.take_snapshot(release=row.release, by=by)


@require_POST
@signed_in
def export(request: Request, pk: int) -> HttpResponse:
    """Freeze the report of this moment and let the worker render it."""
    report = act(request, pk, reports.request)
    tasks.send_report(report.pk)
    said = f"Report {report.pk} is being rendered; its link appears beside the buttons."
    return _answer(request, pk, said, good=True)


def _answer(request: Request, pk: int, said: str, *, good: bool) -> HttpResponse:
    scene = visit(request, pk)
    if not request.htmx:
        (messages.success if good else messages.warning)(request, said)
        return SeeOther(scene.base)
    busy = any(item.run_state for item in scene.loaded.items)
    notice = {"level": "success" if good else "warning", "text": said}
    also = live.aside(pk, busy=busy, now=scene.now)
    return live.changed(request, scene, notice=notice, also=also)
