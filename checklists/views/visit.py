"""Doors of the gate's pages: who may come in, and how an act's refusal becomes an answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django_htmx.middleware import HtmxDetails

from checklists import clock
from checklists.errors import Forbidden
from checklists.loaded import LoadedGate, load
from checklists.models import Gate, Person
from checklists.permissions import members_at
from checklists.shown.scene import Scene

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)
MAX_TEXT = 5000
MAX_ID = 2**63 - 1  # the database refuses to compare with more


class Request(HttpRequest):
    """A request of somebody signed in, as the middleware leaves it."""

    htmx: HtmxDetails
    user: Person  # signed_in() let nobody else through


def signed_in(
    view: Callable[Concatenate[Request, P], R],
) -> Callable[Concatenate[Request, P], R | HttpResponse]:
    """Send visitors to sign in; a fragment request makes the whole page go there, not the fragment."""

    @wraps(view)
    def guarded(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> R | HttpResponse:
        user: Person | AnonymousUser = request.user
        if user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.htmx:
            return HttpResponse(headers={"HX-Redirect": resolve_url(settings.LOGIN_URL)})
        return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")

    return guarded


class SeeOther(HttpResponseRedirect):
    """The answer to a form sent without JavaScript: look at that page."""

    status_code = 303


def visit(request: Request, pk: int) -> Scene:
    """The gate as this person may see it; 404 for a gate that is not there or not theirs."""
    if pk > MAX_ID:
        raise Http404
    members = members_at(pk)
    if not any(member.person_id == request.user.pk for member in members):
        raise Http404
    loaded = load(pk)
    loaded.members = members
    return scene_of(request, loaded)


def scene_of(request: Request, loaded: LoadedGate) -> Scene:
    """The scene of a gate that is loaded, judged now."""
    now = clock.now()
    return Scene(loaded=loaded, judged=loaded.judge(now), viewer=request.user, now=now)


def act(request: Request, pk: int, function: Callable[..., Any], **arguments: Any) -> Any:
    """Call an act for the person asking. Outsiders get 404, members whose roles do not allow it 403."""
    try:
        return function(gate=pk, by=request.user, **arguments)
    except Gate.DoesNotExist:
        raise Http404 from None
    except Forbidden as error:
        if not any(member.person_id == request.user.pk for member in members_at(pk)):
            raise Http404 from None
        raise PermissionDenied(str(error)) from error


def text(request: HttpRequest, name: str) -> str:
    """A text field, without the characters no database keeps, at most MAX_TEXT characters."""
    return request.POST.get(name, "").replace("\0", "")[:MAX_TEXT]


def whole(value: str | None, *, otherwise: int) -> int:
    """A small whole number from a form or address."""
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 10 else otherwise
