"""Reports of a gate: the list, asking for one, and the PDF as a download."""

from __future__ import annotations

import io

from django.contrib import messages
from django.db.models.fields.json import KT
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from checklists import blobs, queries, tasks
from checklists.actions import reports as acts
from checklists.models import Report
from checklists.reports.attached import Choice
from checklists.shown.attachable import attachable
from checklists.views.visit import Request, SeeOther, act, signed_in, whole
from readiness.engine.errors import ReadinessError


@require_GET
@signed_in
def report_list(request: Request, pk: int) -> HttpResponse:
    """Every report of a gate, newest first, with its hash and who asked for it."""
    gate = get_object_or_404(queries.visible_gates(request.user), pk=pk)
    reports = (
        Report.objects.filter(gate=gate)
        .select_related("requested_by")
        .annotate(key=KT("snapshot__sealed__key"))
        .defer("snapshot")
        .order_by("-pk")
    )
    offered = None if gate.superseded_by_id else attachable(gate)
    return render(
        request, "checklists/report_list.html", {"gate": gate, "reports": reports, "offered": offered}
    )


@require_POST
@signed_in
def report_request(request: Request, pk: int) -> HttpResponse:
    """Freeze the report of this moment, with the evidence that was chosen, and let the worker render it."""
    chosen = [int(value) for value in request.POST.getlist("evidence") if whole(value, otherwise=0)]
    wanted: Choice = "all" if "all" in request.POST else chosen
    try:
        made = act(request, pk, acts.request, evidence=wanted, with_bundle="bundle" in request.POST)
    except ReadinessError as error:
        messages.warning(request, str(error))
    else:
        tasks.send_report(made.pk)
        messages.success(request, f"Report {made.pk} is being rendered; it stands here when it is done.")
    return SeeOther(reverse("report-list", args=[pk]))


@require_GET
@signed_in
def report(request: Request, pk: int, number: int) -> HttpResponseBase:
    """The PDF, always as a download and in nobody's origin."""
    gate = get_object_or_404(queries.visible_gates(request.user), pk=pk)
    row = get_object_or_404(Report.objects.defer("snapshot"), pk=number, gate=gate)
    if not row.sha256:
        messages.warning(
            request, row.error or f"Report {row.pk} is not rendered yet; it appears here when it is."
        )
        return SeeOther(reverse("report-list", args=[pk]))
    try:
        data = blobs.get(row.sha256)
    except blobs.BlobError as error:
        messages.error(request, str(error))
        return SeeOther(reverse("report-list", args=[pk]))
    answer = FileResponse(
        io.BytesIO(data), as_attachment=True, filename=row.filename, content_type="application/pdf"
    )
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
