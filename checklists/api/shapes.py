"""Fields and shapes that several answers share. A shape names every field; no other comes in or goes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.conf import settings
from django.urls import reverse
from ninja import Path, Query
from pydantic import BaseModel, ConfigDict, Field

MAX_ID = 2**63 - 1
MOST = 200

# In addresses.
Slug = Annotated[str, Path(description="The project's name in addresses", examples=["image-classifier"])]
Version = Annotated[
    str, Path(min_length=1, max_length=60, description="The release's version", examples=["1.4.0"])
]
Id = Annotated[int, Path(ge=1, le=MAX_ID, description="An id from a list", examples=[1])]
ItemKey = Annotated[
    str,
    Path(min_length=1, max_length=200, description="The item's id in the checklist", examples=["weights"]),
]
# In queries.
Limit = Annotated[int, Query(ge=1, le=MOST, description="At most so many rows", examples=[50])]
Before = Annotated[
    int | None,
    Query(ge=1, le=MAX_ID, description="Only rows before this id: newest come first", examples=[1000]),
]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="Leave out so many", examples=[0])]

# In answers.
Moment = Annotated[datetime, Field(examples=["2026-11-21T17:30:00Z"])]
Digest = Annotated[str, Field(examples=["sha256:" + "5e" * 32])]
Sha256 = Annotated[str, Field(examples=["5e" * 32])]
Url = Annotated[str, Field(examples=["https://readiness.example/gates/1/"])]
Name = Annotated[str, Field(description="Whose act it was, by name", examples=["Ada Owner"])]
Plain = Annotated[dict[str, Any], Field(examples=[{}])]


class Shape(BaseModel):
    """A closed shape: an unknown field of a request is refused."""

    model_config = ConfigDict(extra="forbid")


class FieldProblem(Shape):
    """One field that cannot be used."""

    field: str = Field(examples=["version"])
    message: str = Field(examples=["Field required"])


class ProblemShape(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = Field(examples=["urn:readiness:problem:not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is nothing here that this token may see."])
    advice: str | None = Field(None, examples=["Check the address."])
    instance: str = Field(examples=["/api/v1/projects/image-classifier"])
    errors: list[FieldProblem] | None = None


def page_url(route: str, *arguments: object) -> str:
    """The absolute address of a page."""
    return f"{settings.PUBLIC_URL}{reverse(route, args=arguments)}"


def api_url(path: str) -> str:
    """The absolute address of something in the API."""
    return f"{settings.PUBLIC_URL}/api/v1/{path}"
