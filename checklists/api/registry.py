"""What pipelines register: scorecards and manifests, as files; release plans; assembling a manifest here."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from checklists import blobs
from checklists.actions import manifests, plans, scorecards
from checklists.api import door
from checklists.api.door import ApiRequest, needs
from checklists.api.manifests import ManifestShape, manifest_fields
from checklists.api.problems import Problem
from checklists.api.releases import RELEASE
from checklists.api.scorecards import ScorecardShape, scorecard_fields
from checklists.api.shapes import Moment, Name, Plain, Shape, Slug, Version
from checklists.models import Environment, Project, ReleasePlan
from checklists.models.access import Scope
from readiness.engine.deploy import reading
from readiness.engine.suites.scorecard import MAX_BYTES

router = Router()

CARD = {
    "release": "1.4.0",
    "suites": [{"name": "integration", "status": "passed", "duration": 312.5}],
    "waivers": [],
    "generated_at": "2025-10-01T12:00:00Z",
    "owner": "platform-readiness",
}
MANIFEST = {
    "schema_version": 1,
    "project": "image-classifier",
    "release": "1.4.0",
    "environment": "production",
    "generated_at": "2025-10-01T12:00:00Z",
    "owner": "Ada Owner",
}


def _file(words: str, example: dict[str, Any]) -> dict[str, Any]:
    """The body of an operation that is a JSON file, kept byte for byte."""
    content = {"application/json": {"schema": {"type": "object", "description": words}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


class PlanShape(Shape):
    """What people say of a rollout; a new number for each change."""

    number: int = Field(examples=[1])
    environment: str = Field(examples=["production"])
    content: Plain
    set_by: Name
    set_at: Moment


class NewPlan(Shape):
    """Owner, rollout, feature flags, secrets' versions, migrations, the way back, figures."""

    environment: str = Field(max_length=60, examples=["production"])
    content: dict[str, Any] = Field(
        examples=[{"owner": "Ada Owner", "rollback": {"trigger": "errors above 2 %", "steps": ["go back"]}}]
    )


class NewManifest(Shape):
    """For which environment the manifest is assembled."""

    environment: str = Field(max_length=60, examples=["production"])


def environment_of(project: Project, name: str) -> Environment:
    """An environment of the project by its name. Raises Problem."""
    found = Environment.objects.filter(project=project, name=name).select_related("project").first()
    if found is None:
        there = ", ".join(project.environments.values_list("name", flat=True))
        raise Problem(422, f"The project has no environment {name!r}.", f"It has: {there}.")
    return found


def sent(request: HttpRequest, most: int) -> bytes:
    """The body as it came. Raises Problem when it is larger than `most` bytes."""
    data = request.read(most + 1)
    if len(data) > most:
        raise Problem(413, f"The file is larger than {most >> 20} MiB.", "Send the right file.")
    return data


@router.post(
    f"{RELEASE}/scorecards",
    response={201: ScorecardShape},
    auth=needs(Scope.REGISTER),
    summary="Register a scorecard",
    tags=["scorecards"],
    openapi_extra=_file("readiness-scorecard.json", CARD),
)
def scorecard_register(request: ApiRequest, slug: Slug, version: Version) -> Any:
    """The body is `readiness-scorecard.json` as `readiness run` wrote it, kept byte for byte.

    The same bytes again give the same scorecard. Another release's is refused.
    """
    release = door.release(request, slug, version)
    row = scorecards.register(release=release, data=sent(request, MAX_BYTES), by=request.person)
    return Status(201, scorecard_fields(row))


@router.post(
    f"{RELEASE}/manifests",
    response={201: ManifestShape},
    auth=needs(Scope.REGISTER),
    summary="Register a manifest",
    tags=["manifests"],
    openapi_extra=_file("release-manifest.json", MANIFEST),
)
def manifest_register(request: ApiRequest, slug: Slug, version: Version) -> Any:
    """The body is `release-manifest.json` as a pipeline wrote it, kept byte for byte.

    What contradicts the server (artifacts, scorecard, release) is refused by name with 409. Its approvals,
    waivers and gates are the pipeline's word: a decision takes those of the server.
    """
    release = door.release(request, slug, version)
    try:
        row = manifests.register(release=release, data=sent(request, reading.MAX_BYTES), by=request.person)
    except blobs.BlobError as error:
        raise Problem(503, error.message, error.advice) from error
    return Status(201, manifest_fields(row))


@router.post(
    f"{RELEASE}/manifests/assemble",
    response={201: ManifestShape},
    auth=needs(Scope.REGISTER),
    summary="Assemble a manifest",
    tags=["manifests"],
)
def manifest_assemble(request: ApiRequest, slug: Slug, version: Version, body: NewManifest) -> Any:
    """Assemble the manifest from what the server knows now; unchanged, it is the newest one."""
    release = door.release(request, slug, version)
    where = environment_of(release.project, body.environment)
    try:
        row = manifests.assemble(release=release, environment=where, by=request.person)
    except blobs.BlobError as error:
        raise Problem(503, error.message, error.advice) from error
    return Status(201, manifest_fields(row))


@router.post(
    f"{RELEASE}/plans",
    response={201: PlanShape},
    auth=needs(Scope.REGISTER),
    summary="Set the release plan",
    tags=["manifests"],
)
def plan_set(request: ApiRequest, slug: Slug, version: Version, body: NewPlan) -> Any:
    """What only people know of the rollout. Secrets by version, never by value."""
    release = door.release(request, slug, version)
    where = environment_of(release.project, body.environment)
    row = plans.set_plan(release=release, environment=where, by=request.person, content=body.content)
    return Status(201, _plan_fields(row))


def _plan_fields(row: ReleasePlan) -> dict[str, Any]:
    return {
        "number": row.number,
        "environment": row.environment.name,
        "content": row.content,
        "set_by": row.set_by.name,
        "set_at": row.set_at,
    }
