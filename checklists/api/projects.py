"""Projects: those of the token's person, or the one that the token is limited to."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from ninja import Router
from pydantic import Field

from checklists.api import door, paging
from checklists.api.door import ApiRequest, needs
from checklists.api.paging import Page
from checklists.api.shapes import Before, Limit, Moment, Name, Shape, Slug, Url, page_url
from checklists.models import Project
from checklists.models.access import Scope
from checklists.permissions import roles_of

router = Router(tags=["projects"])


class ProjectShape(Shape):
    """A project."""

    id: int = Field(examples=[1])
    slug: str = Field(examples=["image-classifier"])
    name: str = Field(examples=["Image classifier"])
    description: str = Field(examples=["Classifies images of parts."])
    environments: list[str] = Field(examples=[["production", "staging"]])
    created_by: Name
    created_at: Moment
    url: Url


class OneProject(ProjectShape):
    """A project with what this token's person is in it."""

    roles: list[str] = Field(description="The roles of the token's person", examples=[["contributor"]])


def _fields(row: Project) -> dict[str, Any]:
    return {
        "id": row.pk,
        "slug": row.slug,
        "name": row.name,
        "description": row.description,
        "environments": sorted(environment.name for environment in row.environments.all()),
        "created_by": row.created_by.name,
        "created_at": row.created_at,
        "url": page_url("project", row.slug),
    }


def _rows(request: ApiRequest) -> QuerySet[Project]:
    return door.projects(request).select_related("created_by").prefetch_related("environments")


@router.get("/projects", response=Page[ProjectShape], auth=needs(Scope.READ), summary="List projects")
def project_list(request: ApiRequest, limit: Limit = 50, before: Before = None) -> Any:
    """Projects that the token may see, newest first."""
    return paging.newest(request, _rows(request), _fields, limit=limit, before=before)


@router.get("/projects/{slug:slug}", response=OneProject, auth=needs(Scope.READ), summary="Look at a project")
def project_one(request: ApiRequest, slug: Slug) -> Any:
    """One project, with the roles of the token's person."""
    found = door.project(request, slug)
    return {**_fields(found), "roles": sorted(roles_of(request.person, found))}
