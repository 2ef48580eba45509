"""ETags of gates: a poll that finds nothing changed costs two queries."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse

from checklists import clock
from checklists.models import Gate


def of(rows: Sequence[Gate]) -> str:
    """Names what gates say; empty when time alone may have changed it since it was last written down."""
    if any(row.verdict_until and row.verdict_until <= clock.now() for row in rows):
        return ""
    return '"' + "-".join(f"{row.pk}.{row.revision}" for row in rows) + '"'


def seen(request: HttpRequest, tag: str) -> bool:
    """Whether who asks has that answer already."""
    # A proxy that compresses answers makes their tags weak.
    given = request.headers.get("If-None-Match", "").split(",")
    return bool(tag) and tag in {one.strip().removeprefix("W/") for one in given}


def unchanged(tag: str) -> HttpResponse:
    """304."""
    answer = HttpResponse(status=304)
    put(answer, tag)
    return answer


def put(response: HttpResponse, tag: str) -> None:
    """Name what the answer says, if it has a name."""
    if tag:
        response["ETag"] = tag
        response["Cache-Control"] = "private, no-cache"
