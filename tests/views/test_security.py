"""The page about security: factors come and go with a fresh confirmation, sessions end at once."""

from __future__ import annotations

import re
import time

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from fido2.utils import websafe_decode

from checklists.actions import factors
from checklists.errors import Forbidden, Refused
from checklists.models import AuditEntry, Identity
from tests.conftest import PASSWORD
from tests.factors import PRESENT, Passkey, add_app, add_codes, app_code, words

FACTORS = "/accounts/factors/"
# Every page about factors, with whether it exists without one.
PAGES = ("app/add/", "app/remove/", "codes/", "codes/new/", "passkeys/add/")


@pytest.fixture(autouse=True)
def _fresh_limits():
    """Attempts of another test do not count here."""
    cache.clear()


def enter(client, person, code: str = "") -> None:
    """Sign in with the password, and a code where there is a second step."""
    client.post("/accounts/login/", {"login": person.username, "password": PASSWORD})
    if code:
        client.post(f"{FACTORS}authenticate/", {"code": code})


def confirm(client) -> None:
    """Give the password again, as the pages about factors want it."""
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302


def logged() -> list[tuple[str, str, object]]:
    """What the installation's stream says about accounts."""
    rows = AuditEntry.objects.filter(stream="installation").order_by("seq")
    return [(row.verb, row.subject, row.data.get("factor") or row.data.get("sessions")) for row in rows]


def activate(client) -> str:
    """Add an app through the pages; its secret."""
    page = client.get(f"{FACTORS}app/add/").content.decode()
    secret = re.search(r"<code[^>]*>(\w+)</code>", page)[1]
    answer = client.post(f"{FACTORS}app/add/", {"code": app_code(secret)})
    assert (answer.status_code, answer["Location"]) == (302, f"{FACTORS}codes/")
    return secret


def test_an_app_from_its_first_code_to_signing_in(client, people, monkeypatch):
    """Added with a fresh confirmation, logged, its codes shown once; from then on sign-in asks for it."""
    enter(client, people.lead)
    assert client.get(f"{FACTORS}app/add/")["Location"].startswith("/accounts/reauthenticate/?next=")
    confirm(client)
    secret = activate(client)
    codes = re.findall(r"<code>(\d{5}) (\d{5})</code>", client.get(f"{FACTORS}codes/").content.decode())
    assert len(codes) == 10
    assert "shown once" in client.get(f"{FACTORS}codes/").content.decode()
    assert logged() == [
        ("factor.added", "lead", "authenticator app"),
        ("factor.codes", "lead", "recovery codes"),
    ]
    assert secret not in str(list(AuditEntry.objects.values_list("data", flat=True)))
    other = Client()
    answer = other.post("/accounts/login/", {"login": "lead", "password": PASSWORD})
    assert answer["Location"] == f"{FACTORS}authenticate/"
    assert other.get("/").status_code == 302
    assert "was not accepted" in other.post(f"{FACTORS}authenticate/", {"code": "000000"}).content.decode()
    other.post(f"{FACTORS}authenticate/", {"code": "".join(codes[0])})
    assert other.get("/").status_code == 200


def test_a_code_signs_in_once(people):
    """The code of this half minute signs in one browser only."""
    secret = add_app(people.lead)
    first, second = Client(), Client()
    code = app_code(secret)
    for one in (first, second):
        enter(one, people.lead, code)
    assert (first.get("/").status_code, second.get("/").status_code) == (200, 302)


def test_a_factor_ends_the_other_sessions(client, people):
    """Whoever was in before the factor came, or while it was there, is out; this session goes on."""
    elsewhere = Client()
    for one in (elsewhere, client):
        enter(one, people.lead)
    confirm(client)
    secret = activate(client)
    assert elsewhere.get("/").status_code == 302
    cache.clear()
    enter(elsewhere, people.lead, app_code(secret))
    assert elsewhere.get("/").status_code == 200
    client.post(f"{FACTORS}app/remove/")
    assert elsewhere.get("/").status_code == 302
    assert client.get("/").status_code == 200
    assert not Authenticator.objects.exists()
    assert logged() == [
        ("factor.added", "lead", "authenticator app"),
        ("factor.codes", "lead", "recovery codes"),
        ("session.ended", "lead", 1),
        ("factor.removed", "lead", "authenticator app"),
        ("factor.removed", "lead", "recovery codes"),
        ("session.ended", "lead", 1),
    ]


