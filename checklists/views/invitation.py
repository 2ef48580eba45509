"""The page behind an invitation's link: for whoever is signed in, and for a visitor without an account."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from checklists.actions import invitations, new_accounts
from checklists.api.limits import Limiter
from checklists.errors import Refused
from checklists.forms.people import NewAccountForm
from checklists.models import Invitation, Membership
from checklists.views.visit import SeeOther

RATE = 30  # a minute and address
tries = Limiter("invitation")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Accept an offered role. Unknown, used, revoked and expired links get the same answer."""
    if wait := tries.take(_address(request), RATE):
        answer = render(request, "429.html", status=429)
        answer["Retry-After"] = str(wait)
        return answer
    try:
        found = invitations.find(secret)
    except Refused as error:
        return render(request, "checklists/invitation_over.html", {"error": error}, status=404)
    if request.user.is_authenticated:
        return _accept(request, found, secret)
    return _join(request, found, secret)


def _accept(request: HttpRequest, found: Invitation, secret: str) -> HttpResponse:
    person = request.user
    if request.method == "GET" or not person.is_authenticated:
        return _page(request, found)
    try:
        membership = invitations.accept(by=person, secret=secret)
    except Refused as error:
        return _page(request, found, error=error)
    return _welcome(request, membership)


def _join(request: HttpRequest, found: Invitation, secret: str) -> HttpResponseBase:
    form = NewAccountForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        return _page(request, found, form=form)
    data = form.cleaned_data
    try:
        membership = new_accounts.join(
            secret=secret, username=data["username"], name=data["name"], password=data["password"]
        )
    except Refused as error:
        form.refused(error)
        return _page(request, found, form=form)
    where = reverse("project", args=[membership.project.slug])
    signed_in: HttpResponseBase = perform_login(request, membership.person, redirect_url=where)
    signed_in.status_code = 303
    return signed_in


def _page(request: HttpRequest, found: Invitation, **more: Any) -> HttpResponse:
    context = {"invitation": found, "login": settings.LOGIN_URL, **more}
    return render(request, "checklists/invitation.html", context)


def _welcome(request: HttpRequest, membership: Membership) -> HttpResponse:
    role = membership.get_role_display().lower()
    messages.success(request, f"You are now {role} in {membership.project.name}.")
    return SeeOther(reverse("project", args=[membership.project.slug]))


def _address(request: HttpRequest) -> str:
    try:
        return str(get_adapter().get_client_ip(request))
    except PermissionDenied:  # behind a Unix socket without a trusted proxy nobody says it
        return "unknown"
