"""Tokens and service accounts: who may make them, what is kept, and that they never sign."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.management import call_command

from checklists import audit, clock
from checklists.actions import projects, signoffs, tokens
from checklists.errors import Forbidden, Refused
from checklists.loaded import load
from checklists.models import ApiToken, AuditEntry, IdempotencyKey, Membership, Person
from tests import signing
from tests.conftest import PASSWORD

LATER = timedelta(days=30)


def made(by, **more):
    """A token that may be made, but for what is given."""
    wanted = {"name": "ci", "scopes": ["read"], "expires_at": clock.now() + LATER} | more
    return tokens.create(by=by, **wanted)


@pytest.fixture
def robot(project, people):
    """A service account of the project."""
    return tokens.create_service_account(
        project=project, by=people.owner, name="Build pipeline", role="contributor"
    )


def test_form_of_a_token(people, project):
    """Prefix and 256 bits; the row keeps the prefix and a hash, and finds the token again."""
    row, token = made(people.reader)
    assert re.fullmatch(r"rdy_[A-Za-z0-9]{8}_[A-Za-z0-9]{43}", token)
    assert token.startswith(row.prefix)
    assert tokens.find(token) == row
    assert tokens.find(token[:-1]) is None


def test_dump_holds_no_token(people, project, tmp_path):
    """A dump of the whole database does not contain the token, nor its secret part."""
    _, token = made(people.owner, project=project)
    dump = tmp_path / "dump.json"
    call_command("dumpdata", "--all", output=str(dump))
    text = dump.read_text()
    assert token.rsplit("_", 1)[0] in text
    assert token.rsplit("_", 1)[1] not in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "  "},
        {"scopes": []},
        {"scopes": ["sign"]},
        {"scopes": ["read", "everything"]},
        {"days": 0},
        {"days": -1},
        {"days": 367},
    ],
)
def test_refused(wrong, people, project):
    """No name, no scope, a scope that is none (signing), no expiry in the year ahead."""
    if "days" in wrong:
        wrong = {"expires_at": clock.now() + timedelta(days=wrong["days"])}
    with pytest.raises(Refused):
        made(people.owner, **wrong)
    assert not ApiToken.objects.exists()


def test_whose(people, project, robot):
    """For oneself; for a service account only by an owner of its project, and limited to that project."""
    assert made(people.reader)[0].person == people.reader
    assert made(people.owner, person=robot, project=project)[0].project == project
    for by, person, where in (
        (people.owner, people.reader, project),  # for another person
        (people.owner, robot, None),  # not limited
        (people.lead, robot, project),  # no owner
        (people.outsider, None, project),  # limited to a project of others
        (robot, None, project),  # a service account makes none
    ):
        with pytest.raises(Forbidden):
            made(by, person=person, project=where)
    other = projects.create(by=people.owner, name="Other")
    with pytest.raises(Refused):
        made(people.owner, person=robot, project=other)


@pytest.mark.parametrize("name", ["owner", "contributor", "lead", "product", "reader", "outsider"])
def test_revoke(name, people, project):
    """Whose token it is, and owners of the project it is limited to; nobody else, and once."""
    row, _ = made(people.contributor, project=project)
    by = getattr(people, name)
    if name not in {"owner", "contributor"}:
        with pytest.raises(Forbidden):
            tokens.revoke(by=by, token=row)
        return
    tokens.revoke(by=by, token=row)
    row.refresh_from_db()
    assert (row.revoked_by, row.revoked_at is not None) == (by, True)
    with pytest.raises(Refused):
        tokens.revoke(by=by, token=row)


def test_owner_cannot_revoke_an_unlimited_token(people, project):
    """A token for everything of a person is that person's alone."""
    row, _ = made(people.contributor)
    with pytest.raises(Forbidden):
        tokens.revoke(by=people.owner, token=row)


def test_audit(people, project, robot):
    """Entries name token, scopes and expiry, never the secret; and say by which token something was done."""
    row, token = made(people.owner, person=robot, project=project)
    with audit.acting(f"ci {row.prefix}"):
        projects.add_environment(project=project, by=people.owner, name="canary")
    tokens.revoke(by=people.owner, token=row)
    tokens.deactivate_service_account(project=project, by=people.owner, person=robot)
    entries = {e.verb: e for e in AuditEntry.objects.filter(stream=f"project:{project.pk}")}
    assert entries["token.created"].data["scopes"] == ["read"]
    assert entries["environment.added"].data["via"] == f"ci {row.prefix}"
    assert "via" not in entries["token.revoked"].data
    assert {"service_account.created", "service_account.deactivated"} <= set(entries)
    assert token.rsplit("_", 1)[1] not in str([e.data for e in entries.values()])
    assert audit.verify(f"project:{project.pk}") is None


