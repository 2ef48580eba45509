"""The API's door: a token, its limits, and what it may see.

`through` stands around every operation: it takes the token from the Authorization header (never a cookie),
counts it, and lets every audit entry of the request say which token wrote it. `needs(scope)` stands on each
operation. Everything a view touches comes from `projects`, `project`, `release` or `gate`, which know the
token's person and the one project it may be limited to.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.cache import patch_vary_headers
from ninja.security import HttpBearer

from checklists import audit, clock
from checklists.actions import tokens
from checklists.api import limits, problems, repeats
from checklists.api.problems import Problem, missing
from checklists.models import ApiToken, Gate, Person, Project, Release
from checklists.models.access import Scope
from checklists.permissions import Act, require

WITHOUT = "Send a token: Authorization: Bearer rdy_…"
MAKE_ONE = "Create one on the page /account/tokens."
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Readiness"'}
BODIES = {"body": "application/json", "form": "multipart/form-data", "file": "multipart/form-data"}


class ApiRequest(HttpRequest):
    """A request that came through the door."""

    token: ApiToken
    person: Person  # whose token it is


class BearerToken(HttpBearer):
    """Asks for a scope; the token itself was looked at by `through`."""

    openapi_bearerFormat = "rdy_<prefix>_<secret>"  # noqa: N815  # OpenAPI's own name

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        """The token, when it has the scope and the body can be read. Raises Problem."""
        row: ApiToken | None = getattr(request, "token", None)
        if row is None:
            raise Problem(401, WITHOUT, MAKE_ONE, headers=CHALLENGE)
        if self.scope.value not in row.scopes:
            raise Problem(
                403,
                f"The token {row.prefix} has not the scope “{self.scope.value}”.",
                f"Create one that may: {self.scope.label.lower()}.",
                kind="scope",
            )
        _readable(request, request.wanted)  # type: ignore[attr-defined]  # set by `through`
        return row


def needs(scope: Scope) -> BearerToken:
    """The `auth` of an operation: the scope that its token must have."""
    return BearerToken(scope)


def through(run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Around every operation: token, rate, media type, repeats, audit."""
    wanted = _media_type(run)

    @wraps(run)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            enter(request)
        except Problem as problem:
            return problems.respond(request, problem)
        with audit.acting(str(label(request.token))):  # type: ignore[attr-defined]
            request.wanted = wanted  # type: ignore[attr-defined]
            response = repeats.once(request, lambda: run(request, *args, **kwargs))
        response.headers.setdefault("Cache-Control", "no-store")
        patch_vary_headers(response, ["Authorization"])
        return response

    return answered


def label(token: ApiToken) -> str:
    """How the audit log names a token."""
    return f"{token.name} {token.prefix}"


def _media_type(run: Any) -> str:
    operation = run.__self__  # of the first decorator: the operation's own method
    sources = [model.__ninja_param_source__ for model in operation.models]
    wanted = [BODIES[source] for source in sources if source in BODIES]
    told = (operation.openapi_extra or {}).get("requestBody", {}).get("content", {})
    return next(iter([*wanted[-1:], *told]), "")


def enter(request: HttpRequest) -> None:
    """Take the token and put it on the request. Raises Problem."""
    now = clock.now()
    token = _token(request)
    if wait := limits.requests.take(str(token.pk), settings.API_RATE):
        raise Problem(
            429,
            f"This token has made its {settings.API_RATE} requests of this minute.",
            f"Wait {wait} s.",
            headers={"Retry-After": str(wait)},
        )
    tokens.note_use(token, now)
    request.token, request.person = token, token.person  # type: ignore[attr-defined]
    if any("\0" in text for text in (request.path, *_words(request.GET))):
        raise Problem(400, "The address holds a NUL character.")


def _words(form: QueryDict) -> list[str]:
    return [text for name, values in form.lists() for text in (name, *values)]


def _readable(request: HttpRequest, wanted: str) -> None:
    if wanted and request.content_type != wanted:
        raise Problem(415, f"Send {wanted}, not {request.content_type or 'nothing'}.")
    if wanted == BODIES["form"] and any("\0" in text for text in _words(request.POST)):
        raise Problem(400, "The form holds a NUL character.")


def _token(request: HttpRequest) -> ApiToken:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given.strip():
        raise Problem(401, WITHOUT, MAKE_ONE, headers=CHALLENGE)
    token = tokens.find(given.strip())
    if token is None:
        raise _failed(request, "This token is not known here.", "Check that it was copied whole.")
    if token.revoked_at is not None:
        raise _failed(request, f"The token {token.prefix} was revoked.", MAKE_ONE)
    if token.expires_at <= clock.now():
        raise _failed(request, f"The token {token.prefix} expired on {token.expires_at:%Y-%m-%d}.", MAKE_ONE)
    if not token.person.is_active:
        raise _failed(request, f"The account of the token {token.prefix} is deactivated.", MAKE_ONE)
    return token


def _failed(request: HttpRequest, detail: str, advice: str) -> Problem:
    # Counted only here: a pipeline with a bad token must not shut out its neighbours behind one address.
    address = _address(request)
    if wait := limits.failures.take(address, settings.API_FAILURES):
        retry = {"Retry-After": str(wait)}
        return Problem(429, "Too many wrong tokens from this address.", f"Wait {wait} s.", headers=retry)
    challenge = f'{CHALLENGE["WWW-Authenticate"]}, error="invalid_token"'
    return Problem(401, detail, advice, headers={"WWW-Authenticate": challenge})


def _address(request: HttpRequest) -> str:
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:  # behind a Unix socket without a trusted proxy nobody says it
        return "unknown"


def projects(request: ApiRequest) -> QuerySet[Project]:
    """The projects that the token may see."""
    rows = Project.objects.visible_to(request.person)
    only = request.token.project_id
    return rows if only is None else rows.filter(pk=only)


def project(request: ApiRequest, slug: str, act: Act | None = None) -> Project:
    """One project; with `act`, its person must be allowed that. Raises Problem, Forbidden."""
    found = projects(request).filter(slug=slug).first()
    if found is None:
        raise missing()
    if act is not None:
        require(request.person, found, act)
    return found


def releases(request: ApiRequest) -> QuerySet[Release]:
    """The releases that the token may see, with project, snapshot and parameters."""
    rows = Release.objects.filter(project__in=projects(request))
    return rows.select_related("project", "snapshot", "parameters", "created_by")


def release(request: ApiRequest, slug: str, version: str, act: Act | None = None) -> Release:
    """One release of a project. Raises Problem, Forbidden."""
    found = releases(request).filter(project__slug=slug, version=version).first()
    if found is None:
        raise missing()
    if act is not None:
        require(request.person, found.project_id, act)
    return found


def gates(request: ApiRequest) -> QuerySet[Gate]:
    """The gates that the token may see."""
    rows = Gate.objects.filter(release__project__in=projects(request))
    return rows.select_related("release__project", "checklist", "environment", "opened_by").defer(
        "checklist__source", "checklist__content", "checklist__html"
    )


def gate(request: ApiRequest, pk: int, act: Act | None = None) -> Gate:
    """One gate. Raises Problem, Forbidden."""
    found = gates(request).filter(pk=pk).first()
    if found is None:
        raise missing()
    if act is not None:
        require(request.person, found.release.project_id, act)
    return found


def item(request: ApiRequest, pk: int, key: str, act: Act | None = None) -> Gate:
    """The gate that an item belongs to, when it has such an item. Raises Problem, Forbidden."""
    found = gate(request, pk, act)
    if not found.items.filter(key=key).exists():
        raise missing(f"The gate has no item {key}.", "The list of its items names them.")
    return found
