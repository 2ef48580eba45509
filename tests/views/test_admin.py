"""The admin shows rows and changes none."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.cache import cache

from checklists import audit
from checklists.models import AuditEntry, Person
from tests.conftest import PASSWORD
from tests.factors import add_app

MODELS = [m for m in apps.get_app_config("checklists").get_models() if m is not Person]


@pytest.fixture
def staff(client, people):
    """An administrator, signed in, who just confirmed that it is them."""
    cache.clear()
    people.owner.is_staff = people.owner.is_superuser = True
    people.owner.save()
    client.force_login(people.owner)
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_rows_are_only_looked_at(staff, model, gate, rf, people):
    """Every table of the acts has a list, and nobody may add, change or delete through the admin."""
    base = f"/admin/checklists/{model._meta.model_name}/"
    assert staff.get(base).status_code == 200
    assert staff.get(f"{base}add/").status_code == 403
    request = rf.get("/")
    request.user = people.owner
    site = admin.site._registry[model]
    assert not any(
        (
            site.has_add_permission(request),
            site.has_change_permission(request),
            site.has_delete_permission(request),
        )
    )


def test_people_are_made_and_never_deleted(staff, people):
    """Accounts are kept here; deleting one is not possible."""
    assert staff.get("/admin/checklists/person/add/").status_code == 200
    assert staff.post(f"/admin/checklists/person/{people.reader.pk}/delete/").status_code == 403


def test_other_people_do_not_enter(client, people):
    """Without the administrator's flag the admin asks to sign in."""
    client.force_login(people.lead)
    assert client.get("/admin/").status_code == 302


KEEPING = [
    ("{}/password/", {"password1": "a-new-and-long-one", "password2": "a-new-and-long-one"}),
    ("{}/change/", {"username": "lead", "is_superuser": "on"}),
    ("add/", {"username": "nina", "password1": "a-new-and-long-one", "password2": "a-new-and-long-one"}),
    ("", {"action": "remove_factors", "_selected_action": "{}"}),
]


@pytest.mark.parametrize(("page", "sent"), KEEPING, ids=["password", "change", "add", "factors"])
def test_a_stolen_session_keeps_no_accounts(client, people, page, sent):
    """An administrator's session alone sets no password: not theirs, to sign with, nor anybody's."""
    people.lead.is_staff = people.lead.is_superuser = True
    people.lead.save()
    add_app(people.lead)
    client.force_login(people.lead)
    before, number = Person.objects.values().get(pk=people.lead.pk), Person.objects.count()
    address = f"/admin/checklists/person/{page}".format(people.lead.pk)
    told = {name: value.format(people.lead.pk) for name, value in sent.items()}
    answer = client.post(address, told | {"usable_password": "true"})
    assert answer["Location"].startswith("/accounts/reauthenticate/?next=%2Fadmin%2F")
    assert (Person.objects.values().get(pk=people.lead.pk), Person.objects.count()) == (before, number)
    assert Authenticator.objects.count() == 1
    assert _told() == []


def _told() -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.filter(stream=audit.INSTALLATION, verb__startswith="account.").order_by("seq")
    return [(row.actor_name, row.verb, row.subject) for row in rows]


def _form(person: Person, **changes: object) -> dict[str, object]:
    """What the admin's page of an account sends."""
    kept = {"username": person.username, "first_name": person.first_name, "last_name": person.last_name}
    dates = {"date_joined_0": "2026-01-01", "date_joined_1": "10:00:00"}
    return {**kept, **dates, "email": "", **({"is_active": "on"} if person.is_active else {}), **changes}


def test_a_password_set_for_somebody_else_is_logged(staff, people):
    """Who set whose password stands in the installation's stream; the password and its hash do not."""
    before = Person.objects.get(pk=people.reader.pk).password
    new = {"password1": "a-new-and-long-one", "password2": "a-new-and-long-one"}
    address = f"/admin/checklists/person/{people.reader.pk}/password/"
    staff.post(address, new | {"password2": "something-else-here"})
    assert (_told(), Person.objects.get(pk=people.reader.pk).password) == ([], before)
    assert staff.post(address, new | {"usable_password": "true"}).status_code == 302
    people.reader.refresh_from_db()
    assert people.reader.check_password("a-new-and-long-one")
    assert _told() == [(people.owner.name, "account.password_set", people.reader.username)]
    entry = AuditEntry.objects.get(verb="account.password_set")
    here = {"door": "page", "address": "127.0.0.1"}
    assert entry.data == {"usable": True, "from": here}
    staff.post(address, {"usable_password": "false", "unset-password": "yes"})
    assert AuditEntry.objects.filter(verb="account.password_set", data__usable=False).count() == 1


def test_accounts_made_and_changed_are_logged(staff, people):
    """Making, deactivating, activating, giving the administrator's flag; a save without change is none."""
    new = {"username": "nina", "password1": "a-new-and-long-one", "password2": "a-new-and-long-one"}
    assert staff.post("/admin/checklists/person/add/", new | {"usable_password": "true"}).status_code == 302
    nina = Person.objects.get(username="nina")
    address = f"/admin/checklists/person/{nina.pk}/change/"
    off = _form(nina)
    del off["is_active"]
    for sent in (_form(nina), off, off, _form(nina), _form(nina, is_superuser="on", email="n@example.org")):
        assert staff.post(address, sent).status_code == 302
    assert [(verb, subject) for _, verb, subject in _told()] == [
        ("account.created", "nina"),
        ("account.deactivated", "nina"),
        ("account.activated", "nina"),
        ("account.changed", "nina"),
    ]
    changed = AuditEntry.objects.get(verb="account.changed").data
    assert changed == {
        "fields": ["is_superuser", "email"],
        "before": {"is_superuser": False},
        "after": {"is_superuser": True},
        "from": {"door": "page", "address": "127.0.0.1"},
    }
    assert audit.verify(audit.INSTALLATION) is None
    page = staff.get("/audit/?stream=installation").content.decode()
    assert "Created an account: <b>nina</b>" in page


def test_a_refused_change_is_not_logged(staff, people):
    """Who may look at accounts but not change them changes and logs nothing."""
    people.owner.is_superuser = False
    people.owner.save()
    people.owner.user_permissions.add(Permission.objects.get(codename="view_person"))
    new = {"password1": "a-new-and-long-one", "password2": "a-new-and-long-one"}
    assert staff.post(f"/admin/checklists/person/{people.reader.pk}/password/", new).status_code == 403
    assert (
        staff.post(f"/admin/checklists/person/{people.reader.pk}/change/", _form(people.reader)).status_code
        == 403
    )
    assert _told() == []
