"""Pages for what went wrong."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory

from checklists.errors import Forbidden, Refused, StaleForm, WrongPassword
from checklists.views import errors
from readiness.engine.errors import ChecklistError, ReadinessError


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Forbidden, 403),
        (Refused, 409),
        (StaleForm, 409),
        (WrongPassword, 401),
        (ChecklistError, 400),
        (ReadinessError, 400),
    ],
)
def test_refusals_have_their_status_message_and_advice(client, people, monkeypatch, kind, status):
    """Whatever an act refuses inside any view becomes a page with message and advice."""
    client.force_login(people.owner)

    def refuse(*args):
        raise kind("It is <so>.", "Do otherwise.")

    monkeypatch.setattr("checklists.queries.projects_of", refuse)
    answer = client.get("/projects/")
    page = answer.content.decode()
    assert answer.status_code == status
    assert "It is &lt;so&gt;." in page
    assert "Do otherwise." in page
    assert "Nothing was changed" in page


def test_database_away_is_503_in_words(client, people):
    """Any page without a database is 503, says what is away, and needs no database itself."""
    client.force_login(people.owner)
    client.raise_request_exception = False

    def gone(*args):
        raise OperationalError("gone")

    with connection.execute_wrapper(gone):
        answer = client.get("/")
    assert answer.status_code == 503
    assert "The database is away" in answer.content.decode()
    assert answer["Retry-After"] == "10"


def test_other_failures_are_500(client, people, monkeypatch):
    """A failure of ours is 500 and shows nothing of itself."""
    client.force_login(people.owner)
    client.raise_request_exception = False

    def broken(*args):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("checklists.queries.projects_of", broken)
    answer = client.get("/projects/")
    assert answer.status_code == 500
    assert "secret detail" not in answer.content.decode()


def test_missing_page(client, people):
    """404 says what it may mean, in the product's own words."""
    client.force_login(people.reader)
    answer = client.get("/nothing/here")
    assert answer.status_code == 404
    assert "belongs to a project" in answer.content.decode()


def test_forbidden_page_names_who_may(client, people, project):
    """403 says who may."""
    client.force_login(people.reader)
    answer = client.post(f"/projects/{project.slug}/members")
    assert answer.status_code == 403
    assert "This is open to: owner." in answer.content.decode()


def test_old_form(people, client):
    """A form without its token is refused in words."""
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/theme", {"theme": "dark"})
    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()


def test_server_error_without_anything():
    """The last page renders without session, person or database."""
    answer = errors.server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "Something broke" in answer.content.decode()
