"""Rollback rehearsals: read them, record one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from ninja import Router
from pydantic import Field

from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.files import BINARY, download
from checklists.api.paging import Page
from checklists.api.problems import missing
from checklists.api.shapes import Before, Id, Limit, Moment, Name, Shape, Slug, Url, api_url
from checklists.models import Rehearsal
from checklists.models.access import Scope

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
