"""The admin shows rows and changes none."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin

from checklists.models import Person

MODELS = [m for m in apps.get_app_config("checklists").get_models() if m is not Person]


@pytest.fixture
def staff(client, people):
    """An administrator, signed in."""
    people.owner.is_staff = people.owner.is_superuser = True
    people.owner.save()
    client.force_login(people.owner)
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
