"""Signing in and out, and the password, in the product's looks."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache
from django.core.management import call_command

from readiness.settings import CACHES as SHARED_CACHES
from tests.conftest import PASSWORD


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("login/", "User name"),
        ("signup/", "Nobody signs up alone"),
        ("inactive/", "This account is deactivated"),
    ],
)
def test_pages_for_visitors(client, db, path, words):
    """Every page of a visitor is one of ours: shell, skip link, no inline style or script."""
    page = client.get(f"/accounts/{path}").content.decode()
    assert words in page
    assert 'class="skip"' in page
    assert "style=" not in page
    assert "<script>" not in page


def test_sign_in_leads_to_where_one_wanted_to_go(client, people, project):
    """After signing in the wanted page follows."""
    sent = {"login": "reader", "password": PASSWORD, "next": "/projects/"}
    answer = client.post("/accounts/login/", sent)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/projects/")


def test_wrong_password_is_said(client, people):
    """A wrong password keeps the user name and does not tell whether it exists."""
    known, unknown = (
        client.post("/accounts/login/", {"login": name, "password": "wrong"}).content.decode()
        for name in ("reader", "nobody")
    )
    assert 'value="reader"' in known
    said = "are not correct"
    assert said in known
    assert said in unknown


def test_sign_out_is_a_post(client, people):
    """Looking at the page does not sign out; the form does."""
    client.force_login(people.reader)
    assert "You are signed in as" in client.get("/accounts/logout/").content.decode()
    assert client.get("/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/").status_code == 302


def test_password_changes(client, people):
    """The present password is asked for, weak ones are refused in words."""
    client.force_login(people.reader)
    address = "/accounts/password/change/"
    weak = {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    assert "too short" in client.post(address, weak).content.decode()
    strong = {"oldpassword": PASSWORD, "password1": "another-long-horse", "password2": "another-long-horse"}
    client.post(address, strong)
    people.reader.refresh_from_db()
    assert people.reader.check_password("another-long-horse")


@pytest.mark.parametrize(
    "path", ["email/", "password/reset/", "password/set/", "confirm-email/", "login/code/"]
)
def test_doors_that_do_not_exist(client, db, path):
    """Pages of allauth that send mail or make accounts are not routed."""
    assert client.get(f"/accounts/{path}").status_code == 404


def test_admin_signs_in_on_the_common_page(client, db):
    """The admin has no sign-in of its own that would escape the limits."""
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_sign_in_starts_another_session(client, people):
    """A session from before, such as one that somebody planted, is not the one after signing in."""
    client.get("/accounts/login/?next=/projects/")
    session = client.session
    session["planted"] = 1
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    client.post("/accounts/login/", {"login": "reader", "password": PASSWORD})
    assert client.cookies["sessionid"].value != before
    client.cookies["sessionid"] = before
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("path", ["//evil.example/", "https://evil.example/", "/\\evil.example"])
def test_sign_in_leads_nowhere_else(client, people, path):
    """Only addresses of this installation follow."""
    sent = {"login": "reader", "password": PASSWORD, "next": path}
    assert client.post("/accounts/login/", sent).headers["Location"] == "/"


@pytest.mark.parametrize(
    ("path", "field"), [("reauthenticate/", "password"), ("password/change/", "oldpassword")]
)
def test_a_stolen_session_does_not_guess_the_password(client, people, monkeypatch, path, field):
    """Wherever the password is asked for, five attempts in five minutes are all: signing takes it too."""
    client.force_login(people.lead)
    sent = {field: "guess", "password1": "another-long-horse", "password2": "another-long-horse"}
    codes = [client.post(f"/accounts/{path}", sent).status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]
    later = time.time() + 200
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.post(f"/accounts/{path}", sent).status_code == 429


def test_the_admin_changes_ones_password_on_the_common_page(client, people):
    """The admin has no page of its own on which the present password could be guessed."""
    client.force_login(people.lead)
    for ask in (client.get, client.post):
        assert ask("/admin/password_change/")["Location"] == "/accounts/password/change/"


def test_wrong_passwords_are_not_pushed_out(client, people, settings):
    """Entries of the shared cache that anybody can cause do not make the attempts on one name forgotten."""
    settings.CACHES = SHARED_CACHES
    call_command("createcachetable", verbosity=0)
    address, right = "/accounts/login/", {"login": "lead", "password": PASSWORD}
    for _ in range(5):
        client.post(address, right | {"password": "guess"})
    cache.set_many({f"zz-made-up-{number}": 1 for number in range(400)}, 300)
    assert client.post(address, right).status_code in {200, 429}
    assert "_auth_user_id" not in client.session