def test_use_is_noted_once_a_minute(people, project):
    """The second use within a minute writes nothing."""
    row, _ = made(people.reader)
    now = clock.now()
    for after, noted in ((0, 0), (59, 0), (60, 60), (61, 60)):
        row.refresh_from_db()
        tokens.note_use(row, now + timedelta(seconds=after))
        row.refresh_from_db()
        assert row.last_used_at == now + timedelta(seconds=noted)


@pytest.mark.parametrize("role", ["owner", "technical-lead", "product-owner", "compliance", "nobody"])
def test_service_account_has_no_such_role(role, people, project, robot):
    """Neither when it is made nor as a member later, here or elsewhere."""
    with pytest.raises(Refused):
        tokens.create_service_account(project=project, by=people.owner, name="Other", role=role)
    with pytest.raises(Refused):
        projects.add_member(project=project, by=people.owner, person=robot, role=role)
    assert [m.role for m in robot.memberships.all()] == ["contributor"]


def test_service_account(people, project, robot):
    """Its name says whose it is; it has no password; twice is refused; only owners make one."""
    assert robot.username == "svc-image-classifier-build-pipeline"
    assert not robot.has_usable_password()
    with pytest.raises(Refused):
        tokens.create_service_account(project=project, by=people.owner, name="build pipeline", role="reader")
    with pytest.raises(Forbidden):
        tokens.create_service_account(project=project, by=people.lead, name="Mine", role="reader")


def test_deactivated_account_takes_its_tokens_along(people, project, robot):
    """Its tokens are revoked, and it gets no new one."""
    row, _ = made(people.owner, person=robot, project=project)
    with pytest.raises(Forbidden):
        tokens.deactivate_service_account(project=project, by=people.lead, person=robot)
    tokens.deactivate_service_account(project=project, by=people.owner, person=robot)
    assert not ApiToken.objects.usable(clock.now()).exists()
    row.refresh_from_db()
    assert row.revoked_by == people.owner
    with pytest.raises(Refused):
        made(people.owner, person=robot, project=project)
    with pytest.raises(Refused):
        tokens.deactivate_service_account(project=project, by=people.owner, person=people.reader)


def test_service_account_never_signs_in(client, people, project, robot):
    """Not even with a password that somebody set for it, nor with a session that somebody forged."""
    robot.set_password(PASSWORD)
    robot.save()
    client.post("/accounts/login/", {"login": robot.username, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    client.force_login(robot)
    assert client.get("/projects/").status_code == 302


def test_nothing_but_a_person_signs(people, ready_gate, project, robot):
    """A service account with a role forged into the table, and a lead who acts by a token, are refused."""
    robot.set_password(PASSWORD)
    robot.save()
    Membership.objects.create(project=project, person=robot, role="technical-lead")
    digest = load(ready_gate.pk).judge(clock.now()).digest
    common = {"gate": ready_gate.pk, "role": "technical-lead", "password": PASSWORD, "digest": digest}
    with pytest.raises(Forbidden):
        signing.decline(by=robot, reason="no", **common)
    assert "service account" in signoffs.refusal(
        load(ready_gate.pk), "technical-lead", robot, ["technical-lead"]
    )
    with audit.acting("ci rdy_x"), pytest.raises(Forbidden):
        signing.decline(by=people.lead, reason="no", **common)
    signing.decline(by=people.lead, reason="no", **common)


def test_service_account_keeps_its_role(people, project, robot):
    """It is deactivated, never taken out: its name could not be used again."""
    with pytest.raises(Refused):
        projects.remove_member(project=project, by=people.owner, membership=robot.memberships.get())
    assert robot.memberships.exists()


def test_no_row_of_a_person_is_changed(people, project, robot):
    """Making accounts and tokens changes nobody else."""
    before = list(Person.objects.exclude(pk=robot.pk).order_by("pk").values())
    made(people.owner, person=robot, project=project)
    assert list(Person.objects.exclude(pk=robot.pk).order_by("pk").values()) == before


def test_kept_answers_are_forgotten(people, project):
    """After a week, not before."""
    row, _ = made(people.reader)
    for days in (6, 8):
        IdempotencyKey.objects.create(
            token=row, key=f"k{days}", request_hash="0" * 64, created_at=clock.now() - timedelta(days=days)
        )
    assert tokens.forget_answers() == 1
    assert IdempotencyKey.objects.get().key == "k6"
