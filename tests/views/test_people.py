"""The page of a project's members and invitations."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from checklists import clock
from checklists.actions import projects
from checklists.models import Invitation, Membership
from checklists.views.invitation import tries


@pytest.fixture(autouse=True)
def _fresh_minute():
    cache.clear()
    tries.forget()


@pytest.fixture
def url(project):
    """The page."""
    return reverse("people", args=[project.slug])


def day(days: int) -> str:
    """A day from today, as a form has it."""
    return f"{clock.now() + timedelta(days=days):%Y-%m-%d}"


def invite(client, project, **fields):
    """Send the form."""
    sent = {"address": "ann@audit.example", "role": "auditor", "until": day(30)} | fields
    return client.post(reverse("invitation-new", args=[project.slug]), sent)


def test_link_is_shown_once(client, people, project, url):
    """The answer to the form shows the link, a second look does not; the invitation is listed."""
    client.force_login(people.owner)
    answer = invite(client, project)
    (link,) = set(re.findall(r"http://\S+/invitations/[\w-]{43}", answer.content.decode()))
    page = client.get(url).content.decode()
    assert link not in page
    assert "ann@audit.example" in page
    assert Client().get(link.removeprefix("http://localhost:8000")).status_code == 200


def test_a_reader_sees_members_alone(client, people, project, url):
    """Nobody but owners sees addresses and forms."""
    client.force_login(people.owner)
    invite(client, project)
    client.force_login(people.reader)
    page = client.get(url).content.decode()
    assert "Owner Person" in page
    assert "ann@audit.example" not in page
    assert '<form method="post" action="/projects/' not in page
    assert invite(client, project).status_code == 403


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"until": ""}, "must end"),
        ({"until": "soon"}, "valid date"),
        ({"until": "9999-12-31"}, "within a year"),
        ({"address": "nobody"}, "valid email"),
        ({"role": "king"}, "valid choice"),
        ({"role": "owner"}, "has no end"),
    ],
)
def test_what_is_wrong_is_said(fields, words, client, people, project):
    """At its field, and what was typed is kept."""
    client.force_login(people.owner)
    answer = invite(client, project, **fields)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not Invitation.objects.exists()


def test_revoke(client, people, project):
    """The link works no more."""
    client.force_login(people.owner)
    link = re.search(r"/invitations/[\w-]{43}", invite(client, project).content.decode())[0]
    row = Invitation.objects.get()
    answer = client.post(reverse("invitation-revoke", args=[project.slug, row.pk]))
    assert answer.status_code == 303
    assert Client().get(link).status_code == 404
    client.post(reverse("invitation-revoke", args=[project.slug, row.pk]))
    assert "no longer open" in client.get(reverse("people", args=[project.slug])).content.decode()


def test_of_another_project(client, people, project):
    """An owner reaches no row of another project by its number."""
    other = projects.create(by=people.owner, name="Other")
    client.force_login(people.owner)
    invite(client, project)
    row = Invitation.objects.get()
    assert client.post(reverse("invitation-revoke", args=[other.slug, row.pk])).status_code == 404
    member = project.memberships.get(person=people.reader)
    assert client.post(reverse("member-end", args=[other.slug, member.pk])).status_code == 404


def test_end(client, people, project, url):
    """An owner gives a reader's access an end, which both pages show, and takes it away again."""
    client.force_login(people.owner)
    member = project.memberships.get(person=people.reader)
    field, change = f"end-{member.pk}-until", reverse("member-end", args=[project.slug, member.pk])
    assert client.post(change, {field: day(10)}).status_code == 303
    words = f"until {clock.now() + timedelta(days=10):%-d %B %Y}"
    assert words in client.get(url).content.decode()
    assert words in client.get(reverse("project", args=[project.slug])).content.decode()
    client.post(change, {field: ""})
    assert Membership.objects.get(pk=member.pk).expires_at is None
    client.post(change, {field: "yesterday"})
    assert "Choose a day" in client.get(url).content.decode()


def test_auditor_by_the_project_page(client, people, project):
    """The form for people with an account takes an end as well, and asks for it."""
    client.force_login(people.owner)
    add = reverse("member-add", args=[project.slug])
    sent = {"member-username": "outsider", "member-role": "auditor"}
    assert "must end" in client.post(add, sent).content.decode()
    assert client.post(add, sent | {"member-until": day(5)}).status_code == 303
    assert Membership.objects.get(person=people.outsider).role == "auditor"
