"""The API as a whole: its routers, its errors, its addresses."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Router
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser

from checklists import api as package
from checklists.api import document, door, problems
from checklists.api.problems import Problem
from checklists.models.access import Scope
from readiness.engine.errors import BadContent
from readiness.engine.readers import plain_json


class StrictParser(Parser):
    """JSON without doubled keys, depth, half characters, NUL characters, NaN."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body as plain data. ninja makes a 400 of whatever is raised."""
        try:
            text = request.body.decode()
        except UnicodeDecodeError:
            raise BadContent("The body is not UTF-8.") from None
        if "\\u0000" in text:
            raise BadContent("The body holds a NUL character.")
        if "NaN" in text or "Infinity" in text:
            _refuse_constants(text)
        return plain_json.parse(text, "The body")


def _refuse_constants(text: str) -> None:
    def refuse(name: str) -> None:
        raise BadContent(f"The body holds {name}, which JSON does not know.")

    json.loads(text, parse_constant=refuse)


def modules() -> list[str]:
    """The package's modules, by name."""
    return sorted(found.name for found in pkgutil.iter_modules(package.__path__))


class Named(NinjaAPI):
    """ninja's API whose operations are named as their views."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The view's name; each is there once (a test sees to it)."""
        return operation.view_func.__name__


def _build() -> NinjaAPI:
    made = Named(
        title="Readiness",
        version="1",
        urls_namespace="api",
        docs_url=None,
        openapi_url=None,
        auth=door.needs(Scope.READ),
        parser=StrictParser(),
    )
    made.add_decorator(door.through, mode="view")
    for kind in (Exception, Http404, HttpError, ValidationError):
        made.add_exception_handler(kind, problems.answer)
    for name in modules():
        if name != "root":
            router = getattr(import_module(f"{package.__name__}.{name}"), "router", None)
            if isinstance(router, Router):
                made.add_router("", router)
    return made


api = _build()


def _told(*views: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The first of the views that takes the method; a method that none takes is a problem too.

    Modules that share an address have a view each: Django alone would only ever ask the first.
    """

    @csrf_exempt
    @wraps(views[0])
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        allowed: set[str] = set()
        for view in views:
            response = view(request, *args, **kwargs)
            if response.status_code != 405:
                return response
            allowed |= {name.strip() for name in response.headers["Allow"].split(",")}
        names = ", ".join(sorted(allowed))
        return problems.respond(
            request, Problem(405, f"{request.method} is not among: {names}.", headers={"Allow": names})
        )

    return answer


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """Whatever else is asked for under /api/v1."""
    return problems.respond(
        request,
        problems.missing("There is no such address.", "See /api/v1/openapi.json for those there are."),
    )


def _urls() -> list[URLPattern | URLResolver]:
    patterns: list[Any] = api.urls[0]
    ours: dict[str, list[Any]] = {}
    for pattern in patterns:
        if pattern.name != "api-root":
            ours.setdefault(str(pattern.pattern), []).append(pattern)
    for same in ours.values():
        same[0].callback = _told(*[pattern.callback for pattern in same])
    told = path("openapi.json", _told(require_safe(document.view(api))), name="openapi")
    return [told, *[same[0] for same in ours.values()], re_path(r"^", nothing, name="nothing")]


urls = (_urls(), "api", "api")
