"""Single sign-on by OpenID Connect: off to the provider and back, to sign in, to confirm, to sign."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists import clock, sso_provider, sso_tokens
from checklists.actions import identities
from checklists.errors import Forbidden, Refused
from checklists.models import Person
from checklists.sso_tokens import Claims, Expected
from checklists.views import signoff, sso_requests, sso_signing
from checklists.views.sso_requests import Trip
from checklists.views.visit import Request, SeeOther, signed_in

NO_TRIP = "This way back from {name} is not known here, or was used already."
NO_TRIP_ADVICE = "Begin again on the page where you started, in the same browser."
CANCELLED = "{name} did not sign you in: {why}."
OTHER = "You signed in at {name} with an account that is not linked to yours here."
OTHER_ADVICE = "Sign in there with your own account."


def _on() -> None:
    if not settings.OIDC_ISSUER:
        raise Http404


@require_POST
@never_cache
def login(request: HttpRequest) -> HttpResponse:
    """Begin to sign in."""
    _on()
    limited = ratelimit.consume_or_429(request, app="allauth.account", action="login")
    if limited:
        refused: HttpResponse = limited
        return refused
    return sso_requests.start(request, purpose="login", path=request.POST.get("next", "/"))


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def again(request: Request) -> HttpResponse:
    """Confirm at the provider that it is still you."""
    _on()
    path = request.POST.get("next") or request.GET.get("next", "/")
    if request.method == "POST":
        return sso_requests.start(request, purpose="again", path=path)
    context = {"path": sso_requests.inside(request, path), "provider": settings.OIDC_NAME}
    return render(request, "account/sso_again.html", context)


@require_GET
@never_cache
def go(request: HttpRequest) -> HttpResponse:
    """Leave for the provider. No redirect: a form's must not lead to another host (form-action)."""
    _on()
    place = sso_requests.address_of(request, request.GET.get("state", ""))
    if not place:
        raise Refused(NO_TRIP.format(name=settings.OIDC_NAME), NO_TRIP_ADVICE)
    answer = render(request, "account/sso_go.html", {"place": place, "provider": settings.OIDC_NAME})
    answer["Refresh"] = f"0; url={place}"
    return answer


@require_GET
@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """Come back: every check of the answer first, then what the trip was for."""
    _on()
    limited = ratelimit.consume_or_429(request, app="allauth.account", action="login", limit_get=True)
    if limited:
        refused: HttpResponse = limited
        return refused
    trip = sso_requests.finish(request, request.GET.get("state", ""))
    if trip is None:
        raise Refused(NO_TRIP.format(name=settings.OIDC_NAME), NO_TRIP_ADVICE)
    claims = _claims(request, trip)
    if trip.purpose == "login":
        return _login(request, trip, claims)
    return _return(request, trip, claims)  # type: ignore[arg-type]  # signed_in() makes it a Request


def _claims(request: HttpRequest, trip: Trip) -> Claims:
    said = request.GET
    if said.get("iss", settings.OIDC_ISSUER) != settings.OIDC_ISSUER:
        raise sso_tokens.BadToken("another provider sent it")
    if not said.get("code"):
        why = said.get("error", "it gave no reason")[:60]
        raise Refused(CANCELLED.format(name=settings.OIDC_NAME, why=why), NO_TRIP_ADVICE)
    token = sso_provider.id_token(said["code"], trip.verifier)
    expected = Expected(
        issuer=settings.OIDC_ISSUER,
        client_id=settings.OIDC_CLIENT_ID,
        nonce=trip.nonce,
        now=clock.now().timestamp(),
        since=None if trip.purpose == "login" else trip.since,
    )
    try:
        return sso_tokens.verify(token, sso_provider.keys(), expected)
    except sso_tokens.UnknownKey:
        return sso_tokens.verify(token, sso_provider.keys(again=True), expected)


def _login(request: HttpRequest, trip: Trip, claims: Claims) -> HttpResponse:
    person = identities.person_for(claims)
    record_authentication(request, person, "sso", issuer=settings.OIDC_ISSUER)
    answer: HttpResponse = perform_login(request, Login(user=person, redirect_url=trip.path))
    return answer


@signed_in
def _return(request: Request, trip: Trip, claims: Claims) -> HttpResponse:
    person: Person = request.user
    if not identities.is_linked(person, claims.subject):
        raise Forbidden(OTHER.format(name=settings.OIDC_NAME), OTHER_ADVICE)
    if trip.purpose == "again":
        record_authentication(request, person, "sso", issuer=settings.OIDC_ISSUER, reauthenticated=True)
        return SeeOther(trip.path)
    return signoff.resume(
        request, trip.signing, sso_signing.proof(request, trip.signing, strong=claims.strong)
    )