@pytest.mark.parametrize("page", PAGES)
def test_pages_want_a_fresh_confirmation(client, people, page, monkeypatch):
    """Every page about factors asks for the password again, also of who signed in just now; for 5 minutes."""
    add_app(people.lead)
    add_codes(people.lead)
    if page == "app/add/":
        Authenticator.objects.filter(type="totp").delete()
    client.force_login(people.lead)
    for ask in (client.get, client.post) if page != "codes/" else (client.get,):
        assert ask(f"{FACTORS}{page}")["Location"].startswith("/accounts/reauthenticate/")
    confirm(client)
    assert client.get(f"{FACTORS}{page}").status_code == 200
    later = time.time() + 301
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.get(f"{FACTORS}{page}")["Location"].startswith("/accounts/reauthenticate/")


@pytest.mark.parametrize(
    "page", [*PAGES, "", "passkeys/", "reauthenticate/", "passkeys/1/", "passkeys/1/remove/"]
)
def test_visitors_sign_in_first(client, db, page):
    """No page about factors shows anything to a visitor."""
    answer = client.get(f"{FACTORS}{page}")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/")


def test_only_ones_own_passkeys(client, people):
    """Somebody else's passkey is not there."""
    theirs = Passkey().give(people.second)
    client.force_login(people.lead)
    confirm(client)
    for path in (f"passkeys/{theirs.pk}/", f"passkeys/{theirs.pk}/remove/"):
        for ask in (client.get, client.post):
            assert ask(f"{FACTORS}{path}").status_code == 404
    assert Authenticator.objects.filter(pk=theirs.pk).exists()


def test_a_passkey_is_renamed_and_removed(client, people):
    """Its name changes without an entry; removing it is logged by the name."""
    mine = Passkey().give(people.lead)
    client.force_login(people.lead)
    confirm(client)
    client.post(f"{FACTORS}passkeys/{mine.pk}/", {"name": "Laptop"})
    assert logged() == []
    assert "Laptop" in client.get("/accounts/security/").content.decode()
    client.post(f"{FACTORS}passkeys/{mine.pk}/remove/")
    assert not Authenticator.objects.exists()
    entry = AuditEntry.objects.get(verb="factor.removed")
    assert (entry.data["factor"], entry.data["name"]) == ("passkey", "Laptop")


def test_new_codes_replace_the_old(client, people):
    """Who makes new codes has ten others; the old ones work no more."""
    add_app(people.lead)
    old = add_codes(people.lead)
    client.force_login(people.lead)
    confirm(client)
    client.post(f"{FACTORS}codes/new/")
    assert ("factor.codes", "lead", "recovery codes") in logged()
    other = Client()
    enter(other, people.lead, old[0])
    assert other.get("/").status_code == 302


def test_guessing_codes_is_limited(people):
    """The second step takes five guesses in five minutes, from however many browsers."""
    secret = add_app(people.lead)
    for _ in range(6):
        enter(Client(), people.lead, "000000")
    late = Client()
    enter(late, people.lead, app_code(secret))
    assert late.get("/").status_code == 302


def test_a_session_is_ended(client, people):
    """The page lists where one is signed in; an ended session is a visitor's at its next request."""
    elsewhere = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    for one in (elsewhere, client):
        enter(one, people.lead)
    page = client.get("/accounts/security/").content.decode()
    assert "Firefox on Linux" in page
    address = re.search(r'action="(/accounts/sessions/\d+/end/)"', page)[1]
    assert elsewhere.get("/").status_code == 200
    assert client.post(address).status_code == 303
    assert elsewhere.get("/").status_code == 302
    assert client.get("/").status_code == 200
    assert logged() == [("session.ended", "lead", 1)]


