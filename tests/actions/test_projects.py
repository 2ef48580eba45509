"""Projects, members, environments."""

from __future__ import annotations

import pytest

from checklists.actions import projects
from checklists.errors import Forbidden, Refused
from checklists.models import Membership, Project


def test_create(people):
    """Its creator is owner; the default environment is production."""
    made = projects.create(by=people.lead, name="Fraud model")
    assert (made.slug, made.environments.get().name) == ("fraud-model", "production")
    assert Membership.objects.get(project=made).role == "owner"


@pytest.mark.parametrize("name", ["", "  ", "!!!"])
def test_bad_names(people, name):
    """A project needs a name."""
    with pytest.raises(Refused):
        projects.create(by=people.lead, name=name)


def test_name_taken(project, people):
    """One project per name."""
    with pytest.raises(Refused, match="already"):
        projects.create(by=people.lead, name="image classifier")


MEMBERS = [
    ("unknown role", "outsider", "king"),
    ("twice", "lead", "technical-lead"),
    ("oneself", "owner", "compliance"),
]


@pytest.mark.parametrize(("who", "role"), [row[1:] for row in MEMBERS], ids=[row[0] for row in MEMBERS])
def test_add_refused(project, people, who, role):
    """Unknown roles, a role twice, and a role for oneself."""
    with pytest.raises(Refused):
        projects.add_member(project=project, by=people.owner, person=getattr(people, who), role=role)


@pytest.mark.parametrize("who", ["contributor", "lead", "product", "compliance", "reader", "outsider"])
def test_only_owners_manage(project, people, who):
    """Nobody else adds or removes members or environments."""
    by = getattr(people, who)
    with pytest.raises(Forbidden):
        projects.add_member(project=project, by=by, person=people.outsider, role="reader")
    with pytest.raises(Forbidden):
        projects.add_environment(project=project, by=by, name="canary")
    with pytest.raises(Forbidden):
        projects.remove_member(project=project, by=by, membership=project.memberships.get(person=people.lead))


def test_last_owner_stays(project, people):
    """A project never loses its last owner."""
    mine = project.memberships.get(person=people.owner)
    with pytest.raises(Refused, match="last owner"):
        projects.remove_member(project=project, by=people.owner, membership=mine)
    projects.add_member(project=project, by=people.owner, person=people.lead, role="owner")
    projects.remove_member(project=project, by=people.lead, membership=mine)
    assert not Membership.objects.filter(person=people.owner).exists()


def test_visibility(project, people):
    """Members see the project, outsiders do not."""
    assert list(Project.objects.visible_to(people.reader)) == [project]
    assert not Project.objects.visible_to(people.outsider).exists()


def test_environments(project, people):
    """Names are unique whatever their case."""
    projects.add_environment(project=project, by=people.owner, name="canary")
    with pytest.raises(Refused):
        projects.add_environment(project=project, by=people.owner, name="Canary")
    with pytest.raises(Refused):
        projects.add_environment(project=project, by=people.owner, name=" ")
