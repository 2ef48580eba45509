"""Fields that no form has: posting them beside the right ones changes nothing of what the act does.

Each page and each operation is asked twice by an owner, or whoever may, with plausible data: once as it is
meant, once with every column's name added. Both leave the same rows, or the second is refused.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.apps import apps
from django.db import models, transaction

from checklists.api import limits
from checklists.views import invitation
from tests.api import world as api_world
from tests.conftest import PASSWORD
from tests.matrix import world
from tests.matrix.table import EVERYBODY, OWN_ROWS, PAGES
from tests.matrix.world import Asker

# What columns are called, and what somebody would like to see in them.
WANTED: dict[str, str] = {
    "role": "owner", "roles": "owner", "by": "1", "person": "1", "person_id": "1", "user": "1",
    "owner": "1", "owner_id": "1", "created_by": "1", "created_by_id": "1", "live": "1", "state": "approved",
    "digest": "0" * 64, "decision": "approve", "verdict": "approved", "signed_at": "2020-01-01",
    "at": "2020-01-01", "pk": "1", "id": "1", "gate": "1", "gate_id": "1", "project": "1",
    "project_id": "1", "release_id": "1",
    "is_staff": "1", "is_superuser": "1", "is_active": "1", "is_service": "1", "decided_by": "1",
    "decided_at": "2020-01-01", "requested_by": "1", "attached_by": "1", "added_by": "1", "recorded_by": "1",
    "registered_by": "1", "proposed_by": "1", "approved_by": "1", "second_factor": "", "change_control": "",
    "outcome": "passed", "result": "passed", "active": "1", "revision": "0", "requirement": "recommended",
    "revoked_at": "2020-01-01", "accepted_at": "2020-01-01", "hash": "0" * 64, "snapshot": "1",
    "frozen_at": "",
}  # fmt: skip
# What each form is meant to hold, where an empty one does not do.
FORMS: dict[str, dict[str, str]] = {
    "project-create": {"name": "Mine", "environments": "production"},
    "member-add": {"member-username": "outsider", "member-role": "reader"},
    "member-end": {},
    "environment-add": {"environment-name": "canary"},
    "invitation-new": {"address": "x@y.example", "role": "reader"},
    "invitation": {
        "username": "nora", "name": "Nora New", "password": PASSWORD, "again": PASSWORD,
    },
    "tokens": {"name": "mine", "scopes": "read", "days": "30", "project": ""},
    "access-account": {"name": "Deploy", "role": "reader"},
    "access-token": {"name": "deploy", "scopes": "read", "days": "30"},
    "item-note": {"text": "Looked at."},
    "item-attach": {"link": "https://x.example/log"},
    "item-tick": {"confirmed": "0", "comment": "Read."},
    "item-not-applicable": {"reason": "It does not apply."},
    "gate-export": {},
    "role-drop": {"drop_reason": "Not needed."},
    "release-parameters": {"parameter-target_accuracy": "81", "reason": "Why not."},
    "waiver-withdraw": {},
    "proposal-vote": {"vote": "approve", "comment": "Fine."},
    "webhook-add": {"url": "https://x.example/", "events": "gate.ready"},
    "board": {"address": "board@x.example"},
    "rehearsal-record": {
        "performed_on": "2026-01-01", "performed_time": "10:00", "zone": "UTC", "performed_by": "Rita",
        "from_version": "1.4.0", "to_version": "1.3.0", "minutes": "4", "seconds": "0",
    },
}  # fmt: skip
# Differ at every request: times, secrets, and what is computed from them. A scorecard is kept as it was sent.
PASSING = (models.DateTimeField, models.UUIDField)
SECRETS = {"hash", "prefix", "head", "previous", "password", "key", "key_id", "data"}
TEXTS = {
    "AuditEntry.subject", "Checkpoint.note", "Report.checkpoint", "Report.snapshot", "Scorecard.sha256",
    "WebhookDelivery.body",
}  # fmt: skip


def rows() -> dict[str, list[dict[str, Any]]]:
    """Every row of ours, without what differs anyway. Of audit entries who and what counts."""
    found = {}
    for model in apps.get_app_config("checklists").get_models():
        names = [
            f.attname
            for f in model._meta.concrete_fields
            if not isinstance(f, PASSING)
            and f.name not in SECRETS
            and f"{model.__name__}.{f.name}" not in TEXTS
        ]
        found[model.__name__] = list(model._default_manager.order_by("pk").values(*names))
    return found


def after(ask) -> tuple[int, Any]:
    """What a request answers and leaves; then it is taken back."""
    point = transaction.savepoint()
    try:
        status = ask().status_code
        return status, rows()
    finally:
        transaction.savepoint_rollback(point)


def differences(before: Any, plain: Any, more: Any) -> set[str]:
    """Columns of rows that only the added fields explain."""
    found = set()
    for name in plain:
        if more[name] in (plain[name], before[name]):
            continue
        pairs = zip(plain[name], more[name], strict=False)
        columns = {f"{name}.{c}" for one, other in pairs for c in one if one[c] != other[c]}
        found |= columns or {f"{name}: {len(more[name])} rows instead of {len(plain[name])}"}
    return found


@pytest.fixture
def everything(gate, people, project, checklist, settings):
    """The world, and who asks: for each form somebody who may send it."""
    settings.API_FAILURES = settings.API_RATE = 10**9
    world.askers(project, people)
    known = world.fill(gate, people, project)
    return known, world.addresses(gate, people, project, checklist)


def senders(people):
    """Who sends a form: the first whom the table allows."""
    return {"owner": people.owner, "contributor": people.contributor, "product-owner": people.product}


def test_forms(everything, people, project, gate, monkeypatch):
    """Every page that takes a form, sent by everybody who may send any."""
    monkeypatch.setattr(invitation, "RATE", 10**9)
    _, addresses = everything
    names = [c.split()[1] for c in PAGES if c.startswith("POST") and c not in OWN_ROWS]
    before, changed, wrong = rows(), 0, {}
    for role, person in senders(people).items():
        browser = Asker(role, own=True, person=person).browser()
        for name in names:
            if role != "owner" and PAGES[f"POST {name}"] == EVERYBODY:
                continue
            seen = str(gate.items.get(key="issues").changed_in)
            form = {"seen": seen} | FORMS.get(name, {})
            more = {key: value for key, value in WANTED.items() if key not in form} | form
            (_, plain), (_, full) = (
                after(lambda d=d, n=name, b=browser: b.post(addresses[n], d)) for d in (form, more)
            )
            changed += plain != before
            if found := differences(before, plain, full):
                wrong[role, name] = found
    assert not wrong, wrong
    assert changed >= 25


def test_bodies(everything, people):
    """Every operation of the API that takes JSON."""
    known, _ = everything
    api = Asker("contributor", own=True, person=people.contributor).api()
    ask_once = [n for n, (method, _, _) in api_world.OPERATIONS.items() if method != "GET"]
    before, changed, wrong = rows(), 0, {}
    for name in ask_once:
        limits.requests.forget()
        _, plain = after(lambda n=name: api_world.ask(api, n, known))
        status, full = after(lambda n=name: with_more(api, n, known))
        changed += plain != before
        if found := differences(before, plain, full):
            wrong[name] = (status, found)
    assert not wrong, wrong
    assert changed >= 8


def with_more(api, name, known):
    """The same request with the added fields in its JSON."""
    operation = api_world.OPERATIONS[name][2]
    content = operation.get("requestBody", {}).get("content", {})
    example = content.get("application/json", {}).get("example")
    if not isinstance(example, dict):
        return api_world.ask(api, name, known)
    body = json.dumps({k: v for k, v in WANTED.items() if k not in example} | example)
    send = api.client.generic
    api.client.generic = lambda method, address, _, **more: send(method, address, body, **more)
    try:
        return api_world.ask(api, name, known)
    finally:
        api.client.generic = send
