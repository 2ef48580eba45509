"""One item: its page, its open row, and the acts on it."""

from __future__ import annotations

import re

import pytest

from checklists.actions import items
from checklists.loaded import load
from checklists.models import CheckRun, Note
from tests.conftest import run_checks

HX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    """The broker is away: what is queued stays queued."""
    monkeypatch.setattr("checklists.tasks._send", lambda *arguments: None)


def post(client, gate, path, data=None, **more):
    return client.post(f"/gates/{gate.pk}/items/{path}", data or {}, **more)


def state(gate, key):
    return load(gate.pk).item(key).row.state


def test_tick(client, gate, people):
    """A tick answers with the row, the verdict and the section's count, and counts."""
    client.force_login(people.lead)
    data = {"seen": 0, "confirmed": 0, "comment": "Two P2 left.", "since": 0}
    html = post(client, gate, "issues/tick", data, headers=HX).content.decode()
    assert state(gate, "issues") == "passed"
    assert "Ticked: the item passed." in html
    assert re.search(r'data-state="passed" hx-swap-oob="true"', html)
    assert "1 of 8 decided" in html
    assert "1 of 3</span>" in html


def test_tick_without_javascript(client, gate, people):
    """The same form without htmx goes to the item's page with the message."""
    client.force_login(people.lead)
    answer = post(client, gate, "issues/tick", {"seen": 0, "confirmed": 0, "comment": "None."}, follow=True)
    assert answer.redirect_chain == [(f"/gates/{gate.pk}/items/issues/", 303)]
    assert "Ticked: the item passed." in answer.content.decode()


REFUSED = {
    "nothing confirmed": ("issues", {"comment": "Fine."}, items.CONFIRM_ALL),
    "neither evidence nor words": ("issues", {"confirmed": 0}, items.NEEDS_EVIDENCE),
    "odd numbers": ("issues", {"confirmed": "x", "comment": "Fine."}, items.CONFIRM_ALL),
    "checks first": ("accuracy", {"confirmed": 1, "comment": "Fine."}, items.NOT_YET_CHECKED),
    "checks decide": ("weights", {"comment": "Fine."}, items.CHECKS_DECIDE),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_tick(client, gate, people, case):
    """A refused tick says why, changes nothing and keeps what was typed."""
    key, data, why = REFUSED[case]
    client.force_login(people.lead)
    answer = post(client, gate, f"{key}/tick", {"seen": 0, **data}, headers=HX)
    html = answer.content.decode()
    assert answer.status_code == 200  # htmx swaps nothing else
    assert why in html
    assert state(gate, key) == "open"
    assert data.get("comment", "") in html
    plain = post(client, gate, f"{key}/tick", {"seen": 0, **data})
    assert plain.status_code == 409
    assert why in plain.content.decode()


@pytest.mark.parametrize("seen", ["0", "", "abc", "99999999999"])
def test_stale_form(client, gate, people, seen):
    """An old form answers with the present row and a notice; nothing is lost or overwritten."""
    items.tick(gate=gate.pk, key="issues", by=people.owner, seen=0, confirmed=[0], comment="By the owner.")
    client.force_login(people.lead)
    data = {"seen": seen, "confirmed": 0, "comment": "By the lead."}
    answer = post(client, gate, "issues/tick", data, headers=HX)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "Somebody changed this item since you opened the page" in html
    assert "“By the owner.”" in html
    assert ">By the lead.</textarea>" in html
    assert load(gate.pk).item("issues").row.reason == "By the owner."


def test_not_applicable_and_reopen(client, gate, people):
    """A conditional item is left out with its reason, and taken back in."""
    client.force_login(people.lead)
    html = post(
        client, gate, "review/not-applicable", {"seen": 0, "na_reason": " "}, headers=HX
    ).content.decode()
    assert items.NEEDS_REASON in html
    html = post(
        client, gate, "review/not-applicable", {"seen": 0, "na_reason": "Same code."}, headers=HX
    ).content.decode()
    assert state(gate, "review") == "na"
    assert "Same code." in html
    assert "Reopen" in html
    seen = load(gate.pk).item("review").row.changed_in
    post(client, gate, "review/reopen", {"seen": seen}, headers=HX)
    assert state(gate, "review") == "open"


def test_mandatory_is_not_offered(client, gate, people):
    """The form to leave an item out exists only where its level allows; a forged one is refused."""
    client.force_login(people.lead)
    assert "not-applicable" not in client.get(f"/gates/{gate.pk}/items/issues/body").content.decode()
    html = post(
        client, gate, "issues/not-applicable", {"seen": 0, "na_reason": "No."}, headers=HX
    ).content.decode()
    assert items.MANDATORY in html
    assert state(gate, "issues") == "open"


def test_note(client, gate, people):
    """A note is kept and shown, and does not disturb a tick that is being typed."""
    client.force_login(people.product)
    data = {"note": "Please look.\x00", "comment": "half typed"}
    html = post(client, gate, "issues/note", data, headers=HX).content.decode()
    assert Note.objects.get().text == "Please look."
    assert "Please look." in html
    assert "Tick as passed" not in html  # the product owner does not tick


def test_typed_text_survives_another_act(client, gate, people):
    """Attaching a link while a comment is half typed keeps the comment and what is confirmed."""
    client.force_login(people.lead)
    data = {"link": "https://tickets.example.org/?q=P0", "comment": "half typed", "confirmed": "0"}
    html = post(client, gate, "issues/evidence", data, headers=HX).content.decode()
    assert "The link is attached." in html
    assert ">half typed</textarea>" in html
    assert 'name="confirmed" value="0" checked' in html


def test_run_one(client, gate, people):
    """One item's checks are queued; asking again while they wait says so."""
    client.force_login(people.lead)
    html = post(client, gate, "weights/run", headers=HX).content.decode()
    assert CheckRun.objects.unfinished().count() == 1
    assert "Queued" in html
    html = post(client, gate, "weights/run", headers=HX).content.decode()
    assert "already running" in html


def test_body(client, gate, people):
    """The open row tells criteria, measurements with their source, files and how to resolve."""
    run_checks(gate, people.lead)
    client.force_login(people.lead)
    html = client.get(f"/gates/{gate.pk}/items/accuracy/body").content.decode()
    assert "87.6 %" in html
    assert "≥ 80 %" in html
    assert "metrics.json" in html
    assert "a person confirms this" in html
    assert 'name="confirmed" value="1"' in html
    assert "Tick as passed" in html
    weights = client.get(f"/gates/{gate.pk}/items/weights/").content.decode()
    assert "export the model" in weights
    assert "hx-post" not in weights.partition("<main")[2]  # a plain page


def test_history(client, gate, people):
    """The history tells who did what, newest first."""
    items.tick(gate=gate.pk, key="issues", by=people.lead, seen=0, confirmed=[0], comment="None <b>left</b>.")
    items.note(gate=gate.pk, key="issues", by=people.owner, text="Agreed.")
    client.force_login(people.reader)
    html = client.get(f"/gates/{gate.pk}/items/issues/history").content.decode()
    assert html.index("wrote a note") < html.index("ticked the item")
    assert "Open → Passed" in html
    assert "None &lt;b&gt;left&lt;/b&gt;." in html


def test_item_page_of_an_approval(client, gate, people):
    """An approval's row leads to the signing page, never to a tick."""
    client.force_login(people.lead)
    html = client.get(f"/gates/{gate.pk}/items/approve-lead/").content.decode()
    assert f"/gates/{gate.pk}/sign/technical-lead/" in html
    assert "Tick as passed" not in html
