"""Access that ends: who sets the end, and that nothing of a member is left afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from checklists import clock, outbox, queries
from checklists.actions import members, projects
from checklists.errors import Forbidden, Refused
from checklists.models import AuditEntry, Membership, Notification, Project
from checklists.permissions import members_at, members_of, roles_of
from checklists.reads import waivers as waiver_reads

DAYS = 30


@pytest.fixture
def auditor(project, people):
    """The outsider as auditor, for 30 days."""
    return projects.add_member(
        project=project,
        by=people.owner,
        person=people.outsider,
        role="auditor",
        until=clock.now() + timedelta(days=DAYS),
    )


def seen_by(person, project, gate):
    """Everything that asks whether somebody belongs to the project."""
    return {
        "project": Project.objects.visible_to(person).exists(),
        "roles": bool(roles_of(person, project)),
        "members": person in [m.person for m in members_of(project.pk)],
        "members at the gate": person in [m.person for m in members_at(gate.pk)],
        "gates": queries.visible_gates(person).exists(),
        "roles by project": bool(queries.roles_by_project(person)),
        "projects": queries.projects_of(person).exists(),
        "streams": bool(queries.stream_labels(person)),
    }


def test_everything_at_the_end(now, auditor, people, project, gate):
    """At the end, to the moment, nothing counts the membership any more; before it, everything does."""
    now.forward(days=DAYS, microseconds=-1)
    assert set(seen_by(people.outsider, project, gate).values()) == {True}
    now.forward(microseconds=1)
    assert set(seen_by(people.outsider, project, gate).values()) == {False}
    assert {p.member_count for p in queries.projects_of(people.owner)} == {7}


def end_now(person, role):
    """Let somebody's role have ended a moment ago."""
    rows = Membership.objects.filter(person=person, role=role)
    assert rows.update(expires_at=clock.now() - timedelta(seconds=1)) == 1


def test_nothing_waits_for_who_left(people, ready_gate, project):
    """A role that ended is asked for no signature, told no news and decides on no waiver."""
    assert queries.waiting_roles(people.lead).exists()
    end_now(people.lead, "technical-lead")
    assert not queries.waiting_roles(people.lead).exists()
    outbox.emit(
        "gate.ready", project=project, subject_url_path="/", title="Ready", people=[people.lead], key="k"
    )
    assert not Notification.objects.filter(person=people.lead, key__endswith=":k").exists()
    end_now(people.compliance, "compliance")
    assert not waiver_reads.waiting(people.compliance).exists()


def test_an_owner_who_left_is_no_owner(people, project):
    """The last owner whose access holds cannot be removed, though another row says owner."""
    projects.add_member(project=project, by=people.owner, person=people.lead, role="owner")
    end_now(people.lead, "owner")
    mine = project.memberships.get(person=people.owner, role="owner")
    with pytest.raises(Refused, match="last owner"):
        projects.remove_member(project=project, by=people.owner, membership=mine)


def test_end_is_moved(auditor, people, project):
    """Owners prolong and shorten; the entry says from when to when."""
    later = clock.now() + timedelta(days=90)
    before = auditor.expires_at
    members.set_end(project=project, by=people.owner, membership=auditor, until=later)
    auditor.refresh_from_db()
    assert auditor.expires_at == later
    entry = AuditEntry.objects.get(verb="member.prolonged")
    assert entry.data["before"] == {"until": before.isoformat()}
    assert entry.data["after"] == {"until": later.isoformat()}
    assert entry.data["role"] == "auditor"


@pytest.mark.parametrize(
    ("role", "days", "words"),
    [
        ("auditor", None, "must end"),
        ("auditor", 367, "at most"),
        ("auditor", 0, "later"),
        ("owner", 9, "no end"),
    ],
)
def test_bad_ends(role, days, words, auditor, people, project):
    """The rules of ends hold when an end is moved too."""
    projects.add_member(project=project, by=people.owner, person=people.lead, role="owner")
    person = people.outsider if role == "auditor" else people.lead
    row = project.memberships.get(person=person, role=role)
    until = None if days is None else timezone.now() + timedelta(days=days, seconds=-1)
    with pytest.raises(Refused, match=words):
        members.set_end(project=project, by=people.owner, membership=row, until=until)


@pytest.mark.parametrize("who", ["contributor", "lead", "reader", "outsider"])
def test_only_owners(who, auditor, people, project):
    """Nobody else moves an end; the auditor least."""
    by, until = getattr(people, who), clock.now() + timedelta(days=9)
    with pytest.raises(Forbidden):
        members.set_end(project=project, by=by, membership=auditor, until=until)


def test_not_ones_own(people, project):
    """An owner who is a reader too, until some day, leaves that day to another owner."""
    mine = Membership.objects.create(
        project=project, person=people.owner, role="reader", expires_at=clock.now() + timedelta(days=1)
    )
    with pytest.raises(Refused, match="own access"):
        members.set_end(project=project, by=people.owner, membership=mine, until=None)


@pytest.mark.parametrize("role", ["technical-lead", "product-owner", "compliance", "contributor", "auditor"])
def test_no_self_grant(role, people, project):
    """An owner gives themselves no role, signing or not: another owner must."""
    until = clock.now() + timedelta(days=9)
    with pytest.raises(Refused, match="themselves"):
        projects.add_member(project=project, by=people.owner, person=people.owner, role=role, until=until)


def test_gone_role_is_named(now, auditor, people, project):
    """Who adds somebody whose access ended is told so, and how to go on."""
    now.forward(days=DAYS)
    until = clock.now() + timedelta(days=9)
    with pytest.raises(Refused, match="was auditor, until") as refused:
        projects.add_member(
            project=project, by=people.owner, person=people.outsider, role="auditor", until=until
        )
    assert "members" in refused.value.advice
    members.set_end(project=project, by=people.owner, membership=auditor, until=until)
    assert roles_of(people.outsider, project) == {"auditor"}
