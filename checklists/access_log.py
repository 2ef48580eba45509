"""Says of every request where it came from, and logs who signed in, who could not, and who was refused.

Stands around every page and the API, so that a page that is added is covered too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.stagekit import get_pending_stage
from allauth.account.signals import user_logged_in
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from checklists import audit, logs, where
from checklists.actions import refusals
from checklists.models import ApiToken, Person
from checklists.where import Where

API = "/api/v1/"
_PREFIX = re.compile(r"Bearer\s+(rdy_[A-Za-z0-9]{8})_", re.IGNORECASE)
# Pages on which somebody proves who they are: shown again after a POST, they did not.
PROOFS = {
    "account_login": "password",
    "account_reauthenticate": "password, once more",
    "mfa_authenticate": "second factor",
    "mfa_reauthenticate": "second factor, once more",
    "mfa_login_webauthn": "passkey",
    "mfa_reauthenticate_webauthn": "passkey, once more",
}
CONFLICT = 409
LOCKED = {"too_many_login_attempts", "rate_limited"}


class WhereMiddleware:
    """Door and address for the audit log, and an entry for whatever was refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        api = request.path_info.startswith(API)
        with where.at(Where(where.API if api else where.PAGE, address(request))) as place:
            response = self.get_response(request)
            if not place.told:
                (_api if api else _page)(request, response, place)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Keep what a refusal said; the answer itself is made elsewhere."""
        place = where.current()
        if place and isinstance(exception, PermissionDenied):
            place.why = str(exception)[:500]


def address(request: HttpRequest) -> str:
    """The client's address through the trusted proxies, as the limits of attempts see it."""
    try:
        return str(get_adapter().get_client_ip(request))[:45]
    except PermissionDenied:  # behind a Unix socket without a trusted proxy nobody says it
        return "unknown"


def _page(request: HttpRequest, response: HttpResponse, place: Where) -> None:
    match, status = request.resolver_match, response.status_code
    name = (match.url_name or "") if match else ""
    if request.method == "POST" and name in PROOFS and status in {200, 429}:
        _not_proved(request, response, PROOFS[name], locked=status == 429)
    elif request.method == "POST" and name in PROOFS and _sent_back(response):
        _failed(request, place, PROOFS[name])
    elif name == "sso-callback" and status == CONFLICT:
        _failed(request, place, "single sign-on")
    elif status == 429:
        _note("access.locked_out", request, place)
    elif status in {401, 403}:
        _note("access.refused", request, place)
    elif status == 404 and match and match.kwargs and request.user.is_authenticated:
        _note("access.foreign", request, place)


def _note(verb: str, request: HttpRequest, place: Where) -> None:
    person = request.user if isinstance(request.user, Person) else None
    who = f"person {person.pk}" if person else f"address {place.address}"
    refusals.note(verb, who=who, by=person, subject=_asked(request), data=_why(place.why))


def _sent_back(response: HttpResponse) -> bool:
    """Whether a redirect says that somebody did not come in: allauth's answer to a passkey that is none."""
    return response.headers.get("Location") in {reverse("account_login"), reverse("account_inactive")}


def _failed(request: HttpRequest, place: Where, by: str) -> None:
    person = request.user if isinstance(request.user, Person) else None
    who = f"address {place.address}"
    subject = request.POST.get("login", "")
    refusals.note("access.sign_in_failed", who=who, by=person, subject=subject, data={"with": by})


def _not_proved(request: HttpRequest, response: HttpResponse, by: str, *, locked: bool) -> None:
    context = getattr(response, "context_data", None) or {}
    forms = [form for name in ("form", "webauthn_form") if (form := context.get(name)) is not None]
    errors = [listed for form in forms if form.is_bound for listed in form.errors.as_data().values()]
    codes = {error.code for listed in errors for error in listed}
    stage = get_pending_stage(request)
    person = request.user if isinstance(request.user, Person) else stage.login.user if stage else None
    place = where.current()
    if codes - {"required"} or locked:
        refusals.note(
            "access.locked_out" if locked or codes & LOCKED else "access.sign_in_failed",
            who=f"address {place.address if place else ''}",
            by=person,
            subject=request.POST.get("login", ""),
            data={"with": by},
        )


def _api(request: HttpRequest, response: HttpResponse, place: Where) -> None:
    status = response.status_code
    if status not in (401, 403, 404):
        return
    token: ApiToken | None = getattr(request, "token", None)
    found = _PREFIX.match(request.headers.get("Authorization", ""))
    prefix = token.prefix if token else found[1] if found else ""
    data = _why(_detail(response)) | ({"token": prefix} if prefix else {})
    who = f"token {prefix}" if token else f"address {place.address}"
    verb = {401: "access.token_refused", 403: "access.refused", 404: "access.foreign"}[status]
    with audit.acting(f"{token.name} {token.prefix}" if token else ""):
        refusals.note(verb, who=who, by=token.person if token else None, subject=_asked(request), data=data)


def _detail(response: HttpResponse) -> str:
    try:
        said: Any = json.loads(response.content)
    except ValueError:
        return ""
    return str(said.get("detail", ""))[:500] if isinstance(said, dict) else ""


def _why(words: str) -> dict[str, str]:
    return {"why": words} if words else {}


def _asked(request: HttpRequest) -> str:
    """Method and address; not what stands behind the question mark, nor an invitation's secret."""
    return f"{request.method} {logs.plain(request.path)}"


@receiver(user_login_failed)
def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """The name that was tried is logged, the password never is."""
    place = where.current()
    tried = credentials.get("username") or credentials.get("login") or credentials.get("email") or ""
    refusals.note(
        "access.sign_in_failed",
        who=f"address {place.address if place else ''}",
        subject=str(tried),
        data={"with": "password"},
    )


@receiver(user_logged_in)
def came(user: Person, **_: Any) -> None:
    """Every way to sign in ends here."""
    refusals.came("access.signed_in", user)


@receiver(user_logged_out)
def went(user: Person | None, **_: Any) -> None:
    """Only who was signed in can sign out."""
    if user is not None:
        refusals.came("access.signed_out", user)
