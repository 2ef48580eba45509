"""Passkeys in a real browser with a virtual authenticator: add one, sign with it, sign in by it alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_every_page import PHONE, WIDE, problems

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def give_authenticator(page: Page) -> None:
    """A device that holds passkeys and always finds its owner's finger."""
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})


def confirm(page: Page, password: str) -> None:
    """Give the password again where a page wants it."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if page.get_by_role("heading", name="Confirm that it is you").count():
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Confirm").click()


def add(visitor) -> None:
    """Add a passkey by the pages for it."""
    page = visitor.goto("/accounts/security/")
    page.get_by_role("link", name="Add a passkey").click()
    confirm(page, visitor.password)
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    expect(page.locator(".codes li")).to_have_count(10)
    page.get_by_role("link", name="Done").click()
    expect(page.locator("#passkeys").get_by_text("Laptop")).to_be_visible()


def remove(visitor) -> None:
    """Remove it again: other journeys sign in by password alone."""
    page = visitor.goto("/accounts/security/")
    page.get_by_role("link", name="Remove Laptop").click()
    if page.get_by_role("heading", name="Confirm that it is you").count():
        confirm(page, visitor.password)
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.locator("#passkeys").get_by_text("Laptop")).to_have_count(0)


def test_a_passkey_from_end_to_end(visit, new_gate):
    """Added, used for a signature on a gate, used to sign in without a password, removed."""
    path = new_gate("7.7.7")
    lead = visit("lead")
    give_authenticator(lead.page)
    add(lead)
    try:
        page = lead.goto(f"{path}sign/technical-lead/")
        page.get_by_text("Decline instead…").click()
        page.get_by_label("Why", exact=False).first.fill("Not until the monitoring stands.")
        page.locator("#decline-password").fill(lead.password)
        page.get_by_role("button", name="Use a passkey and decline").click()
        expect(page.get_by_text("Declined as technical lead").first).to_be_visible()

        page.get_by_role("button", name="Account of").click()
        page.get_by_role("button", name="Sign out").click()
        lead.goto("/accounts/login/").get_by_role("button", name="Sign in with a passkey").click()
        expect(page.get_by_role("link", name="Audit log").first).to_be_attached()
    finally:
        remove(lead)


def test_without_the_passkey_the_password_is_not_enough(visit, new_gate):
    """The password alone neither signs a gate nor signs in once a passkey is there."""
    path = new_gate("7.7.8")
    lead = visit("lead")
    give_authenticator(lead.page)
    add(lead)
    try:
        page = lead.goto(f"{path}sign/technical-lead/")
        page.get_by_text("Decline instead…").click()
        page.get_by_label("Why", exact=False).first.fill("Not until the monitoring stands.")
        page.locator("#decline-password").fill(lead.password)
        page.get_by_role("button", name="Decline as technical lead").click()
        expect(page.get_by_text("a second factor, and it is needed to sign").first).to_be_visible()
        other = lead.page.context.browser.new_context()
        elsewhere = other.new_page()
        elsewhere.goto(f"{lead.url}/accounts/login/")
        elsewhere.get_by_label("User name").fill("lead")
        elsewhere.get_by_label("Password").fill(lead.password)
        elsewhere.get_by_role("button", name="Sign in", exact=True).click()
        expect(elsewhere.get_by_role("heading", name="Second factor")).to_be_visible()
        other.close()
    finally:
        remove(lead)


ACCOUNT = ("security/", "password/change/", "factors/app/add/", "factors/passkeys/add/", "reauthenticate/")


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages_of_the_account(visit, axe, viewport):
    """Nothing is found on the pages about the account, and nothing is wider than the window."""
    reader = visit("auditor", viewport=viewport)
    page = reader.goto("/accounts/factors/app/add/")
    confirm(page, reader.password)
    expect(page.get_by_role("heading", name="Add an authenticator app")).to_be_visible()
    assert problems(reader, axe, [f"/accounts/{path}" for path in ACCOUNT]) == []


def test_pages_of_a_second_factor(visit, axe):
    """The same with a passkey there: its own pages, the codes', and the signing form that asks for it."""
    lead = visit("lead", viewport=PHONE)
    give_authenticator(lead.page)
    add(lead)
    try:
        key = lead.page.get_by_role("link", name="Rename Laptop").get_attribute("href")
        factors = ("codes/", "codes/new/", "passkeys/reauthenticate/")
        own = [key, f"{key}remove/", *(f"/accounts/factors/{path}" for path in factors)]
        assert problems(lead, axe, ["/accounts/security/", *own, "/gates/1/sign/technical-lead/"]) == []
    finally:
        remove(lead)
