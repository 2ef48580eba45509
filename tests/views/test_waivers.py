"""The pages of waivers: the list, one with what it does, forms and acts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checklists.loaded import load
from checklists.models import Waiver
from tests import waivers as made
from tests.conftest import run_checks

FORM = made.TEXTS | {
    "target": "item:issues",
    "expires_on": "2026-12-12",
    "expires_time": "",
    "zone": "europe/berlin",
    "ask": "yes",
}


def body(answer) -> str:
    """The page as text."""
    return answer.content.decode()


@pytest.fixture
def base(lenient):
    """The address of the gate's waivers."""
    return f"/gates/{lenient.pk}/waivers/"


def test_list_when_there_is_none(client, lenient, people, base):
    """An empty list says what a waiver is and how to ask; a reader is told who may."""
    client.force_login(people.lead)
    page = body(client.get(base))
    assert "No waiver yet" in page
    assert f'href="{base}new"' in page
    client.force_login(people.reader)
    assert "open to contributor, owner and technical lead" in body(client.get(base))


def test_list_where_none_is_allowed(client, gate, people):
    """A checklist without exceptions says so, and offers nothing."""
    client.force_login(people.lead)
    page = body(client.get(f"/gates/{gate.pk}/waivers/"))
    assert "allows no waivers" in page
    assert "/waivers/new" not in page
    assert client.get(f"/gates/{gate.pk}/waivers/new").status_code == 409
    assert "waivers/" not in body(client.get(f"/gates/{gate.pk}/"))


def test_ask(client, lenient, people, base):
    """A day alone is the end of that day in that zone; the request waits for a decision."""
    client.force_login(people.lead)
    form = body(client.get(f"{base}new?item=issues"))
    assert '<option value="item:issues" selected>' in form
    assert "until the end of that day" in form
    answer = client.post(f"{base}new", FORM | {"owner": people.lead.pk})
    row = Waiver.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{base}{row.pk}/")
    assert (row.state, row.expires_at.isoformat()) == ("review", "2026-12-12T22:59:59+00:00")
    assert "end of 12 Dec 2026 (Europe/Berlin)" in body(client.get(f"{base}{row.pk}/"))


WRONG = [
    ({"zone": "Europe/Atlantis"}, "no time zone of that name"),
    ({"expires_on": ""}, "This field is required"),
    ({"expires_on": "2026-02-30"}, "Enter a valid date"),
    ({"expires_on": "9999-12-31"}, "at most 180 days"),
    ({"expires_on": "2026-11-20"}, "expired already"),
    ({"expires_on": "2027-03-28", "expires_time": "02:30"}, "does not exist on that day"),
    ({"reason": " "}, "This field is required"),
    ({"target": "item:weights"}, "Select a valid choice"),
    ({"target": "rule:approvals"}, "Select a valid choice"),
    ({"owner": "0"}, "Select a valid choice"),
]


@pytest.mark.parametrize(("typed", "words"), WRONG)
def test_wrong_forms_keep_what_was_typed(client, lenient, people, base, typed, words):
    """The mistake is said, nothing is saved, and the words stay in the form."""
    run_checks(lenient, people.lead)  # weights pass
    client.force_login(people.lead)
    answer = client.post(f"{base}new", FORM | {"owner": people.lead.pk} | typed)
    assert answer.status_code == 200
    assert words in body(answer)
    assert made.TEXTS["risk"] in body(answer)
    assert not Waiver.objects.exists()


def test_draft_edit_submit_withdraw(client, lenient, people, base):
    """A draft is changed and asked for by who wrote it, and can be taken back."""
    client.force_login(people.lead)
    client.post(f"{base}new", {k: v for k, v in FORM.items() if k != "ask"} | {"owner": people.lead.pk})
    row = Waiver.objects.get()
    at = f"{base}{row.pk}/"
    assert row.state == "draft"
    form = body(client.get(f"{at}edit"))
    assert 'value="2026-12-12"' in form
    assert 'value="Europe/Berlin"' in form
    typed = FORM | {"owner": people.lead.pk, "reason": "Another reason."}
    assert client.post(f"{at}edit", typed).status_code == 303
    row.refresh_from_db()
    assert (row.state, row.reason) == ("review", "Another reason.")
    assert client.get(f"{at}edit").status_code == 403
    assert client.post(f"{at}withdraw", {"reason": "Settled."}).status_code == 303
    page = body(client.get(at))
    assert "Withdrawn" in page
    assert "withdrew a request" in page


