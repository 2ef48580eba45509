"""Evidence: list, download, attach a file or a link."""

from __future__ import annotations

from typing import Annotated, Any

from django.db import transaction
from django.http import HttpResponseBase
from ninja import File, Form, Router, Status, UploadedFile
from pydantic import Field

from checklists.actions import evidence
from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.files import BINARY, download
from checklists.api.gates import unchanged
from checklists.api.paging import Page
from checklists.api.problems import Problem, missing
from checklists.api.shapes import Before, Id, ItemKey, Limit, Moment, Name, Shape, Url, api_url
from checklists.models import Evidence
from checklists.models.access import Scope
from checklists.models.evidence import EvidenceKind
from checklists.permissions import Act

router = Router(tags=["evidence"])
Revision = Annotated[
    int | None,
    Field(ge=0, le=2**31 - 1, description="Refuse when the gate is not at this revision", examples=[None]),
]


class EvidenceShape(Shape):
    """A file or link on an item. What was taken off stays on record."""

    id: int = Field(examples=[1])
    item: str = Field(examples=["issues"])
    kind: str = Field(description="file or link", examples=["file"])
    name: str = Field(examples=["open-issues.pdf"])
    sha256: str = Field(description="Of a file", examples=["5e" * 32])
    size: int = Field(examples=[34_000])
    link: str = Field(description="Of a link", examples=[""])
    added_by: Name
    added_at: Moment
    removed: bool = Field(examples=[False])
    content: Url | None = Field(description="Where a file's bytes are")


class NewLink(Shape):
    """A link to attach; it is never fetched."""

    url: str = Field(min_length=1, max_length=1000, examples=["https://ci.example/runs/7"])
    name: str = Field("", max_length=255, examples=["CI run 7"])
    revision: Revision = None


def evidence_fields(row: Evidence, gate: int, key: str) -> dict[str, Any]:
    """A piece of evidence as it is answered."""
    is_file = row.kind == EvidenceKind.FILE
    return {
        "id": row.pk,
        "item": key,
        "kind": row.kind,
        "name": row.name,
        "sha256": row.sha256,
        "size": row.size,
        "link": row.url,
        "added_by": row.added_by.name,
        "added_at": row.added_at,
        "removed": row.removed_at is not None,
        "content": api_url(f"gates/{gate}/evidence/{row.pk}/content") if is_file else None,
    }


@router.get(
    "/gates/{int:pk}/evidence", response=Page[EvidenceShape], auth=needs(Scope.READ), summary="List evidence"
)
def evidence_list(request: ApiRequest, pk: Id, limit: Limit = 50, before: Before = None) -> Any:
    """Evidence on a gate's items, newest first, also what was taken off."""
    door.gate(request, pk)
    rows = Evidence.objects.filter(item__gate=pk).select_related("item", "added_by")
    return paging.newest(
        request, rows, lambda row: evidence_fields(row, pk, row.item.key), limit=limit, before=before
    )


def _one(request: ApiRequest, pk: int, piece: int) -> Evidence:
    door.gate(request, pk)
    rows = Evidence.objects.filter(item__gate=pk, pk=piece).select_related("item", "added_by")
    row = rows.first()
    if row is None:
        raise missing(f"The gate has no evidence {piece}.")
    return row


@router.get(
    "/gates/{int:pk}/evidence/{int:piece}",
    response=EvidenceShape,
    auth=needs(Scope.READ),
    summary="Look at a piece of evidence",
)
def evidence_one(request: ApiRequest, pk: Id, piece: Id) -> Any:
    """One piece of evidence."""
    row = _one(request, pk, piece)
    return evidence_fields(row, pk, row.item.key)


@router.get(
    "/gates/{int:pk}/evidence/{int:piece}/content",
    auth=needs(Scope.READ),
    summary="Download evidence",
    openapi_extra=BINARY,
)
def evidence_content(request: ApiRequest, pk: Id, piece: Id) -> HttpResponseBase:
    """The bytes of a file."""
    row = _one(request, pk, piece)
    if row.kind != EvidenceKind.FILE:
        raise Problem(404, "This evidence is a link; there are no bytes of it here.", "Follow its `link`.")
    return download(row.sha256, row.name)


@router.post(
    "/gates/{int:pk}/items/{str:key}/evidence",
    response={201: EvidenceShape},
    auth=needs(Scope.PUSH),
    summary="Attach a file",
)
def evidence_attach(
    request: ApiRequest,
    pk: Id,
    key: ItemKey,
    file: Annotated[UploadedFile, File(description="The file")],
    revision: Annotated[int | None, Form(ge=0, le=2**31 - 1)] = None,
) -> Any:
    """Attach a file to an item, as multipart/form-data with the field `file`."""
    door.item(request, pk, key, Act.ATTACH)
    with transaction.atomic():
        unchanged(pk, revision)
        loaded = evidence.attach_file(gate=pk, key=key, by=request.person, name=file.name or "", content=file)
    item = loaded.item(key)
    assert item is not None  # the act refuses an unknown one
    return Status(201, evidence_fields(item.evidence[-1], pk, key))


@router.post(
    "/gates/{int:pk}/items/{str:key}/links",
    response={201: EvidenceShape},
    auth=needs(Scope.PUSH),
    summary="Attach a link",
)
def link_attach(request: ApiRequest, pk: Id, key: ItemKey, body: NewLink) -> Any:
    """Attach a link to an item."""
    door.item(request, pk, key, Act.ATTACH)
    with transaction.atomic():
        unchanged(pk, body.revision)
        loaded = evidence.attach_link(gate=pk, key=key, by=request.person, url=body.url, name=body.name)
    item = loaded.item(key)
    assert item is not None  # the act refuses an unknown one
    return Status(201, evidence_fields(item.evidence[-1], pk, key))
