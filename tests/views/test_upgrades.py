"""The page that shows an upgrade, and the gate's page before and after it."""

from __future__ import annotations

from checklists.actions import library
from checklists.models import Gate
from tests.actions.test_upgrades import CHANGED


def test_offered_on_the_gate(client, gate, people):
    """Only when there is a newer version; who may not open gates sees that there is one."""
    client.force_login(people.lead)
    base = f"/gates/{gate.pk}/"
    assert "See what an upgrade changes" not in client.get(base).content.decode()
    assert "There is no newer version" in client.get(f"{base}upgrade/").content.decode()
    library.publish(source=CHANGED, by=None)
    assert f'href="{base}upgrade/"' in client.get(base).content.decode()
    client.force_login(people.product)
    page = client.get(base).content.decode()
    assert "2.0.0 is published" in page
    assert "upgrade/" not in page


def test_page_says_what_changes_and_what_is_kept(client, ready_gate, people):
    """Changed, new, gone and kept items; signatures that are not carried over."""
    library.publish(source=CHANGED, by=None)
    client.force_login(people.lead)
    page = client.get(f"/gates/{ready_gate.pk}/upgrade/").content.decode()
    for words in ("No critical issue", "Another criteria", "Data card", "Model card", "No longer asked"):
        assert words in page
    assert "The same, results are kept" in page


def test_upgrade_leads_to_the_new_gate(client, ready_gate, people):
    """The button; then the old page says what replaced it and offers nothing but reading."""
    newer = library.publish(source=CHANGED, by=None)
    client.force_login(people.lead)
    path = f"/gates/{ready_gate.pk}/upgrade/"
    answer = client.post(path, {"to": newer.pk})
    made = Gate.objects.get(checklist=newer)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/gates/{made.pk}/")
    page = client.get(f"/gates/{ready_gate.pk}/").content.decode()
    assert "was replaced by a newer version" in page
    assert f'href="/gates/{made.pk}/"' in page
    assert "took this gate’s place" in page
    for offer in ("Run all checks", "Export PDF", "Sign as", "Not needed for this release"):
        assert offer not in page
    assert "This gate was replaced" in client.get(path).content.decode()


def test_outsider_reader_wrong_method_missing(client, gate, people):
    """404 for outsiders and what is not there, 403 for who may not, 405 for other methods."""
    path = f"/gates/{gate.pk}/upgrade/"
    for person, code in ((people.outsider, 404), (people.reader, 403), (people.product, 403)):
        client.force_login(person)
        assert client.get(path).status_code == code
        assert client.post(path).status_code == code
    client.force_login(people.lead)
    assert client.put(path).status_code == 405
    assert client.get("/gates/999/upgrade/").status_code == 404


def test_another_version_than_shown(client, gate, people):
    """Somebody published another one meanwhile: nothing is upgraded, the page shows what is offered now."""
    shown = library.publish(source=CHANGED, by=None)
    library.publish(source=CHANGED.replace("2.0.0", "2.1.0"), by=None)
    client.force_login(people.lead)
    answer = client.post(f"/gates/{gate.pk}/upgrade/", {"to": shown.pk})
    assert answer.status_code == 409
    assert "2.1.0" in answer.content.decode()
    assert Gate.objects.count() == 1