def test_who_decides_sees_what_it_does(client, lenient, people, base):
    """Verdict, blockers and score without and with it, before the decision; the owner of it sees why not."""
    row = made.asked(lenient, people.lead)
    at = f"{base}{row.pk}/"
    client.force_login(people.compliance)
    page = body(client.get(at))
    assert page.index("Without it") < page.index("With it")
    before, after = load(lenient.pk), Waiver.objects.get()
    assert after.before == {}
    assert "You decide as <b>compliance</b>" in page
    client.force_login(people.lead)
    assert "The product owner or compliance decides on it" in body(client.get(at))
    assert before.judge(made.NOW).digest in page


def test_approve(client, lenient, people, base):
    """Approved on the state that was shown; the row on the gate page says until when, why, and by whom."""
    row = made.asked(lenient, people.lead)
    client.force_login(people.compliance)
    digest = load(lenient.pk).judge(made.NOW).digest
    typed = {"role": "compliance", "reason": "With the plan.", "digest": digest}
    assert client.post(f"{base}{row.pk}/approve", typed).status_code == 303
    page = body(client.get(f"/gates/{lenient.pk}/"))
    assert "waived until 1 Dec 2026 12:00 (UTC), by Compliance Person as compliance" in page
    assert "1 waived" in page
    item = body(client.get(f"/gates/{lenient.pk}/items/issues/"))
    assert "Traffic of the north stays on 1.3" in item
    assert f"{base}{row.pk}/" in item


def test_signers_see_every_waiver(client, lenient, people, base):
    """What a signature covers stands on the page: waived items and waived rules, with their ends."""
    rule, item = made.approved(lenient, people, rule="rehearsal"), made.approved(lenient, people)
    unused = made.approved(lenient, people, "weights")
    run_checks(lenient, people.lead)  # weights pass by themselves
    client.force_login(people.product)
    page = body(client.get(f"/gates/{lenient.pk}/sign/product-owner/"))
    assert f'{base}{rule.pk}/">Deployment rule' in page
    assert f'{base}{item.pk}/">No critical issue' in page
    assert f"{base}{unused.pk}/" not in page


def test_refused_decisions_keep_what_was_typed(client, lenient, people, base):
    """Another state than the one shown, no role, no reason: 409 or 403, and nothing is decided."""
    row = made.asked(lenient, people.lead)
    client.force_login(people.compliance)
    at = f"{base}{row.pk}/"
    answer = client.post(f"{at}approve", {"role": "compliance", "reason": "Fine.", "digest": "sha256:old"})
    assert answer.status_code == 409
    assert "The gate changed while you were reading" in body(answer)
    assert "Fine." in body(answer)
    assert client.post(f"{at}approve", {"role": "compliance"}).status_code == 409  # without its digest
    assert client.post(f"{at}reject", {"role": "compliance", "reason": ""}).status_code == 409
    assert client.post(f"{at}approve", {"role": "nonsense"}).status_code == 403
    assert Waiver.objects.get().state == "review"


def test_reject_and_revoke(client, lenient, people, base):
    """Both want a reason and say it."""
    client.force_login(people.compliance)
    rejected = made.asked(lenient, people.lead)
    typed = {"role": "compliance", "reason": "Measure it first."}
    assert client.post(f"{base}{rejected.pk}/reject", typed).status_code == 303
    assert "Measure it first." in body(client.get(f"{base}{rejected.pk}/"))
    row = made.approved(lenient, people)
    assert client.post(f"{base}{row.pk}/revoke", {"reason": ""}).status_code == 409
    assert client.post(f"{base}{row.pk}/revoke", {"reason": "Measured."}).status_code == 303
    assert "Measured." in body(client.get(f"{base}{row.pk}/"))


