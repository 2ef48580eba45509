"""Tokens of one's own, and a project's service accounts with theirs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from checklists import clock
from checklists.actions import tokens
from checklists.forms.access import OwnTokenForm, ServiceAccountForm, TokenForm
from checklists.models import ApiToken, Person, Project
from checklists.permissions import Act
from checklists.reads import access
from checklists.views.doors import done, project_for
from checklists.views.visit import Request, SeeOther, signed_in
from readiness.engine.errors import ReadinessError


@require_http_methods(["GET", "POST"])
@signed_in
def own(request: Request) -> HttpResponse:
    """The person's tokens; a new one is shown in the answer to the form, and nowhere else ever.

    So this form is not answered by a redirect: the token would have to be kept somewhere until then.
    """
    form = OwnTokenForm(request.POST or None, person=request.user)
    made = None
    if request.method == "POST" and form.is_valid():
        made = done(request, form, tokens.create, **form.wanted())
        form = OwnTokenForm(person=request.user) if made else form
    lines = access.tokens_of(request.user, clock.now())
    context = {"form": form, "lines": lines, **_fresh(made)}
    return render(request, "checklists/tokens.html", context)


def _fresh(made: tuple[ApiToken, str] | None) -> dict[str, Any]:
    return {"fresh": made[1], "fresh_name": made[0].name} if made else {}


@require_POST
@signed_in
def revoke(request: Request, pk: int) -> HttpResponse:
    """Revoke one's own token."""
    token = get_object_or_404(ApiToken, pk=pk, person=request.user)
    _revoke(request, token)
    return SeeOther(reverse("tokens"))


def _revoke(request: Request, token: ApiToken) -> None:
    try:
        tokens.revoke(by=request.user, token=token)
    except ReadinessError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The token {token.name} works no more.")


@require_GET
@signed_in
def project(request: Request, slug: str) -> HttpResponse:
    """A project's service accounts and the tokens that are limited to it. Owners only."""
    found, _ = project_for(request.user, slug, Act.TOKENS)
    return _page(request, found)


def _page(
    request: Request,
    found: Project,
    *,
    form: ServiceAccountForm | None = None,
    token_form: TokenForm | None = None,
    person: int = 0,
    made: tuple[ApiToken, str] | None = None,
) -> HttpResponse:
    now = clock.now()
    accounts = [
        (account, token_form if token_form and account.person.pk == person else _token_form(account.person))
        for account in access.accounts_of(found, now)
    ]
    context = {
        "project": found,
        "accounts": accounts,
        "asked": person,
        "limited": access.limited_to(found, now),
        "form": form or ServiceAccountForm(),
        **_fresh(made),
    }
    return render(request, "checklists/access.html", context)


def _token_form(person: Person, data: Any = None) -> TokenForm:
    return TokenForm(data, auto_id=f"id_{person.pk}_%s")


@require_POST
@signed_in
def account_create(request: Request, slug: str) -> HttpResponse:
    """A new service account."""
    found, _ = project_for(request.user, slug, Act.TOKENS)
    form = ServiceAccountForm(request.POST)
    if form.is_valid():
        made = done(request, form, tokens.create_service_account, project=found, **form.cleaned_data)
        if made:
            messages.success(request, f"{made.name} is there. Create a token for it next.")
            return SeeOther(reverse("access", args=[found.slug]))
    return _page(request, found, form=form)


def _account(found: Project, pk: int) -> Person:
    return get_object_or_404(
        Person.objects.filter(is_service=True, memberships__project=found).distinct(), pk=pk
    )


@require_POST
@signed_in
def account_token(request: Request, slug: str, pk: int) -> HttpResponse:
    """A new token for a service account, shown once in this answer."""
    found, _ = project_for(request.user, slug, Act.TOKENS)
    person = _account(found, pk)
    form = _token_form(person, request.POST)
    made = None
    if form.is_valid():
        made = done(request, form, tokens.create, person=person, project=found, **form.wanted())
    return _page(request, found, token_form=None if made else form, person=pk, made=made)


@require_POST
@signed_in
def account_deactivate(request: Request, slug: str, pk: int) -> HttpResponse:
    """Deactivate a service account; its tokens work no more."""
    found, _ = project_for(request.user, slug, Act.TOKENS)
    person = _account(found, pk)
    try:
        tokens.deactivate_service_account(project=found, by=request.user, person=person)
    except ReadinessError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{person.name} is deactivated, and its tokens with it.")
    return SeeOther(reverse("access", args=[found.slug]))


@require_POST
@signed_in
def token_revoke(request: Request, slug: str, pk: int) -> HttpResponse:
    """Revoke a token that is limited to this project."""
    found, _ = project_for(request.user, slug, Act.TOKENS)
    _revoke(request, get_object_or_404(ApiToken, pk=pk, project=found))
    return SeeOther(reverse("access", args=[found.slug]))
