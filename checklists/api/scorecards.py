"""Scorecards that pipelines register: read them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from ninja import Router
from pydantic import Field

from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.paging import Page
from checklists.api.problems import missing
from checklists.api.releases import RELEASE
from checklists.api.shapes import Before, Id, Limit, Moment, Name, Plain, Sha256, Shape, Slug, Version
from checklists.models import Scorecard
from checklists.models.access import Scope

router = Router(tags=["scorecards"])


class ScorecardShape(Shape):
    """The outcome of a run of suites."""

    id: int = Field(examples=[1])
    release: str = Field(examples=["1.4.0"])
    environment: str = Field(examples=["staging"])
    run_id: str = Field(examples=["nightly-2026-11-21"])
    overall_passed: bool = Field(examples=[True])
    generated_at: Moment
    owner: str = Field(examples=["platform-team"])
    sha256: Sha256
    registered_by: Name
    registered_at: Moment


class OneScorecard(ScorecardShape):
    """A scorecard with its document."""

    document: Plain = Field(description="readiness-scorecard.json as it was registered")


def scorecard_fields(row: Scorecard) -> dict[str, Any]:
    """A scorecard as lists show it."""
    return {
        "id": row.pk,
        "release": row.release.version,
        "environment": row.environment,
        "run_id": row.run_id,
        "overall_passed": row.overall_passed,
        "generated_at": row.generated_at,
        "owner": row.owner,
        "sha256": row.sha256,
        "registered_by": row.registered_by.name,
        "registered_at": row.registered_at,
    }


def _rows(request: ApiRequest, slug: str, version: str) -> QuerySet[Scorecard]:
    rows = Scorecard.objects.filter(release=door.release(request, slug, version))
    return rows.select_related("release", "registered_by")


@router.get(
    f"{RELEASE}/scorecards", response=Page[ScorecardShape], auth=needs(Scope.READ), summary="List scorecards"
)
def scorecard_list(
    request: ApiRequest, slug: Slug, version: Version, limit: Limit = 50, before: Before = None
) -> Any:
    """A release's scorecards, the last registered first."""
    rows = _rows(request, slug, version).defer("document")
    return paging.newest(request, rows, scorecard_fields, limit=limit, before=before)


@router.get(
    f"{RELEASE}/scorecards/{{int:pk}}",
    response=OneScorecard,
    auth=needs(Scope.READ),
    summary="Look at a scorecard",
)
def scorecard_one(request: ApiRequest, slug: Slug, version: Version, pk: Id) -> Any:
    """One scorecard with its document."""
    row = _rows(request, slug, version).filter(pk=pk).first()
    if row is None:
        raise missing(f"The release has no scorecard {pk}.")
    return {**scorecard_fields(row), "document": row.document}
