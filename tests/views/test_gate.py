"""The gate page and its poller."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from checklists import clock
from checklists.actions import items, releases, runs
from checklists.loaded import load
from checklists.models import CheckRun, Heartbeat, Report
from tests import signing
from tests.conftest import run_checks

HX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch):
    """The broker is away: what is queued stays queued."""
    monkeypatch.setattr("checklists.tasks._send", lambda *arguments: None)


def page(client, gate, person):
    client.force_login(person)
    answer = client.get(f"/gates/{gate.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def line(html, key, gate):
    """The state and the visible text of one row."""
    number = load(gate.pk).item(key).row.position
    found = re.search(
        rf'<summary class="item-line" id="row-{number}" data-state="([^"]*)".*?</summary>', html, re.DOTALL
    )
    return found[1], " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def test_fresh_gate(client, gate, people):
    """Nothing is known yet, and the page says what to do about it."""
    html = page(client, gate, people.lead)
    assert '<span class="verdict-name">Open</span>: 5 items left to decide' in html
    assert line(html, "weights", gate) == ("open", "Weights are there not checked yet Open")
    assert "items</a> are not checked yet" in html
    assert "0 of 8 decided" in html
    assert "Not fixed yet" in html


def test_observed_against_expected(client, gate, people, run_dir):
    """A failed row says what was observed and what was expected, and the panel how to resolve it."""
    (run_dir / "metrics.json").write_text('{"test": {"accuracy": 0.62}}')
    releases.take_snapshot(release=gate.release, by=people.lead)
    run_checks(gate, people.lead)
    html = page(client, gate, people.lead)
    state, words = line(html, "accuracy", gate)
    assert state == "failed"
    assert "62 %" in words
    assert "≥ 80 %" in words
    assert "Failed" in words
    assert '<span class="verdict-name">Blocked</span>: 1 item failed' in html
    assert 'href="#item-accuracy"' in html


STATES = {
    "open": "Open",
    "queued": "Queued",
    "running": "Running",
    "passed": "Passed",
    "na": "Not applicable",
}


@pytest.mark.parametrize("state", STATES)
def test_shown_states(client, gate, people, state):
    """Each state has its word in the row, its mark, and its place in the bar."""
    key = "review" if state == "na" else "weights"
    if state in {"queued", "running"}:
        [run] = runs.request_one(gate=gate.pk, key=key, by=people.lead)
        if state == "running":
            runs.claim(run)
    elif state == "passed":
        run_checks(gate, people.lead, key)
    elif state == "na":
        items.not_applicable(gate=gate.pk, key=key, by=people.lead, seen=0, reason="Reviewed with 1.3.")
    html = page(client, gate, people.reader)
    shown, words = line(html, key, gate)
    assert shown == state
    assert STATES[state] in words
    assert f'class="seg-{state}"' in html


def test_reader_sees_why(client, gate, people):
    """A reader has no buttons for acts, and is told who may."""
    html = page(client, gate, people.reader)
    assert "act-run" not in html
    assert "open to contributor, owner and technical lead" in html
    body = client.get(f"/gates/{gate.pk}/items/issues/body").content.decode()
    assert "Tick as passed" not in body
    assert "Attach evidence" not in body
    assert "open to" in body


def test_texts_are_escaped(client, gate, people):
    """What people write never becomes markup."""
    items.tick(
        gate=gate.pk, key="issues", by=people.lead, seen=0, confirmed=[0], comment="<script>alert(1)</script>"
    )
    html = page(client, gate, people.lead)
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_ready_and_approved(client, ready_gate, people):
    """A settled gate asks for signatures; signed by all roles, it says what comes next."""
    html = page(client, ready_gate, people.lead)
    assert "every item is settled; technical lead, product owner and compliance to sign" in html
    assert f'href="/gates/{ready_gate.pk}/sign/technical-lead/"' in html
    for role, person in (
        ("technical-lead", people.lead),
        ("product-owner", people.product),
        ("compliance", people.compliance),
    ):
        sign(ready_gate, role, person)
    html = page(client, ready_gate, people.reader)
    assert '<span class="verdict-name">Approved</span>: 3 roles signed exactly this state' in html
    assert "Watch 24–48 h" in html
    assert "Canary" in html


def sign(gate, role, person):
    """Sign the present state with every criterion confirmed."""
    judged = load(gate.pk).judge(clock.now())
    signing.approve(gate=gate.pk, role=role, by=person, digest=judged.digest, confirmed=range(9))


def test_stale_signature_says_what_changed(client, ready_gate, people):
    """After a change the signature is shown as stale with the change, and signing again is one link away."""
    sign(ready_gate, "technical-lead", people.lead)
    seen = load(ready_gate.pk).item("review").row.changed_in
    items.reopen(gate=ready_gate.pk, key="review", by=people.second, seen=seen)
    html = page(client, ready_gate, people.lead)
    assert ">Stale</span>" in html
    assert "Changed since that signature" in html
    assert re.search(r'<a href="#item-review">Code reviewed[^<]*</a>: state', html)
    assert "Sign again…" in html


def test_moved_bar_is_shown(client, gate, people, checklist):
    """A parameter changed after a result is marked on the page, with its reason."""
    run_checks(gate, people.lead)
    releases.set_parameters(
        release=gate.release,
        by=people.owner,
        values={"target_accuracy": 70},
        checklist=checklist,
        reason="New market.",
    )
    html = page(client, gate, people.reader)
    assert "The bar was moved after a result was seen (parameters 2): New market." in html


def test_nothing_changed(client, gate, people, django_assert_max_num_queries):
    """The poller's usual answer is empty and costs three queries."""
    client.force_login(people.lead)
    revision = load(gate.pk).gate.revision
    with django_assert_max_num_queries(4):
        answer = client.get(f"/gates/{gate.pk}/changes", {"since": revision})
    assert answer.status_code == 204
    assert answer.content == b""


