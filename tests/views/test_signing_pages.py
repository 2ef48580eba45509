"""The signing page: what is signed, who may, wrong passwords, double clicks, stale signatures, roles."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.core.cache import cache

from checklists import clock, credentials
from checklists.actions import items, signoff_records, signoffs
from checklists.attempts import MOST
from checklists.loaded import load
from checklists.models import Person, SignOff
from tests import signing
from tests.conftest import PASSWORD


@pytest.fixture(autouse=True)
def _no_attempts_yet():
    """Every test starts without earlier wrong passwords."""
    cache.clear()


def url(gate, role, what=""):
    return f"/gates/{gate.pk}/sign/{role}/{what}"


def digest(gate):
    return load(gate.pk).judge(clock.now()).digest


def form(gate, who="lead", **changed):
    """What a technical lead sends who confirmed everything; `who` is the person the form was shown to."""
    shown, person = digest(gate), Person.objects.get(username=who)
    told = {"digest": shown, "password": PASSWORD, "confirmed": [0, 1], "comment": "Solid."}
    return told | {"challenge": signing.challenge(gate.pk, "technical-lead", person, shown)} | changed


def test_page_shows_what_is_signed(client, ready_gate, people):
    """Verdict, observed values, reasons, parameters, digests, criteria and meaning are all there."""
    client.force_login(people.lead)
    html = client.get(url(ready_gate, "technical-lead")).content.decode()
    for part in (
        "Ready to sign",
        "Test accuracy meets the target",
        "87.6 %",
        "Reviewed with release 1.3.",
        "Two P2 left, both documented.",
        "Lowest acceptable test accuracy",
        digest(ready_gate),
        ready_gate.release.snapshot.digest,
        "Monitoring is adequate",
        "As technical lead, I approve the deployment of Image classifier 1.4.0 to production",
    ):
        assert part in html, part
    assert html.count('type="checkbox" name="confirmed"') == 2


def test_sign(client, ready_gate, people):
    """A signature is stored with digest, criteria and comment, and the gate page says so."""
    client.force_login(people.lead)
    answer = client.post(url(ready_gate, "technical-lead", "approve"), form(ready_gate), follow=True)
    assert answer.redirect_chain == [(f"/gates/{ready_gate.pk}/", 303)]
    assert "Signed as technical lead." in answer.content.decode()
    signed = SignOff.objects.get()
    assert (signed.digest, signed.comment, len(signed.criteria)) == (digest(ready_gate), "Solid.", 2)


def test_double_click(client, ready_gate, people):
    """The second of two equal requests makes no second signature and says that the first counts."""
    client.force_login(people.lead)
    sent = form(ready_gate)
    for said, data in ((None, sent), (signoff_records.REPEATED, sent), (signoffs.ALREADY, form(ready_gate))):
        answer = client.post(url(ready_gate, "technical-lead", "approve"), data)
        assert answer.status_code == (409 if said else 303)
        assert (said or "") in answer.content.decode()
    assert SignOff.objects.count() == 1


def test_wrong_password(client, ready_gate, people):
    """A wrong password signs nothing; everything typed is kept but the password."""
    client.force_login(people.lead)
    answer = client.post(
        url(ready_gate, "technical-lead", "approve"),
        form(ready_gate, password="guess-guess-guess", confirmed=[1]),
    )
    html = answer.content.decode()
    assert answer.status_code == 401
    assert credentials.WRONG in html
    assert ">Solid.</textarea>" in html
    assert re.search(r'value="1" checked', html)
    assert not re.search(r'value="0" checked', html)
    assert "guess-guess-guess" not in html
    assert not SignOff.objects.exists()


def test_guessing_is_limited(client, ready_gate, people):
    """After five wrong passwords even the right one has to wait; another person is not concerned."""
    client.force_login(people.lead)
    for _ in range(MOST):
        assert (
            client.post(
                url(ready_gate, "technical-lead", "approve"), form(ready_gate, password="x")
            ).status_code
            == 401
        )
    answer = client.post(url(ready_gate, "technical-lead", "approve"), form(ready_gate))
    assert answer.status_code == 429
    assert "Wait 5 minutes" in answer.content.decode()
    declined = client.post(url(ready_gate, "technical-lead", "decline"), form(ready_gate, reason="No."))
    assert declined.status_code == 429
    assert not SignOff.objects.exists()
    client.force_login(people.second)
    sent = form(ready_gate, who="second")
    assert client.post(url(ready_gate, "technical-lead", "approve"), sent).status_code == 303


def test_right_passwords_do_not_count(client, ready_gate, people):
    """Refusals for other reasons use up no attempt."""
    client.force_login(people.lead)
    for _ in range(MOST + 1):
        answer = client.post(url(ready_gate, "technical-lead", "approve"), form(ready_gate, confirmed=[]))
        assert answer.status_code == 409
        assert signoffs.CONFIRM_EACH in unescape(answer.content.decode())
    assert client.post(url(ready_gate, "technical-lead", "approve"), form(ready_gate)).status_code == 303


def test_changed_while_reading(client, ready_gate, people):
    """Who signs a state that is no longer the present one signs nothing and sees the present one."""
    client.force_login(people.lead)
    shown = form(ready_gate)
    seen = load(ready_gate.pk).item("review").row.changed_in
    items.reopen(gate=ready_gate.pk, key="review", by=people.second, seen=seen)
    items.not_applicable(
        gate=ready_gate.pk,
        key="review",
        by=people.second,
        reason="Another.",
        seen=load(ready_gate.pk).item("review").row.changed_in,
    )
    answer = client.post(url(ready_gate, "technical-lead", "approve"), shown)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert signoffs.CHANGED in html
    assert f'name="digest" value="{digest(ready_gate)}"' in html
    assert "Another." in html
    assert not SignOff.objects.exists()


def test_not_ready(client, gate, people):
    """Before all is settled, signing is disabled with the reason and what is in the way; declining works."""
    client.force_login(people.lead)
    html = client.get(url(gate, "technical-lead")).content.decode()
    assert "Approving needs every item settled" in html
    assert re.search(r'<button class="btn btn-primary" disabled', html)
    assert client.post(url(gate, "technical-lead", "approve"), form(gate)).status_code == 409
    answer = client.post(url(gate, "technical-lead", "decline"), form(gate, reason=""))
    assert answer.status_code == 409
    assert signoffs.REASON in answer.content.decode()
    client.post(url(gate, "technical-lead", "decline"), form(gate, reason="The data is not ours."))
    assert SignOff.objects.get().decision == "decline"
    assert "The data is not ours." in client.get(f"/gates/{gate.pk}/").content.decode()


def test_sign_again(client, ready_gate, people):
    """A stale signature shows the change and is renewed on the same page."""
    client.force_login(people.lead)
    client.post(url(ready_gate, "technical-lead", "approve"), form(ready_gate))
    seen = load(ready_gate.pk).item("issues").row.changed_in
    items.reopen(gate=ready_gate.pk, key="issues", by=people.second, seen=seen)
    seen = load(ready_gate.pk).item("issues").row.changed_in
    items.tick(
        gate=ready_gate.pk, key="issues", by=people.second, seen=seen, confirmed=[0], comment="One P2 left."
    )
    html = client.get(url(ready_gate, "technical-lead")).content.decode()
    assert "Changed since you signed" in html
    assert "Two P2 left, both documented." in html
    assert "One P2 left." in html
    assert client.post(url(ready_gate, "technical-lead", "approve"), form(ready_gate)).status_code == 303
    assert SignOff.objects.filter(live=True).count() == 1
    assert SignOff.objects.count() == 2


WHY = {
    "contributor": "You are not technical lead in this project.",
    "reader": "You are not technical lead in this project.",
    "product": "You are not technical lead in this project.",
}


@pytest.mark.parametrize("who", WHY)
def test_who_may_not(client, ready_gate, people, who):
    """Others read what is signed, see no form, and are told why."""
    client.force_login(getattr(people, who))
    html = client.get(url(ready_gate, "technical-lead")).content.decode()
    assert WHY[who] in html
    assert 'name="password"' not in html
    answer = client.post(url(ready_gate, "technical-lead", "approve"), form(ready_gate))
    assert answer.status_code == 403
    assert not SignOff.objects.exists()


def test_drop_and_restore(client, ready_gate, people):
    """A conditional role is dropped with its reason, shown as such, and asked again."""
    client.force_login(people.owner)
    answer = client.post(url(ready_gate, "compliance", "drop"), {"drop_reason": ""})
    assert answer.status_code == 409
    client.post(url(ready_gate, "compliance", "drop"), {"drop_reason": "No personal data."})
    html = client.get(f"/gates/{ready_gate.pk}/").content.decode()
    assert "Not needed</span>" in html
    assert "No personal data." in html
    client.post(url(ready_gate, "compliance", "restore"))
    assert "No personal data." not in client.get(f"/gates/{ready_gate.pk}/").content.decode()


def test_withdraw(client, ready_gate, people):
    """A signature is taken back with a reason."""
    client.force_login(people.lead)
    client.post(url(ready_gate, "technical-lead", "approve"), form(ready_gate))
    back = f"/gates/{ready_gate.pk}/withdraw"
    sent = form(ready_gate, role="technical-lead")
    why = {"withdraw_reason": "Signed the wrong release."}
    for status, live, changed in (
        (409, True, {"withdraw_reason": " "}),
        (401, True, why | {"password": "guess"}),
        (303, False, why),
        (409, False, why),
    ):
        assert client.post(back, sent | changed).status_code == status, changed
        assert SignOff.objects.filter(live=True).exists() == live
    assert SignOff.objects.count() == 2


def test_texts_are_escaped(client, ready_gate, people):
    """What a signer writes never becomes markup on anybody's page."""
    client.force_login(people.lead)
    data = form(ready_gate, reason="<script>alert(1)</script>")
    client.post(url(ready_gate, "technical-lead", "decline"), data)
    assert "<script>alert" not in client.get(f"/gates/{ready_gate.pk}/").content.decode()
