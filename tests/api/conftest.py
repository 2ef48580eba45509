"""Tokens, and a client that sends them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from checklists import clock
from checklists.actions import tokens
from checklists.api import limits
from checklists.models.access import Scope

EVERYTHING = tuple(Scope.values)


@pytest.fixture(autouse=True)
def _fresh_limits():
    """Each test has its own minute."""
    cache.clear()
    limits.requests.forget()
    limits.failures.forget()


def make_token(person, *scopes, project=None, by=None, days=30):
    """A token's row and the token itself."""
    return tokens.create(
        by=by or person,
        person=person,
        name="pipeline",
        scopes=scopes or EVERYTHING,
        expires_at=clock.now() + timedelta(days=days),
        project=project,
    )


class Api:
    """Requests to /api/v1 with one token."""

    def __init__(self, token: str | None, **defaults):
        self.client = Client(raise_request_exception=False, **defaults)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(self, method, path, body=None, **headers):
        data = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        address = path if path.startswith("/api") else f"/api/v1/{path}"
        return self.client.generic(method, address, headers=self.headers | sent, **data)

    def get(self, path, **headers):
        return self("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self("POST", path, {} if body is None else body, **headers)


@pytest.fixture
def api(people, project):
    """A contributor's token with every scope."""
    return Api(make_token(people.contributor)[1])


def as_person(person, *scopes, **more):
    """A client with a token of that person."""
    return Api(make_token(person, *scopes, **more)[1])
