"""The deployment gate for pipelines: ask it, and read what it decided."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from ninja import Router
from pydantic import Field

from checklists import blobs
from checklists.actions import deployments
from checklists.actions.deciding import Look
from checklists.actions.deployments import Answer
from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.paging import Page
from checklists.api.problems import Problem, missing
from checklists.api.registry import environment_of
from checklists.api.releases import RELEASE
from checklists.api.shapes import Before, Id, Limit, Moment, Name, Plain, Shape, Slug, Url, Version, page_url
from checklists.api.standing import BlockerShape, standing
from checklists.models import DeploymentDecision
from checklists.models.access import Scope
from checklists.shown.deployment import fix_url
from readiness.engine.policy import VerdictState

router = Router(tags=["decisions"])


class ReasonShape(Shape):
    """One thing against the deployment: what was observed, what to do, and where."""

    rule: str = Field(examples=["rehearsal"])
    title: str = Field(examples=["The rollback was rehearsed"])
    item: str = Field(examples=["age"])
    text: str = Field(examples=["No rehearsal of the rollback is recorded."])
    fix: str = Field(examples=["Rehearse the rollback and record it."])
    waivable: bool = Field(examples=[True])
    heals_at: str | None = Field(description="From when on time alone mends it; null: never", examples=[None])
    url: Url


class DecisionShape(Shape):
    """A decision in short; it never changes."""

    id: int = Field(examples=[1])
    release: str = Field(examples=["1.4.0"])
    environment: str = Field(examples=["production"])
    verdict: str = Field(description="approve, reject or waiver required", examples=["reject"])
    policy: int | None = Field(description="The policy's number; null: only the gates", examples=[1])
    manifest: int | None = Field(description="The manifest's number", examples=[1])
    trace_id: str = Field(examples=["4f" * 16])
    asked_by: Name
    decided_at: Moment
    url: Url


class OneDecision(DecisionShape):
    """A decision with its whole record."""

    record: Plain = Field(description="Rules, reasons, approvals, and the digests of what was judged")


class AnswerShape(Shape):
    """What the deployment gate answers."""

    state: str = Field(description="approved, blocked, declined or undecided", examples=["blocked"])
    verdict: str | None = Field(
        description="approve, reject or waiver required; null while undecided", examples=["reject"]
    )
    project: str = Field(examples=["image-classifier"])
    release: str = Field(examples=["1.4.0"])
    environment: str = Field(examples=["production"])
    reasons: list[ReasonShape] = Field(
        description="What stands against it by the rules, also while undecided"
    )
    blockers: list[BlockerShape] = Field(description="What is in the way on the gates")
    decision: int | None = Field(description="The stored decision; null while undecided", examples=[1])
    repeated: bool = Field(description="Nothing changed since this decision", examples=[False])
    trace_id: str = Field(examples=["4f" * 16])
    policy: int | None = Field(examples=[1])
    manifest: int | None = Field(examples=[1])
    as_of: Moment
    url: Url


class Question(Shape):
    """Where the release shall go; a pipeline's manifest may speak in place of the release plan."""

    environment: str = Field(max_length=60, examples=["production"])
    manifest: int | None = Field(
        None, ge=1, le=2**31 - 1, description="The number of a registered manifest", examples=[None]
    )


def decision_fields(row: DeploymentDecision) -> dict[str, Any]:
    """A decision as lists show it."""
    return {
        "id": row.pk,
        "release": row.release.version,
        "environment": row.environment.name,
        "verdict": row.verdict,
        "policy": row.policy.number if row.policy else None,
        "manifest": row.manifest.number if row.manifest else None,
        "trace_id": row.trace_id,
        "asked_by": row.asked_by.name,
        "decided_at": row.decided_at,
        "url": page_url("decision", row.pk),
    }


