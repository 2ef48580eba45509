"""Release manifests: read them."""

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
from checklists.models import ReleaseManifest
from checklists.models.access import Scope

router = Router(tags=["manifests"])


class ManifestShape(Shape):
    """One state of a release's manifest; it never changes."""

    id: int = Field(examples=[1])
    number: int = Field(examples=[1])
    release: str = Field(examples=["1.4.0"])
    environment: str = Field(examples=["production"])
    origin: str = Field(description="assembled or pushed", examples=["assembled"])
    sha256: Sha256
    made_by: Name
    made_at: Moment


class OneManifest(ManifestShape):
    """A manifest with its document."""

    document: Plain = Field(description="release-manifest.json")


def manifest_fields(row: ReleaseManifest) -> dict[str, Any]:
    """A manifest as lists show it."""
    return {
        "id": row.pk,
        "number": row.number,
        "release": row.release.version,
        "environment": row.environment.name,
        "origin": row.origin,
        "sha256": row.sha256,
        "made_by": row.made_by.name,
        "made_at": row.made_at,
    }


def _rows(request: ApiRequest, slug: str, version: str) -> QuerySet[ReleaseManifest]:
    rows = ReleaseManifest.objects.filter(release=door.release(request, slug, version))
    return rows.select_related("release", "environment", "made_by")


@router.get(
    f"{RELEASE}/manifests", response=Page[ManifestShape], auth=needs(Scope.READ), summary="List manifests"
)
def manifest_list(
    request: ApiRequest, slug: Slug, version: Version, limit: Limit = 50, before: Before = None
) -> Any:
    """A release's manifests, newest first."""
    rows = _rows(request, slug, version).defer("document")
    return paging.newest(request, rows, manifest_fields, limit=limit, before=before)


@router.get(
    f"{RELEASE}/manifests/{{int:number}}",
    response=OneManifest,
    auth=needs(Scope.READ),
    summary="Look at a manifest",
)
def manifest_one(request: ApiRequest, slug: Slug, version: Version, number: Id) -> Any:
    """The manifest of that number, with its document."""
    row = _rows(request, slug, version).filter(number=number).first()
    if row is None:
        raise missing(f"The release has no manifest {number}.")
    return {**manifest_fields(row), "document": row.document}
