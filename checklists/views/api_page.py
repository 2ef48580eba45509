"""The page about the API: its operations, from the OpenAPI document; no script, nothing from elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from checklists.api import document
from checklists.api.problems import KINDS
from checklists.api.root import api
from checklists.models.access import Scope
from checklists.views.visit import Request, signed_in


@dataclass(slots=True, kw_only=True)
class Shown:
    """One operation."""

    name: str
    method: str
    path: str
    summary: str
    about: str
    scope: str
    parameters: list[dict[str, Any]]
    request: str
    answer: str
    statuses: list[str]


@dataclass(slots=True, kw_only=True)
class Noun:
    """The operations on one noun."""

    title: str
    operations: list[Shown] = field(default_factory=list)


@require_GET
@signed_in
def page(request: Request) -> HttpResponse:
    """Every operation with what it takes and answers, and an example."""
    problems = [(status, kind, title) for status, (kind, title) in KINDS.items()]
    context = {
        "nouns": nouns(),
        "server": settings.PUBLIC_URL,
        "scopes": [(scope.value, scope.label) for scope in Scope],
        "problems": problems,
        "rate": settings.API_RATE,
    }
    return render(request, "checklists/api.html", context)


def nouns() -> list[Noun]:
    """The operations by noun, in the document's order."""
    found: dict[str, Noun] = {}
    for path, methods in document.build(api)["paths"].items():
        for method, operation in methods.items():
            title = operation.get("tags", ["other"])[-1].capitalize()
            found.setdefault(title, Noun(title=title)).operations.append(_shown(method, path, operation))
    return sorted(found.values(), key=lambda noun: noun.title)


def _shown(method: str, path: str, operation: dict[str, Any]) -> Shown:
    good = {int(status): answer for status, answer in operation["responses"].items() if int(status) < 400}
    return Shown(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        about=operation["description"].rpartition("\n\nScope:")[0],
        scope=operation["x-scope"],
        parameters=[p for p in operation["parameters"] if p["in"] != "path"],
        request=_example(operation.get("requestBody", {}).get("content", {})),
        answer=next(
            (_example(answer.get("content", {})) for answer in good.values() if answer.get("content")), ""
        ),
        statuses=[f"{status} {answer['description']}" for status, answer in good.items()],
    )


def _example(contents: dict[str, Any]) -> str:
    for media_type, content in contents.items():
        if "json" in media_type:
            return json.dumps(content["example"], indent=2, ensure_ascii=False)
        return f"({media_type})"
    return ""
