"""Sign-offs, to read. Signing is no part of the API: a person signs on the gate's page, with a password."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from ninja import Router
from pydantic import Field

from checklists import clock, keys, signatures
from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.paging import Page
from checklists.api.problems import missing
from checklists.api.shapes import Before, Digest, Id, Limit, Moment, Shape
from checklists.loaded import load
from checklists.models import SignOff
from checklists.models.access import Scope
from readiness.engine.sealed.keys import Keyring

router = Router(tags=["sign-offs"])


class SignOffShape(Shape):
    """A signature. It is valid while it is the person's last one and the gate still has its digest.

    `envelope` is what the installation signed: a DSSE envelope over an in-toto statement, to verify offline.
    """

    id: int = Field(examples=[1])
    role: str = Field(examples=["technical-lead"])
    person: str = Field(examples=["Lea Lead"])
    decision: str = Field(description="approve, decline or withdraw", examples=["approve"])
    meaning: str = Field(examples=["As technical lead, I approve the deployment of 1.4.0 to production."])
    criteria: list[str] = Field(description="What was confirmed", examples=[["Monitoring is adequate"]])
    comment: str = Field(examples=[""])
    digest: Digest = Field(description="The state that was signed")
    signed_at: Moment
    valid: bool = Field(description="Of the present state", examples=[True])
    invalid: str = Field(description="Why the record does not count, if it was altered", examples=[""])
    methods: list[str] = Field(description="How the signer proved who they are", examples=[["password"]])
    supersedes: int | None = Field(description="The sign-off that this one replaces", examples=[None])
    key_id: str = Field(description="The key that sealed it; see `manage.py keys export`", examples=[""])
    envelope: str = Field(description="The record as it was sealed; empty before keys", examples=[""])


def _fields(row: SignOff, digest: str, ring: Keyring) -> dict[str, Any]:
    invalid = signatures.check(row, ring)
    return {
        "id": row.pk,
        "role": row.role,
        "person": row.person_name,
        "decision": row.decision,
        "meaning": row.meaning,
        "criteria": row.criteria,
        "comment": row.comment,
        "digest": row.digest,
        "signed_at": row.signed_at,
        "valid": row.live and row.digest == digest and not invalid,
        "invalid": invalid,
        "methods": row.methods,
        "supersedes": row.supersedes_id,
        "key_id": row.key_id,
        "envelope": row.envelope,
    }


def _rows(gate: int) -> QuerySet[SignOff]:
    return signatures.asked(SignOff.objects.filter(gate=gate)).defer("snapshot")


@router.get(
    "/gates/{int:pk}/sign-offs", response=Page[SignOffShape], auth=needs(Scope.READ), summary="List sign-offs"
)
def signoff_list(request: ApiRequest, pk: Id, limit: Limit = 50, before: Before = None) -> Any:
    """Every signature on a gate, newest first, also those that are superseded or stale."""
    door.gate(request, pk)
    digest, ring = load(pk).judge(clock.now()).digest, keys.ring()
    return paging.newest(
        request, _rows(pk), lambda row: _fields(row, digest, ring), limit=limit, before=before
    )


@router.get(
    "/gates/{int:pk}/sign-offs/{int:number}",
    response=SignOffShape,
    auth=needs(Scope.READ),
    summary="Look at a sign-off",
)
def signoff_one(request: ApiRequest, pk: Id, number: Id) -> Any:
    """One signature."""
    door.gate(request, pk)
    row = _rows(pk).filter(pk=number).first()
    if row is None:
        raise missing(f"The gate has no sign-off {number}.")
    return _fields(row, load(pk).judge(clock.now()).digest, keys.ring())
