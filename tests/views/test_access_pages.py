"""Pages of tokens, service accounts and the API."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from checklists import clock
from checklists.actions import tokens
from checklists.models import ApiToken, Person

OWN = "/account/tokens"
ACCESS = "/projects/image-classifier/access"
FORM = {"name": "nightly", "scopes": ["read", "push"], "days": "30"}
TOKEN = re.compile(r"rdy_[A-Za-z0-9]{8}_[A-Za-z0-9]{43}")


def held(person, **more):
    """A token of that person."""
    return tokens.create(
        by=person, name="laptop", scopes=["read"], expires_at=clock.now() + timedelta(days=5), **more
    )[0]


@pytest.fixture
def robot(project, people):
    """A service account."""
    return tokens.create_service_account(project=project, by=people.owner, name="Build", role="contributor")


def test_create_is_shown_once(client, people, project):
    """The answer to the form shows the token; the page afterwards shows its prefix only."""
    client.force_login(people.reader)
    answer = client.post(OWN, FORM)
    (token,) = set(TOKEN.findall(answer.content.decode()))
    row = ApiToken.objects.get()
    assert tokens.find(token) == row
    assert (row.person, row.project, row.scopes) == (people.reader, None, ["read", "push"])
    assert 29 < (row.expires_at - clock.now()).days + 1 <= 30
    assert "no-store" in answer.headers["Cache-Control"]
    later = client.get(OWN).content.decode()
    assert not TOKEN.search(later)
    assert row.prefix in later


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"scopes": []},
        {"scopes": ["sign"]},
        {"days": "367"},
        {"days": "0"},
        {"days": ""},
        {"project": "9"},
    ],
)
def test_wrong_forms(wrong, client, people, project):
    """Nothing is made, and the field says what is wrong."""
    client.force_login(people.reader)
    answer = client.post(OWN, FORM | wrong)
    assert answer.status_code == 200
    assert "please look at the marked field" in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_only_projects_of_mine(client, people, project):
    """An outsider cannot limit a token to a project they do not see; a member can."""
    client.force_login(people.outsider)
    client.post(OWN, FORM | {"project": project.pk})
    assert not ApiToken.objects.exists()
    client.force_login(people.lead)
    client.post(OWN, FORM | {"project": project.pk})
    assert ApiToken.objects.get().project == project


def test_revoke(client, people, project):
    """One's own works no more; another's is not there."""
    mine, other = held(people.lead), held(people.reader)
    client.force_login(people.lead)
    assert client.post(f"{OWN}/{other.pk}/revoke").status_code == 404
    assert client.post(f"{OWN}/{mine.pk}/revoke").status_code == 303
    assert client.post(f"{OWN}/{mine.pk}/revoke", follow=True).status_code == 200
    assert client.get(f"{OWN}/{mine.pk}/revoke").status_code == 405
    assert [t.revoked_at is None for t in (ApiToken.objects.get(pk=p.pk) for p in (mine, other))] == [
        False,
        True,
    ]


def test_states_in_words(client, people, project):
    """Active, expired and revoked tokens are told apart."""
    active, expired, gone = (held(people.lead) for _ in range(3))
    long_ago = clock.now() - timedelta(days=9)
    ApiToken.objects.filter(pk=expired.pk).update(
        created_at=long_ago, expires_at=long_ago + timedelta(days=1)
    )
    tokens.revoke(by=people.lead, token=gone)
    client.force_login(people.lead)
    page = client.get(OWN).content.decode()
    assert page.count('<span class="tag">expired</span>') == 1
    assert page.count('<span class="tag">revoked</span>') == 1
    assert page.count("Revoke the token") == 1
    assert "revoked by Lead Person" in page
    assert page.index(active.prefix) < page.index(expired.prefix)


@pytest.mark.parametrize(
    ("name", "status"), [("owner", 200), ("lead", 403), ("reader", 403), ("outsider", 404)]
)
def test_access_is_for_owners(name, status, client, people, project, robot):
    """Reading and every form."""
    client.force_login(getattr(people, name))
    assert client.get(ACCESS).status_code == status
    posts = {
        f"{ACCESS}/accounts": {"name": "x", "role": "reader"},
        f"{ACCESS}/accounts/{robot.pk}/tokens": FORM,
        f"{ACCESS}/accounts/{robot.pk}/deactivate": {},
    }
    for url, data in posts.items():
        assert client.get(url).status_code == 405
        assert (
            (client.post(url, data).status_code in {200, 303})
            if status == 200
            else (client.post(url, data).status_code == status)
        )
    assert Person.objects.filter(is_service=True).count() == (2 if status == 200 else 1)


def test_service_account(client, people, project):
    """An owner makes an account and a token for it, revokes that, deactivates the account."""
    client.force_login(people.owner)
    client.post(f"{ACCESS}/accounts", {"name": "Build", "role": "contributor"})
    robot = Person.objects.get(is_service=True)
    answer = client.post(f"{ACCESS}/accounts/{robot.pk}/tokens", FORM)
    assert TOKEN.search(answer.content.decode())
    row = ApiToken.objects.get()
    assert (row.person, row.project, row.created_by) == (robot, project, people.owner)
    assert not TOKEN.search(client.get(ACCESS).content.decode())
    assert client.post(f"{ACCESS}/tokens/{row.pk}/revoke").status_code == 303
    client.post(f"{ACCESS}/accounts/{robot.pk}/deactivate")
    robot.refresh_from_db()
    assert not robot.is_active
    assert "Deactivated" in client.get(ACCESS).content.decode()


def test_whose_secret_it_was(client, people, project, robot):
    """A service account's token names who created it, also after that person left: who saw it may hold it."""
    expiry = clock.now() + timedelta(days=5)
    tokens.create(
        by=people.owner, person=robot, project=project, name="ci", scopes=["read"], expires_at=expiry
    )
    client.force_login(people.owner)
    page = f"/projects/{project.slug}/access"
    assert "Created by Owner Person." in client.get(page).content.decode()
    ApiToken.objects.update(created_by=people.second)
    Person.objects.filter(pk=people.second.pk).update(is_active=False)
    assert "Created by Second Person, whose account is deactivated." in client.get(page).content.decode()