def test_all_others_end(client, people):
    """One button ends every other session, and only one's own."""
    mine, theirs = [Client(), Client()], Client()
    for one in (*mine, client):
        enter(one, people.lead)
    enter(theirs, people.second)
    client.post("/accounts/sessions/end/")
    assert [one.get("/").status_code for one in (*mine, client, theirs)] == [302, 302, 200, 200]
    assert logged() == [("session.ended", "lead", 2)]


def test_nobody_ends_somebody_elses_session(client, people):
    """A session of another person is not there."""
    enter(client, people.second)
    page = client.get("/accounts/security/").content.decode()
    thief = Client()
    enter(thief, people.lead)
    assert "End" not in re.findall(r"<button[^>]*>(\w+)", page)
    for number in range(1, 4):
        thief.post(f"/accounts/sessions/{number}/end/")
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("security/", {"get"}), ("sessions/end/", {"post"}), ("sessions/1/end/", {"post"})],
)
def test_one_method_each(client, people, path, allowed):
    """Looking is a GET, ending a POST; nothing else is answered."""
    client.force_login(people.lead)
    for method in ("get", "post", "put", "delete"):
        code = getattr(client, method)(f"/accounts/{path}").status_code
        assert (code == 405) is (method not in allowed)


def test_a_changed_password_is_logged(client, people):
    """One's own change of the password stands in the log, and ends the other sessions."""
    elsewhere = Client()
    for one in (elsewhere, client):
        enter(one, people.lead)
    strong = {"oldpassword": PASSWORD, "password1": "another-long-horse", "password2": "another-long-horse"}
    client.post("/accounts/password/change/", strong)
    assert logged() == [("account.password_set", "lead", None)]
    assert (elsewhere.get("/").status_code, client.get("/").status_code) == (302, 200)


def test_without_a_password(client, people):
    """Who signs in elsewhere is told so, and is offered no password to change."""
    people.lead.set_unusable_password()
    people.lead.save()
    client.force_login(people.lead)
    assert "has no password" in client.get("/accounts/security/").content.decode()
    for ask in (client.get, client.post):
        assert ask("/accounts/password/change/")["Location"] == "/accounts/security/"


def test_without_anything_to_confirm_by(client, people):
    """A person without password, factor or provider cannot add a factor by an open session alone."""
    people.lead.set_unusable_password()
    people.lead.save()
    client.force_login(people.lead)
    for ask in (client.get, client.post):
        assert ask(f"{FACTORS}app/add/")["Location"].startswith("/accounts/sso/again/")


def test_an_administrator_takes_lost_factors_away(client, people):
    """For who lost telephone and codes: all factors go, every session ends, the log says who did it."""
    add_app(people.lead)
    add_codes(people.lead)
    elsewhere = Client()
    enter(elsewhere, people.lead)
    people.owner.is_staff = people.owner.is_superuser = True
    people.owner.save()
    client.force_login(people.owner)
    confirm(client)
    sent = {"action": "remove_factors", "_selected_action": [people.lead.pk]}
    client.post("/admin/checklists/person/", sent)
    assert not Authenticator.objects.exists()
    entry = AuditEntry.objects.filter(verb="factor.removed").first()
    assert (entry.actor_name, entry.subject) == (people.owner.name, "lead")


def test_the_admin_shows_no_secret(client, people):
    """Neither factors nor sessions are in the administration."""
    people.owner.is_staff = people.owner.is_superuser = True
    people.owner.save()
    client.force_login(people.owner)
    for model in ("mfa/authenticator", "usersessions/usersession"):
        assert client.get(f"/admin/{model}/").status_code == 404


def by_passkey(client, key: Passkey, person, **how) -> None:
    """Sign in with a passkey alone, as the page's script does."""
    asked = client.get(f"{FACTORS}passkeys/login/", headers={"accept": "application/json"}).json()
    challenge = websafe_decode(asked["request_options"]["publicKey"]["challenge"]).hex()
    handle = words(user_pk_to_url_str(person).encode())
    client.post(f"{FACTORS}passkeys/login/", {"credential": key.answer(challenge, handle=handle, **how)})


