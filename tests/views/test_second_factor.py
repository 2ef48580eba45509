"""A project's rule about second factors, on its page and in the signing form."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from checklists.actions import second_factor
from checklists.errors import Forbidden, Refused
from checklists.models import AuditEntry, SignOff
from tests.conftest import PASSWORD
from tests.factors import Passkey, add_app, app_code
from tests.views.test_sso import form


@pytest.fixture(autouse=True)
def _fresh_limits():
    """Attempts of another test do not count here."""
    cache.clear()


@pytest.fixture
def address(project) -> str:
    """Where the rule is switched."""
    return f"/projects/{project.slug}/second-factor"


def test_an_owner_switches_it(client, people, project, address):
    """On and off again, each with its entry in the project's log; the page says how it is."""
    client.force_login(people.owner)
    for on, words in (("yes", "Ask for it no longer"), ("no", "Ask everybody for a second factor")):
        assert client.post(address, {"on": on}).status_code == 303
        assert words in client.get(f"/projects/{project.slug}/").content.decode()
    kept = AuditEntry.objects.filter(verb="project.second_factor").order_by("seq")
    assert [row.data["after"] for row in kept] == [{"second_factor": True}, {"second_factor": False}]
    assert {row.stream for row in kept} == {f"project:{project.pk}"}


@pytest.mark.parametrize("who", ["contributor", "lead", "product", "compliance", "reader"])
def test_others_do_not(client, people, project, address, who):
    """Nobody else may, on the page or by the act; the page shows them no button."""
    person = getattr(people, who)
    client.force_login(person)
    assert client.post(address, {"on": "yes"}).status_code == 403
    assert "Ask everybody" not in client.get(f"/projects/{project.slug}/").content.decode()
    with pytest.raises(Forbidden):
        second_factor.switch(project=project, by=person, on=True)
    project.refresh_from_db()
    assert not project.second_factor


def test_twice_is_said(people, project):
    """Switching to what it is already is refused and leaves no entry."""
    with pytest.raises(Refused, match="asks for no second factor"):
        second_factor.switch(project=project, by=people.owner, on=False)
    second_factor.switch(project=project, by=people.owner, on=True)
    with pytest.raises(Refused, match="already"):
        second_factor.switch(project=project, by=people.owner, on=True)
    assert AuditEntry.objects.filter(verb="project.second_factor").count() == 1


def test_the_form_asks_for_what_is_needed(client, people, project, ready_gate):
    """In words: password alone; where to add a factor; the code; the passkey with this form's challenge."""
    client.force_login(people.lead)
    path = f"/gates/{ready_gate.pk}/sign/technical-lead/"
    page = client.get(path).content.decode()
    assert "Your password" in page
    assert "passkey.js" not in page
    assert 'name="code"' not in page
    second_factor.switch(project=project, by=people.owner, on=True)
    page = client.get(path).content.decode()
    assert "asks for a second factor, and your account has none" in page
    assert "/accounts/security/" in page
    assert 'name="password"' not in page
    add_app(people.lead)
    assert "Code of your authenticator app" in client.get(path).content.decode()
    Passkey().give(people.lead)
    page = client.get(path).content.decode()
    assert "Use a passkey and sign" in page
    assert "passkey.js" in page


def test_signs_with_the_code(client, people, project, ready_gate):
    """Password and code sign; the record says which methods; a repeated code is refused."""
    second_factor.switch(project=project, by=people.owner, on=True)
    secret = add_app(people.lead)
    client.force_login(people.lead)
    address = f"/gates/{ready_gate.pk}/sign/technical-lead/approve"
    sent = form(client, ready_gate) | {"password": PASSWORD}
    assert client.post(address, sent).status_code == 401
    code = app_code(secret)
    assert client.post(address, sent | {"code": code}).status_code == 303
    assert SignOff.objects.get().methods == ["password", "totp"]


def test_wrong_codes_count_as_wrong_passwords(client, people, ready_gate):
    """Five wrong codes close the form, also for the right one; the password was right each time."""
    secret = add_app(people.lead)
    client.force_login(people.lead)
    address = f"/gates/{ready_gate.pk}/sign/technical-lead/approve"
    sent = form(client, ready_gate) | {"password": PASSWORD}
    codes = [client.post(address, sent | {"code": "000000"}).status_code for _ in range(5)]
    assert codes == [401] * 5
    assert client.post(address, sent | {"code": app_code(secret)}).status_code == 429
    assert not SignOff.objects.exists()
