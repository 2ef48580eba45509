"""Invitations: who may make them, what opens them, and that each is used once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from checklists import clock
from checklists.actions import invitations, new_accounts, outgoing, projects
from checklists.errors import Forbidden, Refused
from checklists.models import AuditEntry, Invitation, Message, Person
from checklists.models.outbox import OutState
from checklists.permissions import roles_of
from tests.conftest import PASSWORD


def invite(project, people, role="contributor", **more):
    """An invitation of the owner, and its secret."""
    row, link = invitations.invite(
        project=project, by=people.owner, address="new@team.example", role=role, **more
    )
    return row, link.rpartition("/")[2]


def entries(project, verb):
    """The project's entries of one verb."""
    return list(AuditEntry.objects.filter(stream=f"project:{project.pk}", verb=verb))


def test_accepted_once(project, people):
    """It gives the role to who opens it first; afterwards nobody can use it."""
    row, secret = invite(project, people)
    assert invitations.accept(by=people.outsider, secret=secret).role == "contributor"
    assert roles_of(people.outsider, project) == {"contributor"}
    with pytest.raises(Refused, match="not valid"):
        invitations.accept(by=people.reader, secret=secret)
    row.refresh_from_db()
    assert row.accepted_by == people.outsider
    (entry,) = entries(project, "invitation.accepted")
    assert entry.actor_id == people.outsider.pk
    assert entry.data["before"] == {"member": False, "until": None}
    assert entry.data["after"] == {"member": True, "until": None}


def test_secret_is_kept_as_hash_only(project, people):
    """Neither the row nor the log holds the secret, which has 256 bits; the log holds no address either."""
    _, secret = invite(project, people)
    assert re.fullmatch(r"[\w-]{43}", secret)
    row = Invitation.objects.values().get()
    log = str(list(AuditEntry.objects.values()))
    assert secret not in str(row) + log
    assert row["hash"] == invitations.hashed(secret)
    assert "new@team.example" not in log


@pytest.mark.parametrize("who", ["contributor", "lead", "product", "compliance", "reader", "outsider"])
def test_only_owners_invite(who, project, people):
    """Nobody else offers a role, nor takes an offer back."""
    row, _ = invite(project, people)
    by = getattr(people, who)
    with pytest.raises(Forbidden):
        invitations.invite(project=project, by=by, address="a@b.example", role="reader")
    with pytest.raises(Forbidden):
        invitations.revoke(project=project, by=by, invitation=row)


def over(project, people, now, how):
    """An invitation that no longer opens anything, for each reason there is."""
    row, secret = invite(project, people)
    if how == "used":
        invitations.accept(by=people.second, secret=secret)
    elif how == "revoked":
        invitations.revoke(project=project, by=people.owner, invitation=row)
    elif how == "expired":
        now.forward(days=7)
    elif how == "inviter left":
        projects.add_member(project=project, by=people.owner, person=people.lead, role="owner")
        mine = project.memberships.get(person=people.owner, role="owner")
        projects.remove_member(project=project, by=people.lead, membership=mine)
    elif how == "inviter deactivated":
        Person.objects.filter(pk=people.owner.pk).update(is_active=False)
    return {"unknown": "A" * 43, "malformed": "../x"}.get(how, secret)


HOW = ["used", "revoked", "expired", "inviter left", "inviter deactivated", "unknown", "malformed"]


@pytest.mark.parametrize("how", HOW)
def test_over(how, project, people, now):
    """Every link that opens nothing gets the same words, whatever the reason, and gives no role."""
    secret = over(project, people, now, how)
    with pytest.raises(Refused) as refused:
        invitations.accept(by=people.outsider, secret=secret)
    assert (refused.value.message, refused.value.advice) == (
        invitations.NOT_VALID,
        invitations.NOT_VALID_ADVICE,
    )
    assert roles_of(people.outsider, project) == frozenset()


def test_not_ones_own(project, people):
    """An owner gives themselves no other role by way of an invitation."""
    _, secret = invite(project, people, "technical-lead")
    with pytest.raises(Refused, match="own invitation"):
        invitations.accept(by=people.owner, secret=secret)
    assert roles_of(people.owner, project) == {"owner"}
    assert invitations.find(secret)  # it still waits for somebody else


