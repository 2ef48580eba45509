"""Lists in pages: newest first by id, or by place in a list; `next` is the address of the following page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from pydantic import Field

from checklists.api.shapes import Shape

T = TypeVar("T")
V = TypeVar("V")
M = TypeVar("M", bound=Model)


class Page(Shape, Generic[T]):
    """One page of a list."""

    items: list[T]
    next: str | None = Field(
        description="The address of the next page; null on the last one", examples=[None]
    )


def newest(
    request: HttpRequest, rows: QuerySet[M], shape: Callable[[M], T], *, limit: int, before: int | None
) -> dict[str, Any]:
    """A page of rows by descending id: one query."""
    wanted = rows.order_by("-pk")
    if before is not None:
        wanted = wanted.filter(pk__lt=before)
    found = list(wanted[: limit + 1])
    shown = found[:limit]
    following = _address(request, limit=limit, before=shown[-1].pk) if len(found) > limit else None
    return {"items": [shape(row) for row in shown], "next": following}


def part(
    request: HttpRequest, rows: Sequence[V], shape: Callable[[V], T], *, limit: int, offset: int
) -> dict[str, Any]:
    """A page of a list that is in memory."""
    shown = rows[offset : offset + limit]
    more = offset + limit < len(rows)
    following = _address(request, limit=limit, offset=offset + limit) if more else None
    return {"items": [shape(row) for row in shown], "next": following}


def _address(request: HttpRequest, **changed: int) -> str:
    query = request.GET.copy()
    for name, value in changed.items():
        query[name] = str(value)
    return f"{settings.PUBLIC_URL}{request.path}?{query.urlencode()}"