def _rows(request: ApiRequest, slug: str, version: str) -> QuerySet[DeploymentDecision]:
    rows = DeploymentDecision.objects.filter(release=door.release(request, slug, version))
    return rows.select_related("release", "environment", "policy", "manifest", "asked_by").defer(
        "manifest__document"
    )


@router.post(
    f"{RELEASE}/decisions", response=AnswerShape, auth=needs(Scope.DECIDE), summary="Ask for a decision"
)
def decision_ask(request: ApiRequest, slug: Slug, version: Version, body: Question) -> Any:
    """May the release be deployed there now? The decision is stored with its reasons, digests and trace.

    While gates are open or wait for signatures the state is undecided and nothing is stored. Asked again
    within an hour with nothing changed, the answer is the decision that is there.
    """
    release = door.release(request, slug, version)
    where = environment_of(release.project, body.environment)
    try:
        answer = deployments.decide_deployment(
            release=release, environment=where, by=request.person, pushed=body.manifest
        )
    except blobs.BlobError as error:
        raise Problem(503, error.message, error.advice) from error
    return _fields(answer)


def _fields(answer: Answer) -> dict[str, Any]:
    look, row = answer.look, answer.row
    release, environment = look.known.release, look.known.environment
    gate = look.gate.pk if look.gate else None
    return {
        "state": look.state,
        "verdict": row.verdict if row else None,
        "project": release.project.slug,
        "release": release.version,
        "environment": environment.name,
        "reasons": [
            told | {"url": page_address(fix_url(told, release, environment, gate, look.preview.inputs))}
            for told in (reason.to_dict() for reason in look.preview.reasons)
        ],
        "blockers": _blockers(look),
        "decision": row.pk if row else None,
        "repeated": answer.repeated,
        "trace_id": row.trace_id if row else look.preview.trace_id,
        "policy": look.policy.number if look.policy else None,
        "manifest": row.manifest.number if row and row.manifest else None,
        "as_of": look.preview.as_of,
        "url": page_url("decision", row.pk)
        if row
        else page_url("release-deployment", release.pk, environment.pk),
    }


def page_address(path: str) -> str:
    """The absolute address of a page's path."""
    return f"{page_url('home')[:-1]}{path}" if path else page_url("home")


def _blockers(look: Look) -> list[dict[str, Any]]:
    """What stands in the way on each gate, and stages without one."""
    found: list[dict[str, Any]] = [
        blocker
        for inside in look.gates
        if inside.judged.verdict.state is not VerdictState.APPROVED
        for blocker in standing(inside.loaded, look.known.at)["blockers"]
    ]
    page = page_url("release", look.known.release.pk)
    titles = [
        (f"Stage {one.title.lower()}", f"has no gate yet; {one.checklist} is expected")
        for one in look.missing
    ]
    if not look.gates and not look.missing:
        titles = [("Gate", f"No gate is open for {look.known.environment.name}")]
    return found + [
        {"kind": "stage", "item": "", "title": title, "text": text, "resolve": "Open the gate.", "url": page}
        for title, text in titles
    ]


@router.get(
    f"{RELEASE}/decisions", response=Page[DecisionShape], auth=needs(Scope.READ), summary="List decisions"
)
def decision_list(
    request: ApiRequest, slug: Slug, version: Version, limit: Limit = 50, before: Before = None
) -> Any:
    """A release's decisions, newest first."""
    rows = _rows(request, slug, version).defer("record", "manifest__document")
    return paging.newest(request, rows, decision_fields, limit=limit, before=before)


@router.get(
    f"{RELEASE}/decisions/{{int:pk}}",
    response=OneDecision,
    auth=needs(Scope.READ),
    summary="Look at a decision",
)
def decision_one(request: ApiRequest, slug: Slug, version: Version, pk: Id) -> Any:
    """One decision with its record."""
    row = _rows(request, slug, version).filter(pk=pk).first()
    if row is None:
        raise missing(f"The release has no decision {pk}.")
    return {**decision_fields(row), "record": row.record}
