"""The score page."""

from __future__ import annotations

from django.urls import reverse

from tests.conftest import run_checks


def ask(client, gate, person, method="get"):
    """The page as somebody sees it."""
    client.force_login(person)
    return getattr(client, method)(reverse("gate-score", args=[gate.pk]))


def test_it_says_how_far_and_what_is_missing(client, gate, people):
    """Score, formula, the way to 100 % and links to the rows."""
    run_checks(gate, people.lead)
    page = ask(client, gate, people.reader).content.decode()
    for words in ("Score: 50 %", "2.5 of 5 items = 50 %", "The way to 100 %", "#item-issues", "half done"):
        assert words in page


def test_its_course_is_drawn_once_it_changed(client, gate, people):
    """One moment is no course; two are."""
    assert "Score over time" not in ask(client, gate, people.reader).content.decode()
    run_checks(gate, people.lead)
    assert "Score over time" in ask(client, gate, people.reader).content.decode()


def test_it_is_read_only_and_for_members(client, gate, people):
    """Outsiders and missing gates get 404, other methods 405."""
    assert ask(client, gate, people.outsider).status_code == 404
    assert ask(client, gate, people.reader, "post").status_code == 405
    client.force_login(people.reader)
    assert client.get("/gates/999999/score/").status_code == 404
