"""Waivers: read them, ask for one. Deciding on one is a person's act, on its page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from ninja import Router
from pydantic import Field

from checklists import clock
from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.paging import Page
from checklists.api.problems import missing
from checklists.api.shapes import Before, Id, Limit, Moment, Name, Plain, Shape
from checklists.models import Waiver
from checklists.models.access import Scope

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
        description="draft, review, approved, rejected, revoked or expired", examples=["review"]
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
