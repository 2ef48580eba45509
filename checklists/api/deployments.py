"""Deployments: report one, its full rollout or its rollback, and read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from ninja import Router, Status
from pydantic import Field

from checklists import blobs
from checklists.actions import deployments
from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.paging import Page
from checklists.api.problems import Problem, missing
from checklists.api.registry import environment_of
from checklists.api.releases import RELEASE
from checklists.api.shapes import Before, Id, Limit, Moment, Name, Shape, Slug, Url, Version, page_url
from checklists.models import Deployment
from checklists.models.access import Scope

router = Router(tags=["deployments"])

ONE = f"{RELEASE}/deployments/{{int:pk}}"


class DeploymentShape(Shape):
    """A release that went to an environment, and how it went on."""

    id: int = Field(examples=[1])
    release: str = Field(examples=["1.4.0"])
    environment: str = Field(examples=["production"])
    state: str = Field(description="monitoring, rolled-out or rolled-back", examples=["monitoring"])
    decision: int = Field(examples=[1])
    manifest: int = Field(description="The number of the archived manifest", examples=[1])
    deployed_at: Moment
    deployed_by: Name
    monitoring_until: Moment
    validation_gate: int | None = Field(description="The post-deployment gate, if the project asks one")
    rolled_out_at: Moment | None
    rolled_back_at: Moment | None
    rolled_back_to: str = Field(examples=[""])
    rollback_reason: str = Field(examples=[""])
    url: Url


class NewDeployment(Shape):
    """A deployment that was made: where, when, and how long it is monitored."""

    environment: str = Field(max_length=60, examples=["production"])
    deployed_at: datetime | None = Field(None, description="With a zone; now when left out", examples=[None])
    monitoring_hours: int = Field(24, ge=24, le=48, examples=[24])


class RollBack(Shape):
    """Which version runs now, and why."""

    to_version: str = Field(min_length=1, max_length=60, examples=["1.3.2"])
    reason: str = Field(min_length=1, max_length=2000, examples=["Error rate 4 % after ten minutes."])


def deployment_fields(row: Deployment) -> dict[str, Any]:
    """A deployment as it is answered."""
    return {
        "id": row.pk,
        "release": row.release.version,
        "environment": row.environment.name,
        "state": row.state,
        "decision": row.decision_id,
        "manifest": row.manifest.number,
        "deployed_at": row.deployed_at,
        "deployed_by": row.deployed_by.name,
        "monitoring_until": row.monitoring_until,
        "validation_gate": row.validation_id,
        "rolled_out_at": row.rolled_out_at,
        "rolled_back_at": row.rolled_back_at,
        "rolled_back_to": row.rolled_back_to,
        "rollback_reason": row.rollback_reason,
        "url": page_url("release-deployment", row.release_id, row.environment_id),
    }


def _rows(request: ApiRequest, slug: str, version: str) -> QuerySet[Deployment]:
    rows = Deployment.objects.filter(release=door.release(request, slug, version))
    return rows.select_related("release", "environment", "manifest", "deployed_by").defer(
        "manifest__document"
    )


def _one(request: ApiRequest, slug: str, version: str, pk: int) -> Deployment:
    row = _rows(request, slug, version).filter(pk=pk).first()
    if row is None:
        raise missing(f"The release has no deployment {pk}.")
    return row


@router.get(
    f"{RELEASE}/deployments",
    response=Page[DeploymentShape],
    auth=needs(Scope.READ),
    summary="List deployments",
)
def deployment_list(
    request: ApiRequest, slug: Slug, version: Version, limit: Limit = 50, before: Before = None
) -> Any:
    """A release's deployments, newest first."""
    rows = _rows(request, slug, version)
    return paging.newest(request, rows, deployment_fields, limit=limit, before=before)


@router.post(
    f"{RELEASE}/deployments",
    response={201: DeploymentShape},
    auth=needs(Scope.DECIDE),
    summary="Report a deployment",
)
def deployment_report(request: ApiRequest, slug: Slug, version: Version, body: NewDeployment) -> Any:
    """Needs a decision “approve” that still holds; archives the manifest, begins the monitoring window."""
    if body.deployed_at is not None and body.deployed_at.tzinfo is None:
        raise Problem(422, "deployed_at has no zone.", "Write 2026-11-21T12:00:00Z.")
    release = door.release(request, slug, version)
    try:
        row = deployments.deploy(
            release=release,
            environment=environment_of(release.project, body.environment),
            by=request.person,
            at=body.deployed_at,
            hours=body.monitoring_hours,
        )
    except blobs.BlobError as error:
        raise Problem(503, error.message, error.advice) from error
    return Status(201, deployment_fields(row))


@router.post(
    f"{ONE}/roll-out", response=DeploymentShape, auth=needs(Scope.DECIDE), summary="Report the full rollout"
)
def deployment_roll_out(request: ApiRequest, slug: Slug, version: Version, pk: Id) -> Any:
    """After the monitoring window, with the post-deployment gate approved where there is one."""
    found = _one(request, slug, version, pk)
    deployments.roll_out(deployment=found.pk, by=request.person)
    return deployment_fields(_one(request, slug, version, pk))


@router.post(
    f"{ONE}/roll-back", response=DeploymentShape, auth=needs(Scope.DECIDE), summary="Report a rollback"
)
def deployment_roll_back(request: ApiRequest, slug: Slug, version: Version, pk: Id, body: RollBack) -> Any:
    """At any time, with the version that runs now and the reason."""
    found = _one(request, slug, version, pk)
    deployments.roll_back(
        deployment=found.pk, by=request.person, to_version=body.to_version, reason=body.reason
    )
    return deployment_fields(_one(request, slug, version, pk))
