"""What an auditor reads is logged, by page and by API: the middleware that notes it before it is shown.

It stands around every view, so that a page that is added is noted too. A page of no known kind counts as
one about each project that the person audits: rather one entry too many than one too few.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch, reverse

from checklists import audit
from checklists.actions import readings
from checklists.models import (
    ChecklistVersion,
    Deployment,
    DeploymentDecision,
    Gate,
    Person,
    Release,
)
from checklists.reads import auditing
from checklists.reads.auditing import Audited
from checklists.views.visit import MAX_ID

API = "/api/v1/"
ONCE_IN = timedelta(minutes=1)
# Parts of a page that was noted already: they count as that page, for as long as a session lasts.
FRAGMENTS = {"gate-changes", "item-body"}
FRAGMENTS_ONCE_IN = timedelta(hours=12)
# First words of addresses that show nothing of a project.
NOWHERE = {"accounts", "account", "admin", "api", "healthz", "readyz", "theme", "invitations", "sso"}
NO_PROJECT = {"project-create", "inbox-preferences"}
# What the number behind the first word of an address is, and how it leads to its project.
NOUNS: dict[str, tuple[Callable[[], QuerySet[Any]], str]] = {
    "gates": (Gate.objects.all, "release__project"),
    "releases": (Release.objects.all, "project"),
    "deployments": (Deployment.objects.all, "release__project"),
    "decisions": (DeploymentDecision.objects.all, "release__project"),
}


class AuditorMiddleware:
    """Notes what an auditor was shown; `request.audited` lets each page say so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if 200 <= response.status_code < 300:
            _note(request)
        return response

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        """Pages only: who asks the API is known later, and no page is shown."""
        match = request.resolver_match
        if match and not request.path_info.startswith(API) and _shows_a_project(request, match):
            person = request.user
            if person.is_authenticated and _audits(person):
                request.audited = _of(request, match, person)  # type: ignore[attr-defined]


def _note(request: HttpRequest) -> None:
    match = request.resolver_match
    if match is None:
        return
    person: Person | None = getattr(request, "person", None)
    if person is not None:
        _note_api(request, match, person)
    elif found := getattr(request, "audited", None):
        assert isinstance(request.user, Person)
        fragment = match.url_name in FRAGMENTS
        path = reverse("gate", args=[match.kwargs["pk"]]) if fragment else request.path
        about = _about(match.kwargs, request.path)
        once_in = FRAGMENTS_ONCE_IN if fragment else ONCE_IN
        readings.note(by=request.user, path=path, projects=[p.pk for p in found], once_in=once_in, **about)


def _note_api(request: HttpRequest, match: ResolverMatch, person: Person) -> None:
    token = request.token  # type: ignore[attr-defined]  # set with `person`
    if not _audits(person, token):
        return
    found = [p.pk for p in _of(request, match, person) if token.project_id in (None, p.pk)]
    with audit.acting(f"{token.name} {token.prefix}"):
        about = _about(match.kwargs, request.path.removeprefix(API[:-1]))
        readings.note(by=person, path=request.path, projects=found, once_in=ONCE_IN, **about)


def _audits(person: Person, loaded: object = None) -> bool:
    # Whoever loaded the person asked that too, in the same query.
    known: bool | None = getattr(loaded or person, "audits", None)
    return auditing.audits(person) if known is None else known


def _first_word(path: str) -> str:
    return path.removeprefix(API).lstrip("/").partition("/")[0]


def _shows_a_project(request: HttpRequest, match: ResolverMatch) -> bool:
    return _first_word(request.path_info) not in NOWHERE and match.url_name not in NO_PROJECT


def _of(request: HttpRequest, match: ResolverMatch, person: Person) -> list[Audited]:
    every = auditing.audited(person)
    word, known = _first_word(request.path_info), match.kwargs
    if word == "projects" and "slug" in known:
        return [p for p in every if p.slug == known["slug"]]
    if word == "checklists" and "version" in known:
        rows = ChecklistVersion.objects.filter(slug=known["slug"], version=known["version"])
        return _only(every, rows.values_list("project", flat=True).first())
    if word in NOUNS and 0 <= known.get("pk", -1) <= MAX_ID:
        rows_of, project = NOUNS[word]
        rows = rows_of().filter(pk=known["pk"]).order_by()
        return _only(every, rows.values_list(project, flat=True).first())
    return every


def _only(every: list[Audited], project: int | None) -> list[Audited]:
    return [p for p in every if p.pk == project]


def _about(kwargs: Mapping[str, Any], path: str) -> dict[str, Any]:
    word = _first_word(path)
    if word in NOUNS and "pk" in kwargs:
        return {word.removesuffix("s"): int(kwargs["pk"])}
    return {"release": kwargs["version"]} if word == "projects" and "version" in kwargs else {}
