"""Signing in and out, and the password, in the product's looks."""

from __future__ import annotations

import pytest

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
