"""The page behind an invitation's link."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from checklists import clock
from checklists.actions import invitations
from checklists.models import Invitation, Person
from checklists.permissions import roles_of
from checklists.views import invitation as page
from tests.conftest import PASSWORD

NEW = {"username": "nora", "name": "Nora van New", "password": PASSWORD, "again": PASSWORD}


@pytest.fixture(autouse=True)
def _fresh_minute():
    cache.clear()
    page.tries.forget()


@pytest.fixture
def link(project, people):
    """An invitation as contributor."""
    _, made = invitations.invite(
        project=project, by=people.owner, address="new@team.example", role="contributor"
    )
    return made.partition("8000")[2]


def test_signed_in(link, client, people, project):
    """Shows who invites to what; one click gives the role; the link is over."""
    client.force_login(people.outsider)
    shown = client.get(link).content.decode()
    assert "Owner Person" in shown
    assert "contributor" in shown
    assert "Outsider Person" in shown
    answer = client.post(link)
    assert (answer.status_code, answer["Location"]) == (303, reverse("project", args=[project.slug]))
    assert roles_of(people.outsider, project) == {"contributor"}
    assert client.get(link).status_code == 404


def test_looking_takes_nothing(link, client, people, project):
    """A link that a mail program opens in advance is still good."""
    client.get(link)
    client.force_login(people.outsider)
    client.get(link)
    assert Invitation.objects.get().accepted_at is None


def test_new_account(link, client, project):
    """A visitor makes an account and is signed in on the project's page."""
    assert f"/accounts/login/?next={link}" in client.get(link).content.decode()
    answer = client.post(link, NEW)
    assert (answer.status_code, answer["Location"]) == (303, reverse("project", args=[project.slug]))
    person = Person.objects.get(username="nora")
    assert client.session["_auth_user_id"] == str(person.pk)
    assert roles_of(person, project) == {"contributor"}
    assert client.get(answer["Location"]).status_code == 200


BAD = [
    ({"password": "short", "again": "short"}, "too short"),
    ({"password": "password123456", "again": "password123456"}, "too common"),
    ({"password": "Nora van New", "again": "Nora van New"}, "too similar"),
    ({"again": "another-password"}, "two passwords differ"),
    ({"username": "READER"}, "already an account"),
    ({"username": "no spaces"}, "valid username"),
    ({"username": "ad\u200bmin"}, "valid username"),
    ({"name": "Lena\u202eLead"}, "U+202E"),
    ({"name": "Le\u200bna"}, "U+200B"),
    ({"name": "  "}, "required"),
    ({"name": "Lead Person"}, "already has this name"),
    ({"name": "x" * 151}, "at most 150"),
]


@pytest.mark.parametrize(("fields", "words"), BAD)
def test_what_is_wrong_is_said(fields, words, link, client, people):
    """Nothing is made, the words say why, the password is not sent back, the link is still good."""
    answer = client.post(link, NEW | fields)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert words in text
    assert PASSWORD not in text
    assert not Person.objects.filter(username="nora").exists()
    assert Invitation.objects.get().accepted_at is None


def test_name_is_composed(link, client):
    """A name in pieces is kept composed, so that equal names are equal."""
    client.post(link, NEW | {"name": "Ame\u0301lie  Noir"})
    assert Person.objects.get(username="nora").name == "Am\xe9lie Noir"


EXTRA = {
    "is_staff": "on", "is_superuser": "on", "role": "owner", "project": "1", "invited_by": "1",
    "email": "x@y.z", "is_service": "on", "access_until": "", "hash": "0", "accepted_by": "1",
}  # fmt: skip


def test_extra_fields_give_nothing(link, client, project):
    """Neither another role nor an administrator's rights."""
    client.post(link, NEW | EXTRA)
    person = Person.objects.get(username="nora")
    assert (person.is_staff, person.is_superuser, person.is_service) == (False, False, False)
    assert person.email == "new@team.example"
    assert roles_of(person, project) == {"contributor"}


def test_same_answer_whatever_the_reason(link, client, people, project, now):
    """Unknown, malformed, used, revoked, expired: byte for byte the same page."""
    row = Invitation.objects.get()
    answers = [client.get("/invitations/" + "A" * 43), client.get("/invitations/x")]
    invitations.revoke(project=project, by=people.owner, invitation=row)
    answers.append(client.get(link))
    _, used = invitations.invite(project=project, by=people.owner, address="a@b.example", role="reader")
    invitations.accept(by=people.outsider, secret=used.rpartition("/")[2])
    answers.append(client.get(used.partition("8000")[2]))
    _, late = invitations.invite(project=project, by=people.owner, address="a@b.example", role="reader")
    now.forward(days=8)
    answers += [client.get(late.partition("8000")[2]), client.post(late.partition("8000")[2], NEW)]
    assert {answer.status_code for answer in answers} == {404}
    token = re.compile(rb'"X-CSRFToken": "\w+"')
    assert len({token.sub(b"", answer.content) for answer in answers}) == 1


def test_not_ones_own(link, client, people):
    """Who invited is told to ask another owner."""
    client.force_login(people.owner)
    assert "Nobody accepts their own invitation" in client.post(link).content.decode()


def test_attempts_are_limited(link, client):
    """After thirty in a minute the page asks to wait, the right link included."""
    answers = [client.get(f"/invitations/{n:043}").status_code for n in range(page.RATE)]
    assert set(answers) == {404}
    refused = client.get(link)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) <= 60


def test_secret_leaks_nowhere(link, client):
    """No cache keeps the page, no other site learns its address."""
    answer = client.get(link)
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"


def test_needs_a_form_token(link, people):
    """Another site cannot make somebody accept."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.outsider)
    assert strict.post(link).status_code == 403


def test_auditor_is_told(client, people, project):
    """The page says until when, and that reading is noted."""
    until = clock.now() + timedelta(days=30)
    _, made = invitations.invite(
        project=project, by=people.owner, address="a@b.example", role="auditor", until=until
    )
    text = client.get(made.partition("8000")[2]).content.decode()
    assert "auditor" in text
    assert "noted in its audit log" in text