def test_expired(client, lenient, people, base, now):
    """From its second on: the list, the page, the row and the verdict say so, before anything is swept."""
    row = made.approved(lenient, people)
    now.at = row.expires_at
    client.force_login(people.lead)
    for path in (base, f"{base}{row.pk}/"):
        assert "state-expired" in body(client.get(path))
    page = body(client.get(f"/gates/{lenient.pk}/"))
    assert "its waiver expired: 1 Dec 2026 12:00 (UTC)" in page
    assert 'data-verdict="blocked"' in page
    assert "1 waiver no longer holds" in page
    assert "Waiver expired</span>" in page
    assert "Ask for a waiver" in body(client.get(f"/gates/{lenient.pk}/items/issues/"))


def test_an_open_page_learns_of_it(client, lenient, people, now):
    """The poller answers with the row and the verdict although no revision rose."""
    row = made.approved(lenient, people)
    client.force_login(people.lead)
    at = f"/gates/{lenient.pk}/changes"
    since = {"since": load(lenient.pk).gate.revision}
    hx = {"HX-Request": "true"}
    assert client.get(at, since, headers=hx).status_code == 204
    now.at = row.expires_at + timedelta(seconds=1)
    answer = client.get(at, since, headers=hx)
    assert answer.status_code == 200
    assert "its waiver expired" in body(answer)


def test_orphan_is_flagged(client, lenient, people, base, now):
    """A live waiver of an item that passes by itself says so, with what to do."""
    row = made.approved(lenient, people, "weights")
    run_checks(lenient, people.lead)
    client.force_login(people.lead)
    assert "No longer needed: the item passes by itself." in body(client.get(base))
    page = body(client.get(f"{base}{row.pk}/"))
    assert "It may be revoked." in page


def test_waits_on_the_start_page(client, lenient, people, base):
    """Who may decide finds it among what waits; who asked does not."""
    row = made.asked(lenient, people.lead)
    client.force_login(people.product)
    page = body(client.get("/"))
    assert f"{base}{row.pk}/" in page
    assert "Decide on the waiver Lead Person asked for" in page
    client.force_login(people.lead)
    assert f"{base}{row.pk}/" not in body(client.get("/"))


PAGES = ("", "{}/")
FORMS = ("new", "{}/edit")
POSTS = ("{}/submit", "{}/withdraw", "{}/approve", "{}/reject", "{}/revoke")


@pytest.mark.parametrize("path", [*PAGES, *FORMS, *POSTS])
def test_standing_questions(client, lenient, people, base, path):
    """An outsider finds nothing, a reader reads and does nothing, another gate's number is none of this."""
    row = made.asked(lenient, people.lead)
    ask = client.post if path in POSTS else client.get
    address = base + path.format(row.pk)
    client.force_login(people.outsider)
    assert ask(address).status_code == 404
    client.force_login(people.reader)
    assert ask(address).status_code == (200 if path in PAGES else 403)
    client.force_login(people.lead)
    if "{}" in path:
        missing = ask(base + path.format(row.pk + 1))
        assert missing.status_code in {404, 403}
    if path in POSTS:
        assert client.get(address).status_code == 405
    assert Waiver.objects.get().state == "review"


def test_number_of_queries_does_not_grow(client, lenient, people, base, django_assert_max_num_queries):
    """The list asks the same number of questions for one waiver and for many."""
    for key in ("issues", "review", "card", "accuracy", "weights"):
        made.asked(lenient, people.lead, key)
    client.force_login(people.compliance)
    with django_assert_max_num_queries(12):
        assert client.get(base).status_code == 200
    with django_assert_max_num_queries(13):
        assert client.get(f"{base}{Waiver.objects.first().pk}/").status_code == 200
