"""Pages of sign-in and of one's own account: complete by the resolver, closed to visitors but for a few."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

# What somebody who is not signed in may open: the ways in, and their ends.
WAYS_IN = {
    "account_login", "account_signup", "account_inactive", "mfa_authenticate", "mfa_login_webauthn",
    "sso-login", "sso-callback", "sso-refused",
}  # fmt: skip


def patterns(resolver, prefix=""):
    """Every route below `accounts/`."""
    for pattern in resolver.url_patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield pattern
        elif here.startswith("accounts/"):
            yield from patterns(pattern, here)


def routes():
    """Their addresses by name, with numbers where there are any."""
    below = [p for p in get_resolver().url_patterns if str(p.pattern).startswith("accounts/")]
    found = [route for one in below for route in patterns(one, "accounts/")]
    return {r.name: reverse(r.name, kwargs=dict.fromkeys(r.pattern.converters, 1)) for r in found}


ROUTES = routes()


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_visitor(name, client, db):
    """Everything but the ways in sends a visitor to sign in, or is there for forms only."""
    answer = client.get(ROUTES[name])
    if name in WAYS_IN:
        assert answer.status_code in {200, 302, 303, 404, 405}
    elif answer.status_code not in {404, 405}:
        answer = client.get(ROUTES[name], follow=True)
        assert answer.redirect_chain
        assert answer.redirect_chain[-1][0].startswith(("/accounts/login/", "/"))
        assert answer.resolver_match.url_name in {"account_login", "home"}


@pytest.mark.parametrize("name", sorted(ROUTES))
def test_no_form_without_its_token(name, people):
    """Each refuses a form without its token, for a visitor and for somebody signed in."""
    for person in (None, people.lead):
        strict = Client(enforce_csrf_checks=True)
        if person:
            strict.force_login(person, backend="checklists.accounts.PeopleOnly")
        assert strict.post(ROUTES[name]).status_code in {403, 405}


def test_a_way_in_that_is_gone():
    """The list names no page that is there no more."""
    assert {name for name in WAYS_IN if not name.startswith("sso")} <= set(ROUTES)
