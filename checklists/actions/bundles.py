"""The audit bundle of a report that was rendered."""

from __future__ import annotations

from django.core.files.storage import default_storage

from checklists import blobs
from checklists.models import Report
from checklists.reports import bundle


def make(report: int, *, pdf: str, size: int) -> tuple[str, int]:
    """Build and store the bundle of a report; `pdf` and `size` are the blob that was just rendered.

    Returns (sha256 hex, size). Raises BundleError, RecordMissing, BlobError, KeyMissing, BadContent.
    """
    row = Report.objects.select_related("gate__release__project", "gate__environment", "gate__checklist").get(
        pk=report
    )
    sha256 = blobs.put_chunks(bundle.parts(row, pdf=pdf, size=size))
    return sha256, default_storage.size(blobs.path_of(sha256))
