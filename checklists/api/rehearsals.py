"""Rollback rehearsals: read them, record one, record how a failed one was mended."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from ninja import File, Form, Router, Status, UploadedFile
from pydantic import AwareDatetime, Field

from checklists.actions import rehearsals
from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.files import BINARY, download
from checklists.api.paging import Page
from checklists.api.problems import missing
from checklists.api.registry import environment_of
from checklists.api.shapes import Before, Id, Limit, Moment, Name, Shape, Slug, Url, api_url
from checklists.models import Rehearsal
from checklists.models.access import Scope
from checklists.models.rehearsal import RehearsalOutcome
from checklists.permissions import Act

router = Router(tags=["rehearsals"])


class RehearsalShape(Shape):
    """A rollback that was tried. A failed one blocks deployments until its remediation is recorded."""

    id: int = Field(examples=[1])
    environment: str = Field(examples=["production"])
    performed_at: Moment
    performed_by: str = Field(examples=["Rita Releaser"])
    from_version: str = Field(examples=["1.4.0"])
    to_version: str = Field(examples=["1.3.2"])
    duration_seconds: int = Field(examples=[420])
    outcome: str = Field(description="passed or failed", examples=["passed"])
    gaps: str = Field(
        description="What went wrong or was missing", examples=["The runbook names an old host."]
    )
    log_name: str = Field(examples=["rollback.log"])
    log_sha256: str = Field(examples=["5e" * 32])
    log: Url | None = Field(description="Where the log is")
    recorded_by: Name
    recorded_at: Moment
    remediation: str = Field(examples=[""])
    remediated_by: str | None = Field(examples=[None])
    remediated_at: Moment | None


class NewRehearsal(Shape):
    """A rehearsal that took place."""

    environment: str = Field(max_length=60, examples=["production"])
    performed_at: AwareDatetime = Field(description="With its zone", examples=["2026-11-20T09:00:00Z"])
    performed_by: str = Field(min_length=1, max_length=200, examples=["Rita Releaser"])
    from_version: str = Field(min_length=1, max_length=60, examples=["1.4.0"])
    to_version: str = Field(min_length=1, max_length=60, examples=["1.3.2"])
    duration_seconds: int = Field(ge=1, le=30 * 86_400 - 1, examples=[420])
    outcome: RehearsalOutcome = Field(examples=["passed"])
    gaps: str = Field("", max_length=5000, description="Needed of a failed one", examples=[""])


class Remediation(Shape):
    """How the cause of a failed rehearsal was mended."""

    text: str = Field(
        min_length=1, max_length=5000, examples=["The runbook names the new host; tried again."]
    )


def rehearsal_fields(row: Rehearsal) -> dict[str, Any]:
    """A rehearsal as it is answered."""
    log = api_url(f"projects/{row.project.slug}/rehearsals/{row.pk}/log") if row.log_sha256 else None
    return {
        "id": row.pk,
        "environment": row.environment.name,
        "performed_at": row.performed_at,
        "performed_by": row.performed_by,
        "from_version": row.from_version,
        "to_version": row.to_version,
        "duration_seconds": row.duration_seconds,
        "outcome": row.outcome,
        "gaps": row.gaps,
        "log_name": row.log_name,
        "log_sha256": row.log_sha256,
        "log": log,
        "recorded_by": row.recorded_by.name,
        "recorded_at": row.recorded_at,
        "remediation": row.remediation,
        "remediated_by": row.remediated_by.name if row.remediated_by else None,
        "remediated_at": row.remediated_at,
    }


def _rows(request: ApiRequest, slug: str) -> QuerySet[Rehearsal]:
    rows = Rehearsal.objects.filter(project=door.project(request, slug))
    return rows.select_related("project", "environment", "recorded_by", "remediated_by")


def _one(request: ApiRequest, slug: str, pk: int) -> Rehearsal:
    row = _rows(request, slug).filter(pk=pk).first()
    if row is None:
        raise missing(f"The project has no rehearsal {pk}.")
    return row


REHEARSALS = "/projects/{slug:slug}/rehearsals"


@router.get(REHEARSALS, response=Page[RehearsalShape], auth=needs(Scope.READ), summary="List rehearsals")
def rehearsal_list(request: ApiRequest, slug: Slug, limit: Limit = 50, before: Before = None) -> Any:
    """A project's rehearsals, the last recorded first."""
    return paging.newest(request, _rows(request, slug), rehearsal_fields, limit=limit, before=before)


@router.get(
    f"{REHEARSALS}/{{int:pk}}", response=RehearsalShape, auth=needs(Scope.READ), summary="Look at a rehearsal"
)
def rehearsal_one(request: ApiRequest, slug: Slug, pk: Id) -> Any:
    """One rehearsal."""
    return rehearsal_fields(_one(request, slug, pk))


@router.get(
    f"{REHEARSALS}/{{int:pk}}/log",
    auth=needs(Scope.READ),
    summary="Download a rehearsal's log",
    openapi_extra=BINARY,
)
def rehearsal_log(request: ApiRequest, slug: Slug, pk: Id) -> HttpResponseBase:
    """The log's bytes."""
    row = _one(request, slug, pk)
    if not row.log_sha256:
        raise missing("This rehearsal has no log.")
    return download(row.log_sha256, row.log_name)


@router.post(
    REHEARSALS, response={201: RehearsalShape}, auth=needs(Scope.REGISTER), summary="Record a rehearsal"
)
def rehearsal_record(
    request: ApiRequest,
    slug: Slug,
    body: Annotated[NewRehearsal, Form()],
    log: Annotated[UploadedFile | None, File(description="The rollback's log")] = None,
) -> Any:
    """A rehearsal that took place, as multipart/form-data; its log may come with it."""
    project = door.project(request, slug, Act.REHEARSE)
    told = body.model_dump(exclude={"environment", "outcome"})
    row = rehearsals.record(
        project=project,
        by=request.person,
        environment=environment_of(project, body.environment),
        outcome=body.outcome.value,
        log=log,
        log_name=(log.name or "") if log else "",
        **told,
    )
    return Status(201, rehearsal_fields(row))


@router.post(
    f"{REHEARSALS}/{{int:pk}}/remediation",
    response=RehearsalShape,
    auth=needs(Scope.REGISTER),
    summary="Record a remediation",
)
def rehearsal_remediate(request: ApiRequest, slug: Slug, pk: Id, body: Remediation) -> Any:
    """How a failed rehearsal's cause was mended: once. Until then the failure blocks deployments."""
    door.project(request, slug, Act.REHEARSE)
    _one(request, slug, pk)
    return rehearsal_fields(rehearsals.remediate(rehearsal=pk, by=request.person, text=body.text))
