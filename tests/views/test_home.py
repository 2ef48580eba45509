"""The start page and the choice of colours."""

from __future__ import annotations

import pytest

from checklists.actions import projects
from checklists.models import Gate
from checklists.queries import waiting_roles
from checklists.reads.inbox import counts
from tests.conftest import run_checks


def test_visitor_signs_in_first(client, db):
    """Nothing is shown to who is not signed in."""
    assert client.get("/").headers["Location"].startswith("/accounts/login/")


def test_only_get(client, people):
    """The page is only read."""
    client.force_login(people.lead)
    assert client.post("/").status_code == 405


def test_empty_state_says_what_to_do(client, people):
    """Somebody without a project learns how to get one."""
    client.force_login(people.outsider)
    page = client.get("/").content.decode()
    assert "You do not belong to a project yet" in page
    assert "/projects/new" in page


def test_outsider_sees_no_release(client, people, gate):
    """Gates of other people's projects are not listed."""
    client.force_login(people.outsider)
    assert "1.4.0" not in client.get("/").content.decode()


def test_gate_with_verdict_bar_and_blockers(client, people, gate):
    """A gate shows its verdict in a word, its bar with a label, and how much is in the way."""
    run_checks(gate, people.lead)
    client.force_login(people.reader)
    page = client.get("/").content.decode()
    gate.refresh_from_db()
    assert f"{gate.summary['blockers']} in the way" in page
    assert "Open" in page
    assert 'aria-label="2 passed, 6 open"' in page


def test_signature_waits_for_its_role_only(client, people, ready_gate):
    """A ready gate waits for who may sign it, with a number in the shell, and for nobody else."""
    client.force_login(people.product)
    page = client.get("/").content.decode()
    assert f"/gates/{ready_gate.pk}/sign/product-owner/" in page
    assert '<span class="count-badge">1</span>' in page
    assert "waits for technical lead, product owner, compliance" in page
    client.force_login(people.reader)
    page = client.get("/").content.decode()
    assert "/sign/" not in page
    assert "Nothing waits for you" in page


def test_number_is_that_of_the_list(people, ready_gate):
    """The shell's number, asked in words kept from an earlier question, counts what the list shows."""
    everybody = vars(people)
    found = {name: counts(person).waiting for name, person in everybody.items()}
    assert found == {name: len(waiting_roles(person)) for name, person in everybody.items()}
    assert {name for name, count in found.items() if count} == {"lead", "second", "product", "compliance"}
    Gate.objects.update(verdict="open")
    assert counts(people.product).waiting == 0


def test_items_wait_for_makers_only(client, people, gate):
    """Open items are work for who may tick them; those whose checks have not passed are not."""
    client.force_login(people.lead)
    assert "2 items wait for a person’s tick" in client.get("/").content.decode()
    run_checks(gate, people.lead)
    # accuracy (checks passed), issues, review
    assert "3 items wait for a person’s tick" in client.get("/").content.decode()
    client.force_login(people.compliance)
    assert "for a person’s tick" not in client.get("/").content.decode()


def test_number_of_queries_stays_the_same(client, people, project, gate, django_assert_max_num_queries):
    """Session, person, roles, gates, signatures, waivers, badge: seven at most, also with more projects."""
    for name in ("One", "Two", "Three"):
        projects.create(by=people.owner, name=name)
    client.force_login(people.owner)
    with django_assert_max_num_queries(7):
        client.get("/")


@pytest.mark.parametrize(("chosen", "kept"), [("dark", "dark"), ("auto", "auto"), ("<script>", None)])
def test_theme_is_kept_in_a_cookie(client, db, chosen, kept):
    """A known theme is kept; anything else is not. The answer leads back within this site."""
    answer = client.post("/theme", {"theme": chosen}, headers={"referer": "http://testserver/projects/"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "http://testserver/projects/")
    assert (answer.cookies["theme"].value if kept else answer.cookies.get("theme")) == kept


def test_theme_never_leads_elsewhere(client, db):
    """A foreign Referer is no address to go to."""
    answer = client.post("/theme", {"theme": "dark"}, headers={"referer": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/"
    assert client.get("/theme").status_code == 405


def test_theme_is_in_the_first_byte(client, people):
    """The server renders the chosen theme, so that nothing flashes; without a choice the system decides."""
    client.force_login(people.reader)
    assert "data-bs-theme" not in client.get("/").content.decode()
    client.cookies["theme"] = "dark"
    assert '<html lang="en" data-bs-theme="dark">' in client.get("/").content.decode()
