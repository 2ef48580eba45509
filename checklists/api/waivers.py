"""Waivers: read them, ask for one, take that back. Deciding on one is a person's act, on its page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from ninja import Router, Status
from pydantic import AwareDatetime, Field

from checklists import clock
from checklists.actions import waivers
from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.gates import unchanged
from checklists.api.paging import Page
from checklists.api.problems import Problem, missing
from checklists.api.shapes import Before, Id, Limit, Moment, Name, Plain, Shape
from checklists.models import Gate, Person, Waiver
from checklists.models.access import Scope
from checklists.permissions import Act, members_of

router = Router(tags=["waivers"])


class WaiverShape(Shape):
    """A recorded, expiring permission to pass without an item or a rule."""

    id: int = Field(examples=[1])
    gate: int = Field(examples=[1])
    item: str = Field(description="The item's id; empty for a rule", examples=["review"])
    rule: str = Field(description="The deployment gate's rule; empty for an item", examples=[""])
    reason: str = Field(examples=["The reviewer is away until Monday."])
    risk: str = Field(examples=["A defect in the export is found late."])
    mitigation: str = Field(examples=["Review on Monday; roll back at the first error."])
    owner: str = Field(description="Who answers for what stays open", examples=["Ada Owner"])
    scope: str = Field(examples=["This release only."])
    state: str = Field(
        description="draft, review, approved, rejected, withdrawn, revoked or expired", examples=["review"]
    )
    expires_at: Moment
    expires_zone: str = Field(description="The zone in which the expiry was chosen", examples=["UTC"])
    requested_by: Name
    requested_at: Moment
    decided_by: str | None = Field(examples=[None])
    decided_as: str = Field(examples=[""])
    decided_at: Moment | None
    decision_reason: str = Field(examples=[""])
    revoked_by: str | None = Field(examples=[None])
    revoked_at: Moment | None
    revoke_reason: str = Field(examples=[""])
    before: Plain = Field(description="Verdict, score and blockers without it, when it was decided")
    after: Plain = Field(description="The same with it")


class NewWaiver(Shape):
    """What is asked: an item or a rule, why, what may happen, and until when."""

    item: str = Field("", max_length=200, description="The item's id, or", examples=["review"])
    rule: str = Field("", max_length=60, description="the deployment gate's rule", examples=[""])
    reason: str = Field(min_length=1, max_length=5000, examples=["The reviewer is away until Monday."])
    risk: str = Field(min_length=1, max_length=5000, examples=["A defect in the export is found late."])
    mitigation: str = Field(min_length=1, max_length=5000, examples=["Review on Monday."])
    scope: str = Field(min_length=1, max_length=5000, examples=["This release only."])
    owner: str = Field(max_length=150, description="User name of who answers for it", examples=["owner"])
    expires_at: AwareDatetime = Field(description="With its zone", examples=["2026-12-01T12:00:00+01:00"])
    expires_zone: str = Field("UTC", max_length=60, description="For printing", examples=["Europe/Berlin"])
    draft: bool = Field(False, description="Only write it; a person asks for the decision", examples=[False])
    revision: int | None = Field(
        None, ge=0, le=2**31 - 1, description="Refuse when the gate is not at this revision", examples=[None]
    )


def waiver_fields(row: Waiver, at: datetime) -> dict[str, Any]:
    """A waiver as it is answered."""
    return {
        "id": row.pk,
        "gate": row.gate_id,
        "item": row.item.key if row.item else "",
        "rule": row.rule,
        "reason": row.reason,
        "risk": row.risk,
        "mitigation": row.mitigation,
        "owner": row.owner.name,
        "scope": row.scope,
        "state": "expired" if row.expired(at) else row.state,
        "expires_at": row.expires_at,
        "expires_zone": row.expires_zone,
        "requested_by": row.requested_by.name,
        "requested_at": row.requested_at,
        "decided_by": row.decided_by.name if row.decided_by else None,
        "decided_as": row.decided_as,
        "decided_at": row.decided_at,
        "decision_reason": row.decision_reason,
        "revoked_by": row.revoked_by.name if row.revoked_by else None,
        "revoked_at": row.revoked_at,
        "revoke_reason": row.revoke_reason,
        "before": row.before,
        "after": row.after,
    }


def _rows(gate: int) -> QuerySet[Waiver]:
    people = ("owner", "requested_by", "decided_by", "revoked_by")
    return Waiver.objects.filter(gate=gate).select_related("item", *people)


@router.get(
    "/gates/{int:pk}/waivers", response=Page[WaiverShape], auth=needs(Scope.READ), summary="List waivers"
)
def waiver_list(request: ApiRequest, pk: Id, limit: Limit = 50, before: Before = None) -> Any:
    """Waivers on a gate, newest first."""
    door.gate(request, pk)
    now = clock.now()
    return paging.newest(request, _rows(pk), lambda row: waiver_fields(row, now), limit=limit, before=before)


@router.get(
    "/gates/{int:pk}/waivers/{int:number}",
    response=WaiverShape,
    auth=needs(Scope.READ),
    summary="Look at a waiver",
)
def waiver_one(request: ApiRequest, pk: Id, number: Id) -> Any:
    """One waiver."""
    door.gate(request, pk)
    row = _rows(pk).filter(pk=number).first()
    if row is None:
        raise missing(f"The gate has no waiver {number}.")
    return waiver_fields(row, clock.now())


@router.post(
    "/gates/{int:pk}/waivers",
    response={201: WaiverShape},
    auth=needs(Scope.PROPOSE),
    summary="Ask for a waiver",
)
def waiver_ask(request: ApiRequest, pk: Id, body: NewWaiver) -> Any:
    """Write a waiver and ask for its decision, which another person takes on its page."""
    gate = door.gate(request, pk, Act.ASK_WAIVER)
    told = body.model_dump(exclude={"item", "owner", "draft", "revision"})
    with transaction.atomic():
        unchanged(pk, body.revision)
        made = waivers.draft(
            gate=pk, by=request.person, key=body.item, owner=_owner(gate, body.owner), **told
        )
        if not body.draft:
            made = waivers.submit(gate=pk, waiver=made.pk, by=request.person)
    return Status(201, waiver_fields(made, clock.now()))


def _owner(gate: Gate, username: str) -> Person:
    members = (member.person for member in members_of(gate.release.project_id))
    found = next((person for person in members if person.username == username), None)
    if found is None:
        raise Problem(422, f"The project has no member {username}.", "Name one by the user name.")
    return found


@router.post(
    "/gates/{int:pk}/waivers/{int:number}/withdraw",
    response=WaiverShape,
    auth=needs(Scope.PROPOSE),
    summary="Take back a request for a waiver",
)
def waiver_withdraw(request: ApiRequest, pk: Id, number: Id) -> Any:
    """Only who asked, and only before it is decided; it stays on record."""
    door.gate(request, pk, Act.ASK_WAIVER)
    if not _rows(pk).filter(pk=number).exists():
        raise missing(f"The gate has no waiver {number}.")
    return waiver_fields(waivers.withdraw(gate=pk, waiver=number, by=request.person), clock.now())
