"""Results of checks that ran where the files lie: the index first, then what the checks found."""

from __future__ import annotations

from typing import Annotated, Any

from django.db import transaction
from ninja import Query, Router
from pydantic import Field

from checklists.actions import pushes, reported
from checklists.actions.pushes import Wanted
from checklists.api import door
from checklists.api.door import ApiRequest, needs
from checklists.api.problems import Problem
from checklists.api.shapes import Plain, Sha256, Shape, Slug, Version
from checklists.api.uploads import INDEX, PushedShape, pushed_fields, taking, whole
from checklists.models import ApiToken
from checklists.models.access import Scope
from checklists.permissions import Act
from readiness.engine.errors import CheckProblem
from readiness.engine.file_index import MAX_INDEX_BYTES
from readiness.engine.readers import plain_json

router = Router(tags=["results"])

RELEASE = "/projects/{slug}/releases/{version}"
MAX_RESULTS = 64 << 20
RESULTS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "example": {
                    "digest": "sha256:" + "5e" * 32,
                    "gate": 1,
                    "checklist": {"slug": "small", "version": "1.0.0", "sha256": "5e" * 32},
                    "parameters": 1,
                    "items": [{"key": "weights", "results": []}],
                },
                "schema": {
                    "type": "object",
                    "required": ["digest", "gate", "checklist", "parameters", "items"],
                    "properties": {
                        "digest": {"type": "string", "description": "Of the index"},
                        "gate": {"type": "integer"},
                        "checklist": {
                            "type": "object",
                            "properties": {n: {"type": "string"} for n in ("slug", "version", "sha256")},
                        },
                        "parameters": {"type": "integer", "description": "Their number"},
                        "items": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {
                                    "key": {"type": "string"},
                                    "results": {"type": "array", "items": {"type": "object"}},
                                },
                            },
                        },
                    },
                },
            }
        },
    }
}


class ChecklistSource(Shape):
    """The checklist that the results must answer."""

    slug: str = Field(examples=["small"])
    version: str = Field(examples=["1.0.0"])
    sha256: Sha256
    source: str = Field(description="Its Markdown", examples=["# Small\n"])


class Promised(Shape):
    """The parameters that count."""

    number: int = Field(examples=[1])
    values: Plain


class Declared(PushedShape):
    """The release of files that stay elsewhere, and what to check."""

    checklist: ChecklistSource | None
    parameters: Promised


class IndexQuery(Shape):
    """What the release is measured by."""

    checklist: str = Field("", max_length=150, description="slug or slug@version", examples=["small"])
    environment: str = Field("", max_length=60, examples=["production"])
    set: list[str] = Field(
        default_factory=list, max_length=200, description="NAME=VALUE", examples=[["target_accuracy=80"]]
    )


@router.post(
    f"{RELEASE}/index",
    response=Declared,
    auth=needs(Scope.PUSH),
    summary="Declare files that stay elsewhere",
    openapi_extra=INDEX,
)
def declare(request: ApiRequest, slug: Slug, version: Version, query: Annotated[IndexQuery, Query()]) -> Any:
    """Send the index `[[path, size, sha256], …]` alone: the release and its gate, without any file.

    The answer holds the checklist and the parameters; run its checks on these files and send the results.
    """
    project = door.project(request, slug)
    index = whole(request, MAX_INDEX_BYTES, "The index")
    wanted = Wanted(checklist=query.checklist, environment=query.environment, parameters=_pairs(query.set))
    pushed = taking(
        lambda: pushes.declare(
            project=project, by=request.person, version=version, index=index, wanted=wanted
        )
    )
    used = pushed.gate.checklist if pushed.gate else None
    promised = pushed.release.promised
    return pushed_fields(pushed) | {
        "checklist": used
        and {"slug": used.slug, "version": used.version, "sha256": used.sha256, "source": used.source},
        "parameters": {"number": promised.number, "values": promised.values},
    }


def _pairs(given: list[str]) -> dict[str, str]:
    if any("=" not in one for one in given):
        raise Problem(422, "Each `set` is NAME=VALUE.")
    return dict(one.split("=", 1) for one in given)


@router.post(
    f"{RELEASE}/results",
    response=PushedShape,
    auth=needs(Scope.PUSH),
    summary="Report results",
    openapi_extra=RESULTS,
)
def results(request: ApiRequest, slug: Slug, version: Version) -> Any:
    """Results of each item's checks, as `readiness check --json` makes them, for the declared files.

    Refused when checklist, parameters or files are others by now (409), when a check's parameters are not
    those of the checklist, a measurement is not judged by its limit, or a check passed although a limit does
    not hold. Page, report and signature say that they were reported, and by which token.
    """
    release = door.release(request, slug, version, Act.RUN_CHECKS)
    report = reported.parse(_document(request))
    with transaction.atomic():
        gate = reported.take(
            release=release, by=request.person, reported_by=named(request.token), report=report
        )
    release.refresh_from_db()
    return pushed_fields(pushes.Pushed(release=release, gate=gate))


def named(token: ApiToken) -> str:
    """How people read which pipeline reported."""
    return f"{token.name} ({token.prefix}…)"


def _document(request: ApiRequest) -> Any:
    data = whole(request, MAX_RESULTS, "The report")
    try:
        return plain_json.parse(data.decode(), "The report")
    except UnicodeDecodeError:
        raise Problem(400, "The body is not UTF-8.") from None
    except CheckProblem as error:
        raise Problem(400, error.message, error.advice) from None
