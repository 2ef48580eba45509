"""The audit bundle of a report, as a download."""

from __future__ import annotations

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET

from checklists import blobs, queries
from checklists.models import Report
from checklists.reports.bundle_blobs import StoredFile
from checklists.reports.enclosed import bundle_name
from checklists.shown.files import attachment
from checklists.views.visit import Request, SeeOther, signed_in

WITHOUT = "Report {} was asked for without an audit bundle. Ask for a new report with one."
LATER = "The bundle of report {} is not made yet; it appears here when it is."


@require_GET
@signed_in
def bundle(request: Request, pk: int, number: int) -> HttpResponseBase:
    """The ZIP, always as a download and in nobody's origin; read in pieces, for it may be large."""
    gate = get_object_or_404(queries.visible_gates(request.user), pk=pk)
    row = get_object_or_404(Report.objects.defer("snapshot"), pk=number, gate=gate)
    row.gate = gate
    if not row.bundle_sha256:
        missing = LATER if row.with_bundle else WITHOUT
        messages.warning(request, row.error or missing.format(row.pk))
        return SeeOther(reverse("report-list", args=[pk]))
    try:
        return attachment(StoredFile(row.bundle_sha256, row.bundle_size), bundle_name(row), "application/zip")
    except blobs.BlobError as error:
        messages.error(request, str(error))
        return SeeOther(reverse("report-list", args=[pk]))