def test_a_passkey_signs_in_alone(client, people):
    """A passkey that saw its owner is enough; one that only felt a touch is not."""
    key = Passkey()
    key.give(people.lead)
    by_passkey(client, key, people.lead, flags=PRESENT)
    assert client.get("/").status_code == 302
    by_passkey(client, key, people.lead)
    assert client.get("/").status_code == 200
    record = client.session["account_authentication_methods"][-1]
    assert (record["type"], record["passwordless"]) == ("webauthn", True)


@pytest.mark.parametrize(
    "origin", ["http://localhost:9999", "http://evil.localhost", "https://evil.localhost:8443"]
)
def test_a_passkey_used_on_a_neighbours_page(client, people, origin):
    """Another port, or a host beneath ours: a browser lets them ask for our passkeys; we take no answer."""
    key = Passkey()
    key.give(people.lead)
    by_passkey(client, key, people.lead, origin=origin)
    assert client.get("/").status_code == 302


JUNK = [
    *("[]", "null", "1e999", "{", "{}", '{"id": 1}', "[" * 15_000, "[" * 50_000, '{"id": "\\ud800"}'),
    '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "W10"}}',
]


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
def test_an_answer_that_is_none(client, people, junk):
    """Anybody may send anything to the page that takes passkeys: it says no, and does not break."""
    answer = client.post(f"{FACTORS}passkeys/login/", {"credential": junk})
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")


def test_a_copied_passkey_signs_nobody_in(people):
    """A counter that stands still lets nobody in."""
    key = Passkey()
    key.give(people.lead)
    codes = []
    for _ in range(2):
        client = Client()
        by_passkey(client, key, people.lead)
        codes.append(client.get("/").status_code)
        key.counter -= 1
    assert codes == [200, 302]


@pytest.mark.parametrize("field", ["is_active", "is_service"])
def test_a_passkey_lets_in_nobody_who_is_out(client, people, field):
    """A deactivated person's passkey, or one of a service account, signs nobody in."""
    key = Passkey()
    key.give(people.lead)
    setattr(people.lead, field, field == "is_service")
    people.lead.save()
    by_passkey(client, key, people.lead)
    assert client.get("/").status_code == 302
    assert "_auth_user_id" not in client.session


def test_somebody_elses_passkey_signs_nobody_in(client, people):
    """A passkey with the handle of another account is nobody's."""
    key = Passkey()
    key.give(people.lead)
    by_passkey(client, key, people.second)
    assert client.get("/").status_code == 302


def test_a_service_account_stays_out(client, people):
    """No way to sign in lets a service account in, were it given a password, a passkey or a link."""
    people.lead.is_service = True
    people.lead.save()
    Passkey().give(people.lead)
    enter(client, people.lead)
    assert client.get("/").status_code == 302
    client.force_login(people.lead)
    assert client.get("/accounts/security/").status_code == 302
    assert Identity.objects.count() == 0


def test_an_unchanged_set_is_not_logged(people):
    """A change that changes nothing leaves no entry."""
    with factors.keep(person=people.lead, by=people.lead, session=None):
        pass
    assert logged() == []


def test_pages_are_ours(client, people):
    """Every page about factors is in the product's looks: shell, no inline script or style."""
    client.force_login(people.lead)
    confirm(client)
    key = Passkey().give(people.lead)
    more = (
        f"passkeys/{key.pk}/",
        f"passkeys/{key.pk}/remove/",
        "passkeys/reauthenticate/",
        "reauthenticate/",
    )
    add_app(people.lead)
    add_codes(people.lead)
    for path in (*PAGES[1:], *more):
        page = client.get(f"{FACTORS}{path}").content.decode()
        assert 'class="skip"' in page, path
        assert "style=" not in page
        assert "<script>" not in page
        assert "application/json" not in page


@pytest.mark.parametrize("error", [Refused("no"), Forbidden("no")])
def test_a_refused_change_leaves_nothing(people, error):
    """A change that fails half way leaves neither factor nor entry."""
    with pytest.raises(type(error)), factors.keep(person=people.lead, by=people.lead, session=None):
        add_app(people.lead)
        raise error
    assert not Authenticator.objects.exists()
    assert logged() == []
