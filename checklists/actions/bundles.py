"""The audit bundle of a report: whether there is room for one, and making it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Sum

from checklists import blobs
from checklists.errors import Refused
from checklists.models import Gate, Report
from checklists.models.verification import RunState
from checklists.reports import bundle, enclosed

DAY, DAILY = timedelta(days=1), 10  # so many of the largest bundles
WAITING = 3


def require_room(gate: Gate, snapshot: Mapping[str, Any], at: datetime) -> None:
    """Raises Refused for more evidence than a bundle holds, and when a gate has too many bundles of a day.

    Those that wait have no size yet, so only a few may wait.
    """
    enclosed.require_size(snapshot)
    asked = Report.objects.filter(gate=gate, with_bundle=True, requested_at__gt=at - DAY)
    if asked.exclude(state=RunState.DONE).count() >= WAITING:
        raise Refused(
            f"{WAITING} bundles of this gate are being made already.", "Wait until they stand in the list."
        )
    made, most = asked.aggregate(sum=Sum("bundle_size"))["sum"] or 0, DAILY * settings.BUNDLE_MAX_BYTES
    if made > most:
        raise Refused(
            f"Bundles of this gate with {made / 1e6:.0f} MB were made in the last 24 hours; at most "
            f"{most / 1e6:.0f} MB are.",
            "Download one that is there, or ask for the report without the bundle.",
        )


def make(report: int, *, pdf: str, size: int) -> tuple[str, int]:
    """Build and store the bundle of a report; `pdf` and `size` are the blob that was just rendered.

    Returns (sha256 hex, size). Raises BundleError, RecordMissing, BlobError, KeyMissing, BadContent.
    """
    row = Report.objects.select_related("gate__release__project", "gate__environment", "gate__checklist").get(
        pk=report
    )
    sha256 = blobs.put_chunks(bundle.parts(row, pdf=pdf, size=size))
    return sha256, default_storage.size(blobs.path_of(sha256))
