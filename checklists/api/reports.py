"""Reports: list, request, download the PDF."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponseBase
from ninja import Router, Status
from pydantic import Field, StrictBool, StrictInt

from checklists import blobs, tasks
from checklists.actions import reports
from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.files import PDF, ZIP, download
from checklists.api.paging import Page
from checklists.api.problems import Problem, missing
from checklists.api.shapes import Before, Digest, Id, Limit, Moment, Name, Shape, Url, api_url
from checklists.models import Report
from checklists.models.access import Scope
from checklists.permissions import Act
from checklists.reports import attached
from checklists.reports.bundle_blobs import StoredFile
from checklists.reports.enclosed import bundle_name
from checklists.shown.files import attachment

router = Router(tags=["reports"])


class ReportShape(Shape):
    """A report: what the gate said at one moment, as a PDF."""

    id: int = Field(examples=[1])
    state: str = Field(description="queued, running or done", examples=["done"])
    verdict: str = Field(examples=["blocked"])
    digest: Digest = Field(description="The state that it reports")
    sha256: str = Field(description="Of the PDF; empty until it is rendered", examples=["5e" * 32])
    size: int = Field(examples=[180_000])
    error: str = Field(description="Why it could not be rendered", examples=[""])
    requested_by: Name
    requested_at: Moment
    finished_at: Moment | None
    content: Url | None = Field(description="Where the PDF is")
    with_bundle: bool = Field(description="Whether an audit bundle was asked for too", examples=[True])
    bundle_sha256: str = Field(description="Of the bundle; empty until it is made", examples=["5e" * 32])
    bundle_size: int = Field(examples=[900_000])
    bundle: Url | None = Field(description="Where the bundle (ZIP) is")


class ReportWanted(Shape):
    """What is asked for beside the PDF."""

    evidence: Literal["all"] | Annotated[list[StrictInt], Field(max_length=attached.MOST_FILES)] = Field(
        default=[],
        description="Files to attach to the PDF: ids of the gate's evidence, or all of it",
        examples=["all"],
    )
    bundle: StrictBool = Field(
        False, description="An audit bundle too: the report and everything it rests on, to verify offline"
    )


def _fields(row: Report) -> dict[str, Any]:
    return {
        "id": row.pk,
        "state": row.state,
        "verdict": row.verdict,
        "digest": row.digest,
        "sha256": row.sha256,
        "size": row.size,
        "error": row.error,
        "requested_by": row.requested_by.name,
        "requested_at": row.requested_at,
        "finished_at": row.finished_at,
        "content": api_url(f"gates/{row.gate_id}/reports/{row.pk}/content") if row.sha256 else None,
        "with_bundle": row.with_bundle,
        "bundle_sha256": row.bundle_sha256,
        "bundle_size": row.bundle_size,
        "bundle": api_url(f"gates/{row.gate_id}/reports/{row.pk}/bundle") if row.bundle_sha256 else None,
    }


def _rows(gate: int) -> QuerySet[Report]:
    return Report.objects.filter(gate=gate).select_related("requested_by").defer("snapshot")


def _one(request: ApiRequest, pk: int, number: int) -> Report:
    door.gate(request, pk)
    row = _rows(pk).select_related("gate__release__project", "gate__environment").filter(pk=number).first()
    if row is None:
        raise missing(f"The gate has no report {number}.")
    return row


@router.get(
    "/gates/{int:pk}/reports", response=Page[ReportShape], auth=needs(Scope.READ), summary="List reports"
)
def report_list(request: ApiRequest, pk: Id, limit: Limit = 50, before: Before = None) -> Any:
    """Reports of a gate, newest first."""
    door.gate(request, pk)
    return paging.newest(request, _rows(pk), _fields, limit=limit, before=before)


@router.post(
    "/gates/{int:pk}/reports",
    response={202: ReportShape},
    auth=needs(Scope.READ),
    summary="Ask for a report",
)
def report_request(request: ApiRequest, pk: Id, body: ReportWanted | None = None) -> Any:
    """Freeze what the gate says now; a worker renders the PDF. Ask for the report until its state is done."""
    door.gate(request, pk, Act.EXPORT)
    wanted = body or ReportWanted(evidence=[], bundle=False)
    with transaction.atomic():
        made = reports.request(
            gate=pk, by=request.person, evidence=wanted.evidence, with_bundle=wanted.bundle
        )
        transaction.on_commit(lambda: tasks.send_report(made.pk))
    return Status(202, _fields(made))


@router.get(
    "/gates/{int:pk}/reports/{int:number}",
    response=ReportShape,
    auth=needs(Scope.READ),
    summary="Look at a report",
)
def report_one(request: ApiRequest, pk: Id, number: Id) -> Any:
    """One report."""
    return _fields(_one(request, pk, number))


@router.get(
    "/gates/{int:pk}/reports/{int:number}/content",
    auth=needs(Scope.READ),
    summary="Download a report",
    openapi_extra=PDF,
)
def report_content(request: ApiRequest, pk: Id, number: Id) -> HttpResponseBase:
    """The PDF."""
    row = _one(request, pk, number)
    if not row.sha256:
        raise Problem(
            404, row.error or "The report is not rendered yet.", "Ask again when its state is done."
        )
    return download(row.sha256, row.filename, "application/pdf")


@router.get(
    "/gates/{int:pk}/reports/{int:number}/bundle",
    auth=needs(Scope.READ),
    summary="Download an audit bundle",
    openapi_extra=ZIP,
)
def report_bundle(request: ApiRequest, pk: Id, number: Id) -> HttpResponseBase:
    """The audit bundle: one ZIP with the report and all that it rests on, for `readiness verify`."""
    row = _one(request, pk, number)
    if not row.bundle_sha256:
        asked = "is not made yet" if row.with_bundle else "was not asked for"
        raise Problem(
            404, row.error or f"The bundle of this report {asked}.", "Ask for a report with a bundle."
        )
    try:
        return attachment(StoredFile(row.bundle_sha256, row.bundle_size), bundle_name(row), "application/zip")
    except blobs.BlobError as error:
        raise Problem(500, error.message, error.advice) from error
