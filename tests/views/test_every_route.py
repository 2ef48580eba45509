"""Questions put to every route there is, our own and those of sign-in and administration."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.test import Client
from django.urls import get_resolver, reverse

from checklists.models import Environment, GateItem

OPEN_TO_ALL = {"healthz", "readyz", "theme"}
# Without a project's data: for everybody with an account.
OPEN_TO_ACCOUNTS = {"home", "project-list", "project-create", "checklist-list", "checklist", "audit-log"}
POST_ONLY = {
    "theme", "member-add", "member-remove", "environment-add", "release-parameters", "gate-open", "gate-run",
    "gate-look", "gate-export", "sign-withdraw", "sign-approve", "sign-decline", "role-drop", "role-restore",
    "item-tick", "item-reopen", "item-not-applicable", "item-note", "item-run", "item-attach",
    "item-evidence-remove",
}  # fmt: skip


def routes():
    """The app's own routes."""
    ours = next(
        p for p in get_resolver().url_patterns if getattr(p, "app_name", "") is None and not str(p.pattern)
    )
    yield from ours.url_patterns


NAMES = sorted(route.name for route in routes())


@pytest.fixture
def addresses(gate, checklist):
    """An address of something that is there, by route."""
    known = {
        "slug": gate.release.project.slug,
        "version": checklist.version,
        "key": "issues",
        "role": "product-owner",
        "piece": 1,
        "number": 1,
    }
    made = {}
    for route in routes():
        pk = gate.release.pk if route.name.startswith(("release", "gate-open")) else gate.pk
        wanted = known | {"pk": pk} | ({"slug": checklist.slug} if route.name == "checklist" else {})
        names = route.pattern.converters
        made[route.name] = reverse(route.name, kwargs={name: wanted[name] for name in names})
    return made


def test_no_form_without_its_token(addresses, people):
    """Every address refuses a form without its token, whoever sends it."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(people.lead)
    others = [
        f"/accounts/{p}" for p in ("login/", "logout/", "reauthenticate/", "password/change/", "signup/")
    ]
    answers = {url: strict.post(url).status_code for url in [*addresses.values(), *others, "/admin/login/"]}
    assert {url: code for url, code in answers.items() if code != 403} == {}


def test_looking_changes_nothing(addresses, client, people):
    """Every row of every table is the same after all addresses were looked at by an owner."""

    def rows():
        models = apps.get_app_config("checklists").get_models()
        return {model: list(model.objects.order_by("pk").values()) for model in models}

    client.force_login(people.owner)
    before = rows()
    codes = {name: client.get(url).status_code for name, url in addresses.items()}
    assert {name for name, code in codes.items() if code == 405} == POST_ONLY
    assert rows() == before


@pytest.mark.parametrize("name", NAMES)
def test_outsider(name, addresses, client, people, project):
    """Who belongs to no project finds nothing of it behind any address, reading or writing."""
    client.force_login(people.outsider)
    ask = client.post if name in POST_ONLY else client.get
    answer = ask(addresses[name])
    if name in OPEN_TO_ALL | OPEN_TO_ACCOUNTS:
        assert answer.status_code in {200, 303, 503}
        assert "Image classifier 1.4.0" not in answer.content.decode()
        assert f"/projects/{project.slug}/" not in answer.content.decode()
    else:
        assert answer.status_code == 404


EXTRA = {
    "state": "passed", "decided": "person", "decided_by": "1", "requirement": "recommended", "by": "1",
    "person": "1", "role": "owner", "created_by": "1", "owner": "1", "gate": "1", "snapshot": "1",
    "is_staff": "on", "is_superuser": "on", "outcome": "PASS", "after_result": "", "frozen_at": "",
    "root": "/etc", "project": "1", "verdict": "approved", "live": "on", "added_by": "1", "set_by": "1",
}  # fmt: skip


def test_extra_fields_are_not_taken(addresses, client, people, gate, project):
    """Forms with fields of the tables in them change what the act says, and nothing else."""
    client.force_login(people.contributor)
    item = GateItem.objects.get(gate=gate, key="issues")
    sent = EXTRA | {"confirmed": "0", "comment": "Read.", "seen": item.changed_in}
    client.post(addresses["item-tick"], sent)
    item.refresh_from_db()
    assert (item.state, item.requirement, item.decided_by) == ("passed", "mandatory", people.contributor)
    client.post(addresses["project-create"], EXTRA | {"name": "Mine", "environments": "production"})
    mine = Environment.objects.exclude(project=project).get().project
    assert mine.created_by == people.contributor
    client.post(addresses["item-attach"], EXTRA | {"link": "https://x.example"})
    assert item.evidence.get().added_by == people.contributor
    people.contributor.refresh_from_db()
    assert not people.contributor.is_staff
    assert not people.contributor.is_superuser
    assert [m.role for m in people.contributor.memberships.filter(project=project)] == ["contributor"]
