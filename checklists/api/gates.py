"""Gates: what they say now, what changed, run their checks, open one."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Query, Router, Status
from pydantic import Field

from checklists import clock, queries
from checklists.actions import gates
from checklists.api import door, paging, tags
from checklists.api.door import ApiRequest, needs
from checklists.api.paging import Page
from checklists.api.problems import Problem
from checklists.api.releases import RELEASE, checklist_of
from checklists.api.shapes import Before, Id, Limit, Moment, Name, Shape, Slug, Url, Version, page_url
from checklists.api.standing import Standing, standing
from checklists.errors import StaleForm
from checklists.loaded import load
from checklists.models import Environment, Gate
from checklists.models.access import Scope
from checklists.models.gate import Stage
from checklists.permissions import Act

router = Router(tags=["gates"])

CHANGED = "The gate is not at revision {given} any more: it is at {present}."
CHANGED_ADVICE = "Look at what changed, then send the request with the present revision."


class GateShape(Shape):
    """A gate as lists show it; `verdict` was decided at that revision."""

    id: int = Field(examples=[1])
    project: str = Field(examples=["image-classifier"])
    release: str = Field(examples=["1.4.0"])
    environment: str = Field(examples=["production"])
    stage: str = Field(examples=[""])
    checklist: str = Field(examples=["small"])
    checklist_version: str = Field(examples=["1.0.0"])
    revision: int = Field(examples=[41])
    verdict: str = Field(examples=["blocked"])
    superseded_by: int | None = Field(description="The gate that replaced this one", examples=[None])
    opened_by: Name
    opened_at: Moment
    url: Url


class NewGate(Shape):
    """A checklist to apply to a release for an environment."""

    checklist: str = Field(max_length=100, examples=["small"])
    checklist_version: str | None = Field(None, max_length=40, examples=["1.0.0"])
    environment: str = Field(max_length=60, examples=["staging"])
    stage: Stage | None = Field(None, description="One of the project's stages", examples=[None])


class ChangedItem(Shape):
    """An item that changed."""

    key: str = Field(examples=["weights"])
    state: str = Field(examples=["passed"])
    running: bool = Field(examples=[False])
    changed_in: int = Field(description="The revision of its last change", examples=[42])


class Changes(Shape):
    """What changed since a revision."""

    revision: int = Field(examples=[42])
    verdict: str = Field(examples=["open"])
    items: list[ChangedItem]


def fields(row: Gate) -> dict[str, Any]:
    """A gate as lists show it."""
    return {
        "id": row.pk,
        "project": row.release.project.slug,
        "release": row.release.version,
        "environment": row.environment.name,
        "stage": row.stage,
        "checklist": row.checklist.slug,
        "checklist_version": row.checklist.version,
        "revision": row.revision,
        "verdict": row.verdict,
        "superseded_by": row.superseded_by_id,
        "opened_by": row.opened_by.name,
        "opened_at": row.opened_at,
        "url": page_url("gate", row.pk),
    }


@router.get("/gates", response=Page[GateShape], auth=needs(Scope.READ), summary="List gates")
def gate_list(request: ApiRequest, limit: Limit = 50, before: Before = None) -> Any:
    """Gates of every project that the token may see, newest first."""
    now = clock.now()

    def present(row: Gate) -> dict[str, Any]:
        return fields(queries.up_to_date(row, now))

    return paging.newest(request, door.gates(request), present, limit=limit, before=before)


@router.get("/gates/{int:pk}", response=Standing, auth=needs(Scope.READ), summary="Look at a gate")
def gate_one(request: ApiRequest, response: HttpResponse, pk: Id) -> Any:
    """What the gate says now, decided anew. With If-None-Match of an earlier answer, 304 means no change."""
    row = door.gate(request, pk)
    tag = tags.of([row])
    if tags.seen(request, tag):
        return tags.unchanged(tag)
    tags.put(response, tag)
    return standing(load(pk), clock.now())


@router.get("/gates/{int:pk}/changes", response=Changes, auth=needs(Scope.READ), summary="Follow a gate")
def gate_changes(
    request: ApiRequest,
    pk: Id,
    since: Annotated[
        int, Query(ge=0, le=2**31 - 1, description="A revision seen earlier", examples=[41])
    ] = 0,
) -> Any:
    """The items that changed after a revision."""
    door.gate(request, pk)
    loaded = load(pk)
    judged = loaded.judge(clock.now())
    items = [
        {
            "key": item.key,
            "state": item.state,
            "running": item.run_state is not None,
            "changed_in": item.row.changed_in,
        }
        for item in loaded.items
        if item.row.changed_in > since
    ]
    return {"revision": loaded.gate.revision, "verdict": judged.verdict.state.value, "items": items}


@router.post(f"{RELEASE}/gates", response={201: Standing}, auth=needs(Scope.PUSH), summary="Open a gate")
def gate_open(request: ApiRequest, slug: Slug, version: Version, body: NewGate) -> Any:
    """Apply a checklist to the release for an environment."""
    release = door.release(request, slug, version, Act.CREATE_RELEASE)
    environment = Environment.objects.filter(project=release.project_id, name=body.environment).first()
    if environment is None:
        known = ", ".join(release.project.environments.values_list("name", flat=True))
        raise Problem(422, f"There is no environment {body.environment}.", f"There are: {known}.")
    gate = gates.open_gate(
        release=release,
        checklist=checklist_of(release.project, body.checklist, body.checklist_version),
        environment=environment,
        by=request.person,
        stage=body.stage.value if body.stage else "",
    )
    return Status(201, standing(load(gate.pk), clock.now()))


def unchanged(pk: int, revision: int | None) -> None:
    """Lock the gate and see that it is at that revision still. Raises StaleForm."""
    if revision is None:
        return
    present = Gate.objects.select_for_update().values_list("revision", flat=True).get(pk=pk)
    if present != revision:
        raise StaleForm(CHANGED.format(given=revision, present=present), CHANGED_ADVICE)
