"""Releases and the index of their files."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Prefetch
from ninja import Router, Status
from pydantic import Field

from checklists import blobs
from checklists.actions import releases, run_directory
from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.paging import Page
from checklists.api.problems import Problem
from checklists.api.shapes import (
    Before,
    Digest,
    Limit,
    Moment,
    Name,
    Offset,
    Plain,
    Sha256,
    Shape,
    Slug,
    Url,
    Version,
    page_url,
)
from checklists.forms.base import published
from checklists.models import ChecklistVersion, Gate, Project, Release
from checklists.models.access import Scope
from checklists.permissions import Act
from readiness.engine.target import Entry

router = Router(tags=["releases"])


class ArtifactShape(Shape):
    """The snapshot of a release's files."""

    digest: Digest
    files: int = Field(examples=[24])
    bytes: int = Field(examples=[1_400_000])


class GateLink(Shape):
    """A gate in short; its verdict is what lists show."""

    id: int = Field(examples=[1])
    environment: str = Field(examples=["production"])
    checklist: str = Field(examples=["small"])
    stage: str = Field(examples=[""])
    verdict: str = Field(examples=["blocked"])
    superseded: bool = Field(examples=[False])
    url: Url


class ReleaseShape(Shape):
    """A release: one candidate of a project."""

    id: int = Field(examples=[1])
    project: str = Field(examples=["image-classifier"])
    version: str = Field(examples=["1.4.0"])
    files: str = Field(description="directory, stored or elsewhere", examples=["directory"])
    artifact: ArtifactShape
    parameters: Plain
    planned_for: date | None = Field(examples=["2026-12-01"])
    created_by: Name
    created_at: Moment
    gates: list[GateLink]
    url: Url


class NewRelease(Shape):
    """A release of a run directory that lies on the server."""

    version: str = Field(min_length=1, max_length=60, pattern=r"^[^/\x00-\x1f\x7f]+$", examples=["1.5.0"])
    root: str = Field(
        min_length=1,
        max_length=500,
        description="The run directory on the server, beneath a configured root",
        examples=["run-1"],
    )
    checklist: str | None = Field(
        None,
        max_length=100,
        description="The slug of the checklist; left out where the project's stages name theirs",
        examples=["small"],
    )
    checklist_version: str | None = Field(
        None, max_length=40, description="Its version; the newest when left out", examples=["1.0.0"]
    )
    parameters: dict[str, Any] = Field(default_factory=dict, examples=[{"target_accuracy": 80.0}])
    planned_for: date | None = Field(None, examples=["2026-12-01"])


class FileShape(Shape):
    """One file of a snapshot."""

    path: str = Field(examples=["model.bin"])
    size: int = Field(examples=[7])
    sha256: Sha256


def gate_link(gate: Gate) -> dict[str, Any]:
    """A gate in short, from its row."""
    return {
        "id": gate.pk,
        "environment": gate.environment.name,
        "checklist": gate.checklist.slug,
        "stage": gate.stage,
        "verdict": gate.verdict,
        "superseded": gate.superseded_by_id is not None,
        "url": page_url("gate", gate.pk),
    }


def fields(row: Release) -> dict[str, Any]:
    """A release as it is answered."""
    return {
        "id": row.pk,
        "project": row.project.slug,
        "version": row.version,
        "files": row.files,
        "artifact": {
            "digest": row.snapshot.digest,
            "files": row.snapshot.file_count,
            "bytes": row.snapshot.total_bytes,
        },
        "parameters": row.parameters.values if row.parameters else {},
        "planned_for": row.planned_for,
        "created_by": row.created_by.name,
        "created_at": row.created_at,
        "gates": [gate_link(gate) for gate in row.gates.all()],
        "url": page_url("release", row.pk),
    }


def _with_gates() -> Prefetch[str]:
    gates = Gate.objects.select_related("environment", "checklist")
    heavy = ("checklist__source", "checklist__content", "checklist__html")
    return Prefetch("gates", gates.defer(*heavy).order_by("pk"))


RELEASES = "/projects/{slug:slug}/releases"
RELEASE = "/projects/{slug:slug}/releases/{str:version}"


@router.get(RELEASES, response=Page[ReleaseShape], auth=needs(Scope.READ), summary="List releases")
def release_list(request: ApiRequest, slug: Slug, limit: Limit = 50, before: Before = None) -> Any:
    """A project's releases, newest first, each with its gates."""
    project = door.project(request, slug)
    rows = door.releases(request).filter(project=project).prefetch_related(_with_gates())
    return paging.newest(request, rows, fields, limit=limit, before=before)


@router.get(RELEASE, response=ReleaseShape, auth=needs(Scope.READ), summary="Look at a release")
def release_one(request: ApiRequest, slug: Slug, version: Version) -> Any:
    """One release with its gates."""
    return fields(door.release(request, slug, version))


@router.post(RELEASES, response={201: ReleaseShape}, auth=needs(Scope.PUSH), summary="Create a release")
def release_create(request: ApiRequest, slug: Slug, body: NewRelease) -> Any:
    """A release of a run directory on the server: its files are indexed, its parameters promised.

    To push files from elsewhere, see the uploads.
    """
    project = door.project(request, slug, Act.CREATE_RELEASE)
    made = releases.create(
        project=project,
        by=request.person,
        version=body.version,
        root=body.root,
        checklist=checklist_of(project, body.checklist, body.checklist_version) if body.checklist else None,
        parameters=body.parameters,
        planned_for=body.planned_for,
    )
    return Status(201, fields(made))


def checklist_of(project: Project, slug: str, version: str | None) -> ChecklistVersion:
    """A checklist that this project may use; the newest version when none is named. Raises Problem."""
    rows = published(project).filter(slug=slug).order_by("-published_at", "-pk")
    found = (rows.filter(version=version) if version else rows).first()
    if found is None:
        name = f"{slug} {version}" if version else slug
        raise Problem(
            422, f"There is no checklist {name} for this project.", "The page /checklists/ lists them."
        )
    return found


@router.get(
    f"{RELEASE}/artifacts",
    response=Page[FileShape],
    auth=needs(Scope.READ),
    summary="List a release's files",
    tags=["artifacts"],
)
def artifact_list(
    request: ApiRequest, slug: Slug, version: Version, limit: Limit = 200, offset: Offset = 0
) -> Any:
    """Every file of the present snapshot with size and SHA-256, by path."""
    found = door.release(request, slug, version)
    try:
        index = run_directory.snapshot_index(found.snapshot.digest)
    except blobs.BlobError as error:
        raise Problem(503, error.message, error.advice) from error
    entries = [index[path] for path in sorted(index)]
    return paging.part(request, entries, _file, limit=limit, offset=offset)


def _file(entry: Entry) -> dict[str, Any]:
    return {"path": entry.path, "size": entry.size, "sha256": entry.sha256}