def test_two_people(client, gate, people):
    """What one person did reaches the other's page as the one row that changed, with the new verdict."""
    before = load(gate.pk).gate.revision
    items.tick(gate=gate.pk, key="issues", by=people.owner, seen=0, confirmed=[0], comment="None left.")
    client.force_login(people.lead)
    html = client.get(f"/gates/{gate.pk}/changes", {"since": before}, headers=HX).content.decode()
    loaded = load(gate.pk)
    shown = {int(n) for n in re.findall(r'<summary class="item-line" id="row-(\d+)"', html)}
    approvals = {i.row.position for i in loaded.items if i.row.role}
    assert shown == {loaded.item("issues").row.position} | approvals
    assert f'name="since" value="{loaded.gate.revision}"' in html
    assert "1 of 8 decided" in html
    assert 'id="facts-' not in html  # nothing is open on this page


def test_open_row_is_refreshed_gently(client, gate, people):
    """A row that stands open gets its facts and notes anew; its forms only where nobody is typing."""
    before = load(gate.pk).gate.revision
    items.note(gate=gate.pk, key="issues", by=people.owner, text="Have a look.")
    client.force_login(people.lead)
    asked = {"since": before, "open": ["issues", "weights"]}
    html = client.get(f"/gates/{gate.pk}/changes", asked, headers=HX).content.decode()
    number = load(gate.pk).item("issues").row.position
    assert f'id="facts-{number}" hx-swap-oob' in html
    assert "Have a look." in html
    assert f'id="forms-{number}" hx-swap-oob="true" data-gentle' in html
    assert html.count('id="facts-') == 1


@pytest.mark.parametrize("since", ["", "-1", "abc", "999999999999999999", "1e3", "٣"])
def test_odd_cursors(client, gate, people, since):
    """A cursor that is no revision gets the whole present state, never an error."""
    client.force_login(people.lead)
    answer = client.get(f"/gates/{gate.pk}/changes", {"since": since}, headers=HX)
    assert answer.status_code == 200


def test_poller_slows_down(client, gate, people):
    """Every 2 s while something runs, every 5 s else; one poller on the page."""
    assert page(client, gate, people.lead).count('hx-trigger="every 5s, look"') == 1
    runs.request_all(gate=gate.pk, by=people.lead)
    html = page(client, gate, people.lead)
    assert html.count('hx-trigger="every') == 1
    assert "every 2s, look" in html


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "no worker has been seen yet"), (5, ""), (300, "has not been seen for 5 min")],
)
def test_worker_away(client, gate, people, seconds, words):
    """While checks wait and no worker shows life, the page and the poller say so, and since when."""
    runs.request_all(gate=gate.pk, by=people.lead)
    if seconds is not None:
        Heartbeat.objects.create(name="worker", at=clock.now() - timedelta(seconds=seconds))
    html = page(client, gate, people.lead)
    answer = client.get(f"/gates/{gate.pk}/changes", {"since": load(gate.pk).gate.revision}, headers=HX)
    assert (words in html and words in answer.content.decode()) if words else answer.status_code == 204


def test_run_all(client, gate, people):
    """Every item with checks is queued once; a second click queues nothing more."""
    client.force_login(people.lead)
    html = client.post(f"/gates/{gate.pk}/run", {"since": 0}, headers=HX).content.decode()
    assert CheckRun.objects.unfinished().count() == 3
    assert "3 items are being checked." in html
    assert "every 2s" in html
    html = client.post(f"/gates/{gate.pk}/run", headers=HX).content.decode()
    assert CheckRun.objects.count() == 3
    assert "already under way" in html


def test_run_all_without_javascript(client, gate, people):
    """The same form without htmx goes back to the page, with the message on it."""
    client.force_login(people.lead)
    answer = client.post(f"/gates/{gate.pk}/run", follow=True)
    assert answer.redirect_chain == [(f"/gates/{gate.pk}/", 303)]
    assert "3 items are being checked." in answer.content.decode()


def test_look_again(client, gate, people, run_dir):
    """The run is looked at anew: no change is said; changed files are checked at once."""
    client.force_login(people.lead)
    html = client.post(f"/gates/{gate.pk}/look", headers=HX).content.decode()
    assert releases.NOTHING_CHANGED in html
    (run_dir / "model.bin").write_bytes(b"other weights")
    html = client.post(f"/gates/{gate.pk}/look", headers=HX).content.decode()
    assert "3 items are being checked anew" in html
    assert CheckRun.objects.unfinished().count() == 3


def test_look_again_at_nothing(client, gate, people, run_dir):
    """A directory that is gone is said, and nothing changes."""
    for file in run_dir.iterdir():
        file.unlink()
    client.force_login(people.lead)
    html = client.post(f"/gates/{gate.pk}/look", headers=HX).content.decode()
    assert releases.EMPTY_RUN in html
    assert not CheckRun.objects.exists()


def test_export(client, gate, people):
    """A reader may export: the report is queued, and the page says that it is being rendered."""
    client.force_login(people.reader)
    html = client.post(f"/gates/{gate.pk}/export", headers=HX).content.decode()
    report = Report.objects.get()
    assert f"Report {report.pk} is being rendered…" in html
    Report.objects.update(state="done", sha256="0" * 64, finished_at=clock.now())
    assert f"Download report {report.pk} (PDF)" in page(client, gate, people.reader)
