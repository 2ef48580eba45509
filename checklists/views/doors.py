"""Doors of the pages outside the gate: an outsider gets 404, a member whose roles do not allow it 403."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404

from checklists.errors import Forbidden
from checklists.forms.base import Form
from checklists.models import Person, Project, Release
from checklists.permissions import Act, require_role, roles_of
from checklists.views.visit import Request
from readiness.engine.errors import ReadinessError

T = TypeVar("T")


def project_for(person: Person, slug: str, act: Act = Act.READ) -> tuple[Project, frozenset[str]]:
    """A project with the person's roles in it. Raises Http404, PermissionDenied."""
    project = get_object_or_404(Project.objects.visible_to(person), slug=slug)
    return project, _allowed(person, roles_of(person, project), act)


def release_for(person: Person, pk: int, act: Act = Act.READ) -> tuple[Release, frozenset[str]]:
    """A release with the person's roles in its project. Raises Http404, PermissionDenied."""
    mine = Release.objects.filter(project__in=Project.objects.visible_to(person))
    release = get_object_or_404(mine.select_related("project", "snapshot", "parameters", "created_by"), pk=pk)
    return release, _allowed(person, roles_of(person, release.project_id), act)


def _allowed(person: Person, roles: frozenset[str], act: Act) -> frozenset[str]:
    if not roles:
        raise Http404
    try:
        return require_role(person, roles, act)
    except Forbidden as error:
        raise PermissionDenied(str(error)) from error


def done(request: Request, form: Form, act: Callable[..., T], **arguments: Any) -> T | None:
    """Call an act for a valid form; its refusal becomes the form's error and None the answer."""
    try:
        return act(by=request.user, **arguments)
    except Forbidden as error:
        raise PermissionDenied(str(error)) from error
    except ReadinessError as error:
        form.refused(error)
        return None
