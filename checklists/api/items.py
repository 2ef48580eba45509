"""Items of a gate: what was observed, what decided them. People tick them, on the gate's page."""

from __future__ import annotations

from typing import Any

from ninja import Router
from pydantic import Field

from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.evidence import EvidenceShape, evidence_fields
from checklists.api.paging import Page
from checklists.api.problems import missing
from checklists.api.shapes import Id, ItemKey, Limit, Moment, Offset, Plain, Shape, Url, page_url
from checklists.loaded import LoadedGate, LoadedItem, load
from checklists.models.access import Scope

router = Router(tags=["items"])


class ItemShape(Shape):
    """An item of a gate. Approvals stay open here: see the gate's `signatures`."""

    key: str = Field(examples=["accuracy"])
    section: str = Field(examples=["Measured"])
    title: str = Field(examples=["Test accuracy meets the target"])
    requirement: str = Field(description="mandatory, conditional or recommended", examples=["mandatory"])
    role: str = Field(description="Of an approval: who signs", examples=[""])
    state: str = Field(description="open, passed, failed, na or waived", examples=["failed"])
    running: bool = Field(description="Its checks are queued or running", examples=[False])
    outcome: str = Field(description="Of the latest run; empty before the first", examples=["FAIL"])
    observed: str = Field(examples=["test.accuracy is 72.8 %, needs ≥ 80 %"])
    decided: str = Field(description="checks, person, or empty while open", examples=["checks"])
    decided_by: str | None = Field(examples=[None])
    decided_at: Moment | None
    reason: str = Field(examples=[""])
    waived_until: Moment | None = Field(description="Expiry of the waiver that counts or counted last")
    evidence: int = Field(description="How many pieces are attached", examples=[0])
    changed_in: int = Field(description="The gate's revision of the last change", examples=[41])
    url: Url


class CriterionShape(Shape):
    """One thing that must be true."""

    text: str = Field(examples=["The test set was never used in training"])
    confirm: bool = Field(description="A person must confirm it", examples=[True])
    confirmed: bool = Field(examples=[False])


class OneItem(ItemShape):
    """An item with its criteria, the findings of its latest run, and its evidence."""

    criteria: list[CriterionShape]
    results: list[Plain] = Field(description="Findings of the latest run, one for each check")
    pieces: list[EvidenceShape]
    remediation: str = Field(
        description="What to do when it cannot be ticked", examples=["Export the model."]
    )


def _fields(loaded: LoadedGate, item: LoadedItem, section: str) -> dict[str, Any]:
    row = item.row
    return {
        "key": item.key,
        "section": section,
        "title": item.spec.text,
        "requirement": row.requirement,
        "role": row.role,
        "state": item.state,
        "running": item.run_state is not None,
        "outcome": item.outcome,
        "observed": item.observed,
        "decided": row.decided,
        "decided_by": row.decided_by.name if row.decided_by else None,
        "decided_at": row.decided_at,
        "reason": row.reason,
        "waived_until": item.waiver.expires_at if item.waiver else None,
        "evidence": len(item.evidence),
        "changed_in": row.changed_in,
        "url": f"{page_url('gate', loaded.gate.pk)}#item-{item.key}",
    }


def _placed(loaded: LoadedGate) -> list[tuple[str, LoadedItem]]:
    return [(title, item) for title, items in loaded.sections() for item in items]


@router.get("/gates/{int:pk}/items", response=Page[ItemShape], auth=needs(Scope.READ), summary="List items")
def item_list(request: ApiRequest, pk: Id, limit: Limit = 200, offset: Offset = 0) -> Any:
    """The items of a gate, in the order of its checklist."""
    door.gate(request, pk)
    loaded = load(pk)
    return paging.part(
        request,
        _placed(loaded),
        lambda placed: _fields(loaded, placed[1], placed[0]),
        limit=limit,
        offset=offset,
    )


@router.get(
    "/gates/{int:pk}/items/{str:key}", response=OneItem, auth=needs(Scope.READ), summary="Look at an item"
)
def item_one(request: ApiRequest, pk: Id, key: ItemKey) -> Any:
    """One item with the findings of its latest run."""
    door.gate(request, pk)
    loaded = load(pk)
    found = next(((title, item) for title, item in _placed(loaded) if item.key == key), None)
    if found is None:
        raise missing(f"The gate has no item {key}.", "The list of its items names them.")
    title, item = found
    confirmed = set(item.row.confirmed)
    return {
        **_fields(loaded, item, title),
        "criteria": [
            {"text": criterion.text, "confirm": criterion.confirm, "confirmed": place in confirmed}
            for place, criterion in enumerate(item.spec.criteria)
        ],
        "results": item.results,
        "pieces": [evidence_fields(piece, pk, item.key) for piece in item.evidence],
        "remediation": item.spec.remediation,
    }
