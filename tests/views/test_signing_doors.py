"""Who may sign is the same by page, API and admin; every refused attempt of a signer is in the gate's log."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.test import RequestFactory

from checklists import audit
from checklists.actions import evidence, projects, signoffs
from checklists.api import document
from checklists.api.root import api
from checklists.attempts import MOST
from checklists.loaded import load
from checklists.models import AuditEntry, Person, SignOff
from checklists.permissions import SIGNING_ROLES
from tests import signing

WHO = ("owner", "contributor", "lead", "second", "product", "compliance", "reader", "outsider")


@pytest.fixture(autouse=True)
def _no_attempts_yet():
    """Every test starts without earlier wrong passwords."""
    cache.clear()


@pytest.fixture
def mixed(ready_gate, people, project):
    """Roles and own work mixed: the contributor and the second lead hold more roles, product attached."""
    for who, role in (
        ("contributor", "compliance"),
        ("contributor", "technical-lead"),
        ("second", "compliance"),
    ):
        projects.add_member(project=project, by=people.owner, person=getattr(people, who), role=role)
    projects.add_member(project=project, by=people.owner, person=people.product, role="technical-lead")
    evidence.attach_link(gate=ready_gate.pk, key="issues", by=people.product, url="https://x.example")
    return ready_gate


# Who may sign as what: the contributor made the release, product attached evidence.
MAY = {
    ("contributor", "technical-lead"), ("lead", "technical-lead"), ("second", "technical-lead"),
    ("product", "technical-lead"), ("second", "compliance"), ("compliance", "compliance"),
}  # fmt: skip


def form(gate, person: Person, role: str) -> dict[str, object]:
    """What the page sends for somebody who confirmed everything."""
    digest = signing.digest_of(gate.pk)
    challenge = signing.challenge(gate.pk, role, person, digest)
    return {"digest": digest, "challenge": challenge, "password": signing.PASSWORD, "confirmed": [0, 1]}


@pytest.mark.parametrize("role", SIGNING_ROLES)
@pytest.mark.parametrize("who", WHO)
def test_the_page(client, mixed, people, who, role):
    """The form is offered to exactly those who may, and a request of anybody else signs nothing."""
    person, may = getattr(people, who), (who, role) in MAY
    client.force_login(person)
    path = f"/gates/{mixed.pk}/sign/{role}/"
    shown = client.get(path)
    assert (b'name="password"' in shown.content) == may
    answer = client.post(f"{path}approve", form(mixed, person, role))
    assert answer.status_code == (303 if may else 404 if who == "outsider" else 403)
    assert SignOff.objects.filter(person=person, role=role).exists() == may
    told = AuditEntry.objects.filter(stream=mixed.stream, verb="signing.refused")
    signs = bool(set(SIGNING_ROLES) & {m.role for m in person.memberships.all()})
    assert told.count() == (0 if may or not signs else 1)


def test_the_api_reads_only():
    """No operation on sign-offs changes anything, and none of another noun makes one."""
    paths = document.build(api)["paths"]
    ours = {path: set(methods) for path, methods in paths.items() if "sign" in path}
    assert ours
    assert all(methods == {"get"} for methods in ours.values()), ours


@pytest.mark.parametrize("staff", [True, False])
def test_the_admin_reads_only(people, staff):
    """Nobody adds, changes or deletes a sign-off in the admin, not even who may do everything there."""
    people.owner.is_staff = people.owner.is_superuser = staff
    request = RequestFactory().get("/admin/")
    request.user = people.owner
    model = admin.site.get_model_admin(SignOff) if admin.site.is_registered(SignOff) else None
    if model:
        assert not model.has_add_permission(request)
        assert not model.has_change_permission(request)
        assert not model.has_delete_permission(request)


def test_a_token_never_signs(ready_gate, people):
    """Whatever acts by a token is refused, the person's own credentials notwithstanding; the log says so."""
    with audit.acting("ci rdy_abc"), pytest.raises(signoffs.Forbidden, match="token"):
        signing.approve(gate=ready_gate.pk, role="technical-lead", by=people.lead)
    entry = AuditEntry.objects.get(verb="signing.refused")
    assert entry.data["via"] == "ci rdy_abc"


REFUSED = {
    "wrong password": ({"password": "guess"}, 401, "password is wrong"),
    "another state": ({"digest": "sha256:" + "0" * 64}, 409, "another person, gate, role or state"),
    "no challenge": ({"challenge": ""}, 409, "another person, gate, role or state"),
    "a criterion left out": ({"confirmed": [0]}, 409, "Confirm each"),
}


@pytest.mark.parametrize(("changed", "status", "why"), REFUSED.values(), ids=REFUSED)
def test_refusals_are_kept(client, ready_gate, people, changed, status, why):
    """Who, as what, why; never what was typed. The chain goes on."""
    client.force_login(people.lead)
    sent = form(ready_gate, people.lead, "technical-lead") | changed
    answer = client.post(f"/gates/{ready_gate.pk}/sign/technical-lead/approve", sent)
    assert answer.status_code == status
    entry = AuditEntry.objects.get(verb="signing.refused")
    assert (entry.actor_name, entry.subject) == ("Lead Person", "technical-lead")
    assert why in entry.data["why"]
    assert "guess" not in str(entry.data)
    assert audit.verify(ready_gate.stream) is None


def test_the_same_request_again_is_kept(client, ready_gate, people):
    """409, one signature, and the log tells of the attempt."""
    client.force_login(people.lead)
    sent = form(ready_gate, people.lead, "technical-lead")
    path = f"/gates/{ready_gate.pk}/sign/technical-lead/approve"
    assert [client.post(path, sent).status_code for _ in range(3)] == [303, 409, 409]
    assert SignOff.objects.count() == 1
    assert AuditEntry.objects.filter(verb="signing.refused").count() == 2


def test_guessing_fills_no_log(client, ready_gate, people):
    """After the allowed attempts one more entry says so, however many follow."""
    client.force_login(people.lead)
    path = f"/gates/{ready_gate.pk}/sign/technical-lead/approve"
    for _ in range(MOST + 4):
        client.post(path, form(ready_gate, people.lead, "technical-lead") | {"password": "guess"})
    assert AuditEntry.objects.filter(verb="signing.refused").count() == MOST + 1


def test_looking_changes_nothing(client, ready_gate, people, django_assert_num_queries):
    """The page makes a fresh challenge each time and keeps none: no row is written."""
    client.force_login(people.lead)
    path = f"/gates/{ready_gate.pk}/sign/technical-lead/"
    client.get(path)
    before = (AuditEntry.objects.count(), load(ready_gate.pk).gate.revision)
    pages = {client.get(path).content for _ in range(2)}
    assert len(pages) == 2
    assert (AuditEntry.objects.count(), load(ready_gate.pk).gate.revision) == before


def test_a_broken_record_is_told(client, ready_gate, people, lifted_triggers):
    """A signature altered by SQL: gate page and signing page say that it does not count, and why."""
    signing.approve(gate=ready_gate.pk, role="technical-lead", by=people.lead)
    SignOff.objects.update(comment="Something else.")
    client.force_login(people.compliance)
    for path in ("", "sign/technical-lead/"):
        html = client.get(f"/gates/{ready_gate.pk}/{path}").content.decode()
        assert "does not count: altered after signing: comment" in html, path
