"""Check runs: every execution of an item's checks, with its findings; ask for new ones."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from ninja import Router, Status
from pydantic import Field

from checklists import tasks
from checklists.actions import runs
from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.gates import unchanged
from checklists.api.paging import Page
from checklists.api.problems import missing
from checklists.api.shapes import Before, Digest, Id, Limit, Moment, Name, Plain, Shape
from checklists.models import CheckRun, Gate
from checklists.models.access import Scope
from checklists.permissions import Act

router = Router(tags=["check runs"])


class RunShape(Shape):
    """One execution of an item's checks."""

    id: int = Field(examples=[7])
    item: str = Field(examples=["weights"])
    state: str = Field(description="queued, running or done", examples=["done"])
    outcome: str = Field(
        description="PASS, WARN, FAIL, ERROR or SKIP; empty until it is done", examples=["PASS"]
    )
    artifact: Digest = Field(description="The snapshot that it looked at")
    reported_by: str = Field(description="The pipeline that ran it; empty when it ran here", examples=[""])
    attempts: int = Field(examples=[1])
    requested_by: Name
    requested_at: Moment
    started_at: Moment | None
    finished_at: Moment | None


class OneRun(RunShape):
    """A run with its findings."""

    parameters: Plain
    results: list[Plain] = Field(description="Findings, one for each check")


class RunChecks(Shape):
    """Which checks to run."""

    item: str | None = Field(
        None, max_length=200, description="One item; all when left out", examples=["weights"]
    )
    revision: int | None = Field(
        None, ge=0, le=2**31 - 1, description="Refuse when the gate is not at this revision", examples=[None]
    )


class Queued(Shape):
    """Check runs that were queued; empty when all were under way already."""

    runs: list[int] = Field(examples=[[7, 8]])
    revision: int = Field(examples=[42])


def _fields(row: CheckRun) -> dict[str, Any]:
    return {
        "id": row.pk,
        "item": row.item.key,
        "state": row.state,
        "outcome": row.outcome,
        "artifact": row.snapshot.digest,
        "reported_by": row.reported_by,
        "attempts": row.attempts,
        "requested_by": row.requested_by.name,
        "requested_at": row.requested_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
    }


def _rows(gate: int) -> QuerySet[CheckRun]:
    return CheckRun.objects.filter(item__gate=gate).select_related("item", "snapshot", "requested_by")


@router.get(
    "/gates/{int:pk}/check-runs", response=Page[RunShape], auth=needs(Scope.READ), summary="List check runs"
)
def run_list(request: ApiRequest, pk: Id, limit: Limit = 50, before: Before = None) -> Any:
    """Runs of a gate's checks, newest first."""
    door.gate(request, pk)
    return paging.newest(request, _rows(pk).defer("results"), _fields, limit=limit, before=before)


@router.get(
    "/gates/{int:pk}/check-runs/{int:run}",
    response=OneRun,
    auth=needs(Scope.READ),
    summary="Look at a check run",
)
def run_one(request: ApiRequest, pk: Id, run: Id) -> Any:
    """One run with what it found."""
    door.gate(request, pk)
    row = _rows(pk).select_related("parameters").filter(pk=run).first()
    if row is None:
        raise missing(f"The gate has no check run {run}.")
    return {**_fields(row), "parameters": row.parameters.values, "results": row.results}


@router.post(
    "/gates/{int:pk}/check-runs",
    response={202: Queued},
    auth=needs(Scope.PUSH),
    summary="Run checks",
)
def checks_run(request: ApiRequest, pk: Id, body: RunChecks) -> Any:
    """Queue the checks of one item or of all; a worker runs them. Follow the gate to see the results."""
    door.gate(request, pk, Act.RUN_CHECKS)
    with transaction.atomic():
        unchanged(pk, body.revision)
        if body.item is None:
            ids = runs.request_all(gate=pk, by=request.person)
        else:
            ids = runs.request_one(gate=pk, key=body.item, by=request.person)
        transaction.on_commit(lambda: tasks.send_runs(ids))
    return Status(202, {"runs": ids, "revision": Gate.objects.values_list("revision", flat=True).get(pk=pk)})