def test_held_already(project, people):
    """Who has the role keeps the invitation open for somebody else."""
    _, secret = invite(project, people)
    with pytest.raises(Refused, match="already are contributor"):
        invitations.accept(by=people.contributor, secret=secret)
    assert invitations.find(secret)


def test_an_auditor_returns(project, people, now):
    """An auditor whose access ended is let in again by an invitation, until its end."""
    ends = clock.now() + timedelta(days=2)
    projects.add_member(project=project, by=people.owner, person=people.outsider, role="auditor", until=ends)
    now.forward(days=3)
    assert roles_of(people.outsider, project) == frozenset()
    until = clock.now() + timedelta(days=30)
    _, secret = invite(project, people, "auditor", until=until)
    assert invitations.accept(by=people.outsider, secret=secret).expires_at == until
    assert roles_of(people.outsider, project) == {"auditor"}


@pytest.mark.parametrize(
    ("role", "days", "words"),
    [
        ("auditor", None, "must end"),
        ("auditor", -1, "later than now"),
        ("auditor", 400, "at most 366 days"),
        ("owner", 30, "has no end"),
        ("king", None, "no role"),
    ],
)
def test_ends(role, days, words, project, people):
    """An auditor's access must end, an owner's must not."""
    until = clock.now() + timedelta(days=days) if days else None
    with pytest.raises(Refused, match=words):
        invite(project, people, role, until=until)


@pytest.mark.parametrize("address", ["", "nobody", "a@b\nBcc: all@x.example", "a b@c.example"])
def test_address(address, project, people):
    """Only an address that mail can be sent to."""
    with pytest.raises(Refused, match="address"):
        invitations.invite(project=project, by=people.owner, address=address, role="reader")


def test_revoked_once(project, people):
    """Taken back, with who and before and after; a second time there is nothing to take back."""
    row, _ = invite(project, people)
    invitations.revoke(project=project, by=people.owner, invitation=row)
    with pytest.raises(Refused, match="no longer open"):
        invitations.revoke(project=project, by=people.owner, invitation=row)
    (entry,) = entries(project, "invitation.revoked")
    assert (entry.data["before"], entry.data["after"]) == ({"state": "open"}, {"state": "revoked"})


def test_new_account(project, people):
    """A visitor makes an account and is a member at once; both stand in the logs."""
    _, secret = invite(project, people)
    made = new_accounts.join(secret=secret, username="nora", name="Nora van New", password=PASSWORD)
    person = Person.objects.get(username="nora")
    assert (person.first_name, person.last_name, person.email) == ("Nora", "van New", "new@team.example")
    assert (person.is_staff, person.is_superuser, person.is_service) == (False, False, False)
    assert person.check_password(PASSWORD)
    assert (made.person, made.role) == (person, "contributor")
    assert AuditEntry.objects.get(verb="account.created").subject == "nora"


@pytest.mark.parametrize(("username", "name"), [("reader", "Some Body"), ("nora", "LENA lead")])
def test_taken_names(username, name, project, people):
    """Neither a user name that is taken, nor the name of somebody who signs here; nothing is left behind."""
    Person.objects.filter(pk=people.lead.pk).update(first_name="Lena", last_name="Lead")
    _, secret = invite(project, people)
    before = Person.objects.count()
    with pytest.raises(Refused, match="already"):
        new_accounts.join(secret=secret, username=username, name=name, password=PASSWORD)
    assert Person.objects.count() == before
    assert invitations.find(secret)


def test_no_account_without_one(project, people, now):
    """A link that is over makes no account."""
    secret = over(project, people, now, "revoked")
    with pytest.raises(Refused, match="not valid"):
        new_accounts.join(secret=secret, username="nora", name="Nora New", password=PASSWORD)
    assert not Person.objects.filter(username="nora").exists()


def test_mail(project, people, settings, mailoutbox):
    """It goes by mail where mail works; the link stays in no row once it was sent."""
    settings.EMAIL_HOST = "mail.example"
    _, secret = invite(project, people)
    (message,) = Message.objects.all()
    assert message.to == "new@team.example"
    assert secret in message.body
    assert outgoing.post(message.pk, 0)
    (sent,) = mailoutbox
    assert secret in sent.body
    message.refresh_from_db()
    assert message.state == OutState.SENT
    assert secret not in str(Message.objects.values().get())
