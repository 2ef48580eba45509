"""Projects: list, create, page, members, environments."""

from __future__ import annotations

import pytest

from checklists.models import Environment, Membership, Project

FORMS = ("members", "environments")


def test_visitor_signs_in_first(client, project):
    """No page of a project opens without signing in."""
    for path in ("", "new", f"{project.slug}/"):
        assert client.get(f"/projects/{path}").status_code == 302


def test_list_shows_own_projects_only(client, people, project):
    """Members see the project with its counts; an outsider sees what to do."""
    client.force_login(people.reader)
    page = client.get("/projects/").content.decode()
    assert "Image classifier" in page
    assert "7 members" in page
    client.force_login(people.outsider)
    page = client.get("/projects/").content.decode()
    assert "Image classifier" not in page
    assert "No project yet" in page


def test_create_makes_owner_and_environments(client, people):
    """A new project has its environments, and its creator as owner."""
    client.force_login(people.outsider)
    answer = client.post("/projects/new", {"name": "Ranker", "environments": "staging, production, Staging"})
    made = Project.objects.get(slug="ranker")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/projects/ranker/")
    assert set(made.environments.values_list("name", flat=True)) == {"Staging", "production"}
    assert Membership.objects.get(project=made).role == "owner"


def test_create_says_what_is_wrong_and_keeps_the_rest(client, people, project):
    """A taken name is refused in words; nothing typed is lost."""
    client.force_login(people.owner)
    sent = {"name": "Image classifier", "description": "Typed at length", "environments": "production"}
    page = client.post("/projects/new", sent).content.decode()
    assert "There is already a project called" in page
    assert "Typed at length" in page
    assert Project.objects.count() == 1


def test_create_needs_an_environment(client, people):
    """Only commas name no environment: said at the field."""
    client.force_login(people.owner)
    page = client.post("/projects/new", {"name": "Ranker", "environments": " , "}).content.decode()
    assert "Name at least one environment" in page
    assert 'aria-invalid="true"' in page


def test_page_for_members_only(client, people, project, gate):
    """A reader sees releases and members but no form; an outsider finds nothing."""
    client.force_login(people.reader)
    page = client.get(f"/projects/{project.slug}/").content.decode()
    assert "1.4.0" in page
    assert "/releases/new" not in page
    assert "Add the member" not in page
    client.force_login(people.outsider)
    assert client.get(f"/projects/{project.slug}/").status_code == 404
    assert client.get("/projects/nothing/").status_code == 404


@pytest.mark.parametrize("path", FORMS)
def test_owner_forms_are_for_owners(client, people, project, path):
    """Outsiders 404, every other role 403, reading 405, no such project 404."""
    address = f"/projects/{project.slug}/{path}"
    client.force_login(people.outsider)
    assert client.post(address).status_code == 404
    for person in (people.reader, people.lead, people.product, people.contributor):
        client.force_login(person)
        assert client.post(address).status_code == 403
    client.force_login(people.owner)
    assert client.get(address).status_code == 405
    assert client.post(f"/projects/nothing/{path}").status_code == 404


def test_member_is_added(client, people, project):
    """The owner gives a role by user name."""
    client.force_login(people.owner)
    sent = {"member-username": "Outsider", "member-role": "reader"}
    assert client.post(f"/projects/{project.slug}/members", sent).status_code == 303
    assert Membership.objects.get(project=project, person=people.outsider).role == "reader"


@pytest.mark.parametrize(
    ("name", "role", "words"),
    [
        ("nobody", "reader", "There is no account"),
        ("lead", "technical-lead", "already is technical lead"),
        ("owner", "technical-lead", "Nobody gives a role to themselves"),
        ("lead", "emperor", "Select a valid choice"),
    ],
)
def test_member_refused_in_words(client, people, project, name, role, words):
    """What cannot be is said on the page, with what was typed; nothing changes."""
    client.force_login(people.owner)
    before = Membership.objects.count()
    sent = {"member-username": name, "member-role": role}
    page = client.post(f"/projects/{project.slug}/members", sent).content.decode()
    assert words in page
    assert f'value="{name}"' in page
    assert Membership.objects.count() == before


def test_member_is_removed(client, people, project):
    """A role is taken away; the last owner stays; another project's membership does not exist here."""
    client.force_login(people.owner)
    reader = Membership.objects.get(project=project, person=people.reader)
    owner = Membership.objects.get(project=project, person=people.owner)
    client.post(f"/projects/{project.slug}/members/{reader.pk}/remove")
    client.post(f"/projects/{project.slug}/members/{owner.pk}/remove")
    assert not Membership.objects.filter(pk=reader.pk).exists()
    assert Membership.objects.filter(pk=owner.pk).exists()
    assert client.post(f"/projects/{project.slug}/members/999999/remove").status_code == 404
    client.force_login(people.lead)
    assert client.post(f"/projects/{project.slug}/members/{owner.pk}/remove").status_code == 403


def test_environment_is_added_once(client, people, project):
    """A new environment appears; the same name again is refused in words."""
    client.force_login(people.owner)
    address = f"/projects/{project.slug}/environments"
    assert client.post(address, {"environment-name": "canary"}).status_code == 303
    assert "already an environment" in client.post(address, {"environment-name": "Canary"}).content.decode()
    assert Environment.objects.filter(project=project).count() == 3
