"""The page "Security" of one's account: password, second factors, sessions, the link to single sign-on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from checklists.accounts import confirmed
from checklists.actions import accounts, factors, sessions
from checklists.models import Identity, Person
from checklists.shown.devices import device
from checklists.views.visit import MAX_ID, Request, SeeOther, signed_in
from readiness.engine.errors import ReadinessError

View = Callable[..., HttpResponseBase]
ELSEWHERE = "Your account has no password: you sign in at {name}."


@require_GET
@signed_in
def page(request: Request) -> HttpResponse:
    """Everything by which this account is entered."""
    person = request.user
    kept = Authenticator.objects.filter(user=person).order_by("created_at", "pk")
    by_kind = {kind: [row for row in kept if row.type == kind] for kind in Authenticator.Type.values}
    codes = by_kind["recovery_codes"]
    return render(
        request,
        "account/security.html",
        {
            "password": person.has_usable_password(),
            "totp": next(iter(by_kind["totp"]), None),
            "passkeys": by_kind["webauthn"],
            "codes": len(codes[0].wrap().get_unused_codes()) if codes else None,
            "sessions": _sessions(request),
            "identities": Identity.objects.filter(person=person),
            "provider": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
            "asking": person.memberships.filter(project__second_factor=True).exists(),
        },
    )


def _sessions(request: Request) -> list[dict[str, Any]]:
    rows = UserSession.objects.purge_and_list(request.user)
    rows.sort(key=lambda row: row.created_at, reverse=True)
    here = request.session.session_key
    return [{"row": row, "device": device(row.user_agent), "here": row.session_key == here} for row in rows]


@require_POST
@signed_in
def session_end(request: Request, pk: int) -> HttpResponse:
    """End one session of one's own."""
    try:
        sessions.end_one(person=request.user, pk=min(pk, MAX_ID))
    except ReadinessError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "That session is ended.")
    return SeeOther(reverse("security") + "#sessions")


@require_POST
@signed_in
def sessions_end(request: Request) -> HttpResponse:
    """End every session of one's own but this one."""
    ended = sessions.end(person=request.user, by=request.user, but=request.session.session_key)
    messages.success(request, f"{ended} other session{'' if ended == 1 else 's'} ended.")
    return SeeOther(reverse("security") + "#sessions")


def factor_page(view: View) -> View:
    """A page of allauth that changes second factors: only freshly confirmed, and its change is logged."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person = request.user
        if not isinstance(person, Person):
            return view(request, *args, **kwargs)  # allauth sends visitors to sign in
        if not get_reauthentication_flows(person) and not confirmed(request):
            return HttpResponseRedirect(f"{reverse('sso-again')}?{urlencode({'next': request.path})}")
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with factors.keep(person=person, by=person, session=request.session.session_key):
            return view(request, *args, **kwargs)

    return guarded


def password_page(view: View) -> View:
    """The page to change the password: logged, and only for who has one."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person = request.user
        if not isinstance(person, Person):
            return view(request, *args, **kwargs)
        if not person.has_usable_password():
            messages.error(request, ELSEWHERE.format(name=settings.OIDC_NAME))
            return SeeOther(reverse("security"))
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with accounts.keep(person=person, by=person):
            return view(request, *args, **kwargs)

    return guarded
