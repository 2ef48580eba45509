"""The standing questions, put to every route of the gate: visitor, outsider, reader, missing, method."""

from __future__ import annotations

import pytest

from checklists.gate_urls import gate_urls
from checklists.models import AuditEntry

READ = {
    "gate": "",
    "gate-changes": "changes",
    "gate-score": "score/",
    "item": "items/weights/",
    "item-body": "items/weights/body",
    "item-history": "items/weights/history",
    "sign": "sign/technical-lead/",
}
WRITE = {
    "gate-run": "run",
    "gate-look": "look",
    "item-tick": "items/issues/tick",
    "item-reopen": "items/issues/reopen",
    "item-not-applicable": "items/review/not-applicable",
    "item-note": "items/issues/note",
    "item-partial": "items/issues/partial",
    "item-run": "items/weights/run",
    "item-attach": "items/issues/evidence",
    "item-evidence-remove": "items/issues/evidence/1/remove",
    "sign-approve": "sign/technical-lead/approve",
    "sign-decline": "sign/technical-lead/decline",
    "role-drop": "sign/product-owner/drop",
    "role-restore": "sign/product-owner/restore",
}
# Readers may do these (export), or are refused for another reason than their role (withdraw).
OPEN_TO_READERS = {"gate-export": "export", "report-request": "reports/new", "sign-withdraw": "withdraw"}
NOT_HERE = {"evidence-download"}  # tests/views/test_evidence.py
EVERY = READ | WRITE | OPEN_TO_READERS


def test_every_route_is_asked():
    """A new route of the gate must be entered in the tables above."""
    assert {pattern.name for pattern in gate_urls} == set(EVERY) | NOT_HERE


@pytest.mark.parametrize("name", EVERY)
def test_outsider(client, gate, people, name):
    """Somebody who does not belong to the project learns nothing, not even that the gate exists."""
    client.force_login(people.outsider)
    url = f"/gates/{gate.pk}/{EVERY[name]}"
    answer = client.get(url) if name in READ else client.post(url)
    assert answer.status_code == 404
    assert "Image classifier" not in answer.content.decode()


@pytest.mark.parametrize("name", EVERY)
def test_missing_gate(client, gate, people, name):
    """A gate that does not exist is 404, for reading and for acting."""
    client.force_login(people.lead)
    url = f"/gates/{gate.pk + 1}/{EVERY[name]}"
    answer = client.get(url) if name in READ else client.post(url)
    assert answer.status_code == 404


@pytest.mark.parametrize("name", [n for n in EVERY if n.startswith("item")])
def test_missing_item(client, gate, people, name):
    """An item that the checklist does not have is 404."""
    client.force_login(people.lead)
    key = EVERY[name].split("/")[1]
    url = f"/gates/{gate.pk}/{EVERY[name].replace(key, 'no-such-item')}"
    answer = client.get(url) if name in READ else client.post(url)
    assert answer.status_code == 404


@pytest.mark.parametrize("name", [n for n in EVERY if n.startswith(("sign-a", "sign-d", "role", "sign"))])
def test_missing_role(client, gate, people, name):
    """A role that the gate does not ask is 404."""
    if name == "sign-withdraw":
        pytest.skip("its role comes in the form")
    client.force_login(people.lead)
    role = EVERY[name].split("/")[1]
    url = f"/gates/{gate.pk}/{EVERY[name].replace(role, 'janitor')}"
    answer = client.get(url) if name in READ else client.post(url, {"reason": "x", "drop_reason": "x"})
    assert answer.status_code == 404


@pytest.mark.parametrize("name", WRITE)
def test_reader(client, gate, people, name):
    """A reader may look; every act is refused and leaves no trace but that of the attempt."""
    acts = AuditEntry.objects.exclude(stream="access").exclude(verb="signing.refused")
    before = acts.count()
    client.force_login(people.reader)
    answer = client.post(f"/gates/{gate.pk}/{WRITE[name]}", {"reason": "x", "drop_reason": "x"})
    assert (
        answer.status_code == 403
        if not name.startswith(("sign", "role"))
        else answer.status_code in {403, 409}
    )
    assert acts.count() == before


@pytest.mark.parametrize("name", READ)
def test_reader_reads(client, gate, people, name):
    """A reader sees every page."""
    client.force_login(people.reader)
    assert client.get(f"/gates/{gate.pk}/{READ[name]}").status_code in {200, 204}


@pytest.mark.parametrize("name", EVERY)
def test_wrong_method(client, gate, people, name):
    """Nothing changes by GET, and pages are not posted to."""
    client.force_login(people.lead)
    url = f"/gates/{gate.pk}/{EVERY[name]}"
    answer = client.post(url) if name in READ else client.get(url)
    assert answer.status_code == 405


@pytest.mark.parametrize("name", EVERY)
def test_visitor(client, gate, name):
    """Nobody sees anything without signing in; a fragment request sends the whole page there."""
    url = f"/gates/{gate.pk}/{EVERY[name]}"
    ask = client.get if name in READ else client.post
    assert ask(url)["Location"].startswith("/accounts/login/")
    assert ask(url, headers={"HX-Request": "true"})["HX-Redirect"] == "/accounts/login/"
