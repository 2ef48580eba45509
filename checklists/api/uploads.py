"""Pushing files: an index comes first, then whatever of it the project lacks, then the release.

The bodies of an index, a file and a batch are streams: they are read in pieces and never held whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated, Any

from django.db import transaction
from django.http import HttpRequest
from ninja import Path, Query, Router
from pydantic import Field

from checklists import parts, tasks
from checklists.actions import pushes, uploads
from checklists.actions.pushes import Pushed, Wanted
from checklists.api import door
from checklists.api.door import ApiRequest, needs
from checklists.api.problems import Problem, missing
from checklists.api.shapes import Digest, Id, Shape, Slug, Url, page_url
from checklists.errors import TooLarge
from checklists.models import Upload
from checklists.models.access import Scope
from checklists.models.upload import UploadState
from readiness.engine.file_index import MAX_INDEX_BYTES

router = Router(tags=["uploads"])

UPLOADS = "/projects/{slug}/uploads"
UPLOAD = f"{UPLOADS}/{{int:pk}}"
CHUNK = 1 << 18
AT_ONCE = 5_000  # digests in one answer
OCTETS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
INDEX: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary"},
                "example": '[["model.bin",7,"' + "5e" * 32 + '"]]',
            }
        },
    }
}
VersionQuery = Annotated[
    str,
    Query(
        min_length=1, max_length=60, description="The release that these files are for", examples=["1.5.0"]
    ),
]
Sha256Path = Annotated[
    str, Path(pattern="^[0-9a-f]{64}$", description="The file's SHA-256", examples=["5e" * 32])
]


class UploadShape(Shape):
    """An upload: what it will be, and what is missing."""

    id: int = Field(examples=[1])
    project: str = Field(examples=["image-classifier"])
    version: str = Field(examples=["1.5.0"])
    digest: Digest = Field(description="Names the snapshot that it becomes")
    files: int = Field(examples=[24])
    bytes: int = Field(examples=[1_400_000])
    state: str = Field(description="open, done or abandoned", examples=["open"])
    missing: list[str] = Field(
        description="SHA-256 of files to send, sorted: the first 5,000", examples=[["5e" * 32]]
    )
    missing_count: int = Field(examples=[1])
    partial: dict[str, int] = Field(
        description="Bytes that are here of files that began to arrive", examples=[{"5e" * 32: 1_048_576}]
    )


class Missing(Shape):
    """More digests of files to send."""

    missing: list[str] = Field(examples=[["5e" * 32]])
    more: bool = Field(examples=[False])


class Received(Shape):
    """How many bytes of the file are here; `complete`: all of them, and they are the right ones."""

    received: int = Field(examples=[16_777_216])
    complete: bool = Field(examples=[True])


class Taken(Shape):
    """How many files of the batch were stored."""

    taken: int = Field(examples=[200])


class Completion(Shape):
    """What the release is measured by. Everything may be left out."""

    checklist: str = Field(
        "",
        max_length=150,
        description="slug or slug@version; else that of the project's newest gate",
        examples=["small"],
    )
    environment: str = Field(
        "", max_length=60, description="Open the release's gate for it", examples=["production"]
    )
    parameters: dict[str, Any] = Field(default_factory=dict, examples=[{"target_accuracy": 80.0}])
    planned_for: date | None = Field(None, examples=["2026-12-01"])


class GateOf(Shape):
    """The gate that was asked for."""

    id: int = Field(examples=[1])
    environment: str = Field(examples=["production"])
    checklist: str = Field(examples=["small"])
    url: Url


class PushedShape(Shape):
    """The release that the files became."""

    project: str = Field(examples=["image-classifier"])
    version: str = Field(examples=["1.5.0"])
    digest: Digest
    files: int = Field(examples=[24])
    bytes: int = Field(examples=[1_400_000])
    runs: list[int] = Field(description="Check runs that were queued", examples=[[7, 8]])
    url: Url
    gate: GateOf | None


def upload_for(request: ApiRequest, slug: str, pk: int) -> Upload:
    """An upload of a project that the token may see. Raises Problem."""
    found = (
        Upload.objects.select_related("project").filter(pk=pk, project=door.project(request, slug)).first()
    )
    if found is None:
        raise missing()
    return found


def fields(row: Upload) -> dict[str, Any]:
    """An upload as it is answered."""
    left = uploads.missing(row) if row.state == UploadState.OPEN else []
    wanted = set(left)
    here = parts.received(row.pk) if left else {}
    return {
        "id": row.pk,
        "project": row.project.slug,
        "version": row.version,
        "digest": row.digest,
        "files": row.file_count,
        "bytes": row.total_bytes,
        "state": row.state,
        "missing": left[:AT_ONCE],
        "missing_count": len(left),
        "partial": {sha256: size for sha256, size in here.items() if sha256 in wanted},
    }


def pushed_fields(pushed: Pushed) -> dict[str, Any]:
    """What became of a push."""
    release, gate = pushed.release, pushed.gate
    return {
        "project": release.project.slug,
        "version": release.version,
        "digest": release.snapshot.digest,
        "files": release.snapshot.file_count,
        "bytes": release.snapshot.total_bytes,
        "runs": pushed.runs,
        "url": page_url("release", release.pk),
        "gate": None
        if gate is None
        else {
            "id": gate.pk,
            "environment": gate.environment.name,
            "checklist": gate.checklist.slug,
            "url": page_url("gate", gate.pk),
        },
    }


def pieces(request: HttpRequest) -> Iterator[bytes]:
    """The request's body as it comes. A connection that breaks ends it early."""
    while chunk := request.read(CHUNK):
        yield chunk