def test_forms_keep_what_was_wrong(client, people, project, robot):
    """A refused account or token form says why, at its place."""
    client.force_login(people.owner)
    page = client.post(f"{ACCESS}/accounts", {"name": "Build", "role": "contributor"}).content.decode()
    assert "There is already a service account" in page
    page = client.post(f"{ACCESS}/accounts/{robot.pk}/tokens", FORM | {"scopes": []}).content.decode()
    assert "Choose at least one" in page


def test_foreign_things_are_not_there(client, people, project, robot):
    """People are no service accounts, and other tokens are not this page's."""
    client.force_login(people.owner)
    free = held(people.owner)
    assert client.post(f"{ACCESS}/accounts/{people.lead.pk}/tokens", FORM).status_code == 404
    assert client.post(f"{ACCESS}/accounts/{people.lead.pk}/deactivate").status_code == 404
    assert client.post(f"{ACCESS}/tokens/{free.pk}/revoke").status_code == 404


def test_api_page(client, people):
    """Every operation with its example, from the document; no script of its own."""
    client.force_login(people.outsider)
    page = client.get("/api/").content.decode()
    assert "/api/v1/projects/{slug}/releases/{version}/gate" in page
    assert "Idempotency-Key" in page
    assert page.count("<script") == client.get(OWN).content.decode().count("<script")


def test_links(client, people, project):
    """The account's menu leads to the tokens; an owner's project page to the service accounts."""
    client.force_login(people.owner)
    page = client.get("/projects/image-classifier/").content.decode()
    assert 'href="/account/tokens"' in page
    assert f'href="{ACCESS}"' in page
    client.force_login(people.reader)
    assert ACCESS not in client.get("/projects/image-classifier/").content.decode()