def whole(request: HttpRequest, most: int, what: str) -> bytes:
    """The body of at most so many bytes. Raises Problem."""
    found: list[bytes] = []
    size = 0
    for piece in pieces(request):
        size += len(piece)
        if size > most:
            raise Problem(413, f"{what} is larger than {most >> 20} MB.")
        found.append(piece)
    if size < int(request.headers.get("Content-Length") or 0):
        raise Problem(400, "The request ended before it was complete.", "Send it again.")
    return b"".join(found)


def taking(function: Callable[[], Any]) -> Any:
    """Call an act that takes bytes; its refusals as problems that a client goes on from."""
    try:
        return function()
    except parts.PartMismatch as error:
        kind = "busy" if isinstance(error, parts.PartBusy) else "offset"
        raise Problem(409, error.message, error.advice, kind=kind, received=error.received) from error
    except parts.PartDropped as error:
        raise Problem(422, error.message, error.advice, kind="wrong-bytes") from error
    except TooLarge as error:
        raise Problem(413, error.message, error.advice) from error


@router.post(
    UPLOADS, response=UploadShape, auth=needs(Scope.PUSH), summary="Open an upload", openapi_extra=INDEX
)
def upload_open(request: ApiRequest, slug: Slug, version: VersionQuery) -> Any:
    """Send the index `[[path, size, sha256], …]`; the answer says which files the project lacks.

    The same index for the same version takes up the upload that is open. At most 200,000 files and 64 MB of
    index. Paths are relative, in NFC, without `.`, `..`, empty parts and hidden characters.
    """
    project = door.project(request, slug)
    index = whole(request, MAX_INDEX_BYTES, "The index")
    row = taking(
        lambda: uploads.open_upload(project=project, by=request.person, version=version, index=index)
    )
    row.project = project
    return fields(row)


@router.get(UPLOAD, response=UploadShape, auth=needs(Scope.PUSH), summary="Look at an upload")
def upload_one(request: ApiRequest, slug: Slug, pk: Id) -> Any:
    """What is missing now."""
    return fields(upload_for(request, slug, pk))


@router.get(f"{UPLOAD}/missing", response=Missing, auth=needs(Scope.PUSH), summary="List missing files")
def upload_missing(
    request: ApiRequest,
    slug: Slug,
    pk: Id,
    after: Annotated[str, Query(max_length=64, description="Digests behind this one", examples=[""])] = "",
) -> Any:
    """Digests of the files to send, 5,000 at a time, sorted."""
    row = upload_for(request, slug, pk)
    left = [sha256 for sha256 in uploads.missing(row) if sha256 > after] if row.state == "open" else []
    return {"missing": left[:AT_ONCE], "more": len(left) > AT_ONCE}


@router.put(
    f"{UPLOAD}/files/{{sha256}}",
    response=Received,
    auth=needs(Scope.PUSH),
    summary="Send a file or its next part",
    openapi_extra=OCTETS,
)
def file_put(
    request: ApiRequest,
    slug: Slug,
    pk: Id,
    sha256: Sha256Path,
    offset: Annotated[
        int, Query(ge=0, le=2**53, description="How many bytes are there already", examples=[0])
    ] = 0,
) -> Any:
    """Append bytes. 409 `offset` with `received` when another number of bytes is there: go on from that one;
    409 `busy` while another connection writes the file: ask again by sending nothing, a moment later.

    What came before a connection broke stays. Once whole, the file is compared with its digest: other bytes
    are dropped (422, `wrong-bytes`).
    """
    row = upload_for(request, slug, pk)
    there = taking(
        lambda: uploads.take_part(
            upload=row, by=request.person, sha256=sha256, offset=offset, chunks=pieces(request)
        )
    )
    return {"received": there, "complete": bool(uploads.stored(row.project_id, [sha256]))}


@router.post(
    f"{UPLOAD}/batch",
    response=Taken,
    auth=needs(Scope.PUSH),
    summary="Send many small files",
    openapi_extra=OCTETS,
)
def batch(request: ApiRequest, slug: Slug, pk: Id) -> Any:
    """Lines `sha256 size`, each before the bytes of its file (at most 4 MB). What came whole stays."""
    row = upload_for(request, slug, pk)
    taken = taking(lambda: uploads.take_batch(upload=row, by=request.person, read=request.read))
    return {"taken": taken}


@router.post(f"{UPLOAD}/complete", response=PushedShape, auth=needs(Scope.PUSH), summary="Make it a release")
def complete(request: ApiRequest, slug: Slug, pk: Id, body: Completion) -> Any:
    """Every file is there: the release is made, or takes these files; its gate opens; checks are queued.

    Sent again, it answers the same and changes nothing.
    """
    row = upload_for(request, slug, pk)
    with transaction.atomic():
        pushed = pushes.complete(upload=row, by=request.person, wanted=wanted(body))
        transaction.on_commit(lambda: tasks.send_runs(pushed.runs))
    return pushed_fields(pushed)


def wanted(body: Completion) -> Wanted:
    """What a push asks for."""
    return Wanted(
        checklist=body.checklist,
        environment=body.environment,
        parameters=body.parameters,
        planned_for=body.planned_for,
    )
