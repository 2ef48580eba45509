"""Who signed in, who could not, who was refused, and from where: what the stream "access" says."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory

from checklists import access_log, audit, clock, where
from checklists.actions import invitations, items, refusals, tokens
from checklists.models import AuditEntry, RefusalCount
from tests.conftest import PASSWORD
from tests.factors import Passkey

HERE = {"door": "page", "address": "127.0.0.1"}


@pytest.fixture(autouse=True)
def _fresh(db):
    cache.clear()


def entries():
    """The stream, oldest first."""
    return list(AuditEntry.objects.filter(stream=refusals.STREAM).order_by("seq"))


def last():
    """The newest entry, in short."""
    entry = entries()[-1]
    return entry.verb, entry.actor_name, entry.subject, entry.data


def sign_in(client, name, password):
    """The form of the page."""
    return client.post("/accounts/login/", {"login": name, "password": password})


def test_sign_in_and_out(client, people):
    """Who, and from where."""
    sign_in(client, "lead", PASSWORD)
    assert last() == ("access.signed_in", "Lead Person", "", {"from": HERE})
    client.post("/accounts/logout/")
    assert last() == ("access.signed_out", "Lead Person", "", {"from": HERE})
    assert audit.verify_all() == []


@pytest.mark.parametrize("name", ["lead", "nobody"])
def test_a_failed_sign_in(client, people, name):
    """The name that was tried is there, once; the password is nowhere."""
    sign_in(client, name, "wrong-password-123")
    assert last() == ("access.sign_in_failed", "Readiness", name, {"with": "password", "from": HERE})
    assert len(entries()) == 1
    assert "wrong-password-123" not in json.dumps([entry.data for entry in entries()])


def test_an_empty_form_is_no_attempt(client, people):
    """Nobody tried anything."""
    sign_in(client, "", "")
    assert entries() == []


def test_locked_out(client, people):
    """After too many attempts even the right password is refused, and that is logged."""
    for _ in range(6):
        sign_in(client, "lead", "wrong-password-123")
    sign_in(client, "lead", PASSWORD)
    assert last() == ("access.locked_out", "Readiness", "lead", {"with": "password", "from": HERE})


REFUSED = [
    ("reader", "post", "/projects/image-classifier/members", "access.refused"),
    ("reader", "post", "/gates/{gate}/items/issues/tick", "access.refused"),
    ("outsider", "get", "/gates/{gate}/", "access.foreign"),
    ("outsider", "get", "/releases/{release}/", "access.foreign"),
    ("outsider", "get", "/projects/image-classifier/", "access.foreign"),
    ("lead", "get", "/gates/999999/", "access.foreign"),
]


@pytest.mark.parametrize(("who", "method", "path", "verb"), REFUSED)
def test_refused_pages(client, people, gate, who, method, path, verb):
    """What a role does not allow, and what is foreign: who, what, from where; once."""
    person = getattr(people, who)
    client.force_login(person)
    path = path.format(gate=gate.pk, release=gate.release_id)
    answer = getattr(client, method)(path)
    if answer.status_code not in (403, 404):
        pytest.skip(f"{path} answers {answer.status_code}")
    found = last()
    assert found[:3] == (verb, person.name, f"{method.upper()} {path}")
    assert found[3]["from"] == HERE
    assert len(entries()) == 1


@pytest.mark.parametrize("path", ["/", "/favicon.ico", "/no/such/page", "/static/none.css"])
def test_what_is_no_refusal(client, people, path):
    """A visitor who is sent to sign in, a page that never was."""
    client.get(path)
    client.force_login(people.lead)
    client.get(path)
    assert entries() == []


def test_the_address_comes_through_trusted_proxies_only(client, people, settings):
    """As the limits of attempts see it: a header that anybody can send counts for nothing."""
    spoofed = {"HTTP_X_FORWARDED_FOR": "203.0.113.9, 198.51.100.7"}
    client.post("/accounts/login/", {"login": "x", "password": "y" * 12}, **spoofed)
    assert last()[3]["from"]["address"] == "127.0.0.1"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    client.post("/accounts/login/", {"login": "x", "password": "y" * 12}, **spoofed)
    assert last()[3]["from"]["address"] == "198.51.100.7"


def test_acts_say_where_they_came_from(client, people, ready_gate):
    """Pages by the middleware, commands and workers by their process; nobody says it in a test of an act."""
    client.force_login(people.lead)
    client.post(f"/gates/{ready_gate.pk}/items/issues/note", {"note": "Seen."})
    newest = AuditEntry.objects.filter(stream=ready_gate.stream).order_by("-seq").first()
    assert newest.data["from"] == HERE
    with where.at(where.Where(where.WORKER)):
        items.note(gate=ready_gate.pk, key="issues", by=people.lead, text="Again.")
    newest = AuditEntry.objects.filter(stream=ready_gate.stream).order_by("-seq").first()
    assert newest.data["from"] == {"door": "worker"}


@pytest.fixture
def token(people, project):
    """A token of the lead that may only read."""
    _, secret = tokens.create(
        person=people.lead,
        by=people.lead,
        name="nightly",
        scopes=["read"],
        expires_at=clock.now() + timedelta(days=1),
    )
    return secret


API = [
    ("", "GET", "/api/v1/projects", 401, "access.token_refused"),
    ("rdy_abcdefgh_" + "x" * 43, "GET", "/api/v1/projects", 401, "access.token_refused"),
    ("own", "GET", "/api/v1/gates/999", 404, "access.foreign"),
    ("own", "POST", "/api/v1/gates/{gate}/check-runs", 403, "access.refused"),
]


@pytest.mark.parametrize(("bearer", "method", "path", "status", "verb"), API)
def test_refused_tokens(client, gate, token, bearer, method, path, status, verb):
    """With the token's prefix, never the token; who it belongs to where it is known."""
    given = token if bearer == "own" else bearer
    headers = {"Authorization": f"Bearer {given}"} if given else {}
    path = path.format(gate=gate.pk)
    answer = client.generic(method, path, b"{}", content_type="application/json", headers=headers)
    assert answer.status_code == status
    found = last()
    assert found[0] == verb
    assert found[2] == f"{method} {path}"
    assert found[3]["from"] == {"door": "api", "address": "127.0.0.1"}
    assert found[3].get("token", "") == given[:12]
    assert (found[1] == "Lead Person") == (bearer == "own")
    assert ("via" in found[3]) == (bearer == "own")
    assert not given or given not in json.dumps(found[3])


def test_a_flood_is_counted(people, now):
    """Of one address twenty a minute are logged, the rest is one entry; another address is not concerned."""
    for _ in range(500):
        refusals.note("access.sign_in_failed", who="address 203.0.113.9", subject="x")
    assert len(entries()) == refusals.MOST
    assert refusals.note("access.sign_in_failed", who="address 203.0.113.10")
    now.forward(minutes=1)
    refusals.settle(clock.now())
    more = {e.subject: e.data["more"] for e in entries() if e.verb == "access.more"}
    assert more == {"address 203.0.113.9": 480}
    assert not RefusalCount.objects.exists()
    refusals.settle(clock.now())
    assert len(entries()) == refusals.MOST + 2


def test_many_addresses_are_bounded_together(people, now):
    """A flood from everywhere does not fill the disk either."""
    for number in range(400):
        refusals.note("access.sign_in_failed", who=f"address {number}")
    assert len(entries()) == refusals.MOST_TOGETHER
    now.forward(minutes=2)
    assert refusals.note("access.sign_in_failed", who="address 1")
    assert [e.data["more"] for e in entries() if e.verb == "access.more"] == [100]


def test_a_clock_that_goes_back_logs_again(people, now):
    """A count from the future would silence everything."""
    refusals.note("access.refused", who="x")
    now.forward(days=-1)
    assert refusals.note("access.refused", who="x")


def test_what_strangers_type_is_made_plain(people):
    """No NUL, no line end, no half character reaches the log; and not more than 200 characters."""
    refusals.note("access.sign_in_failed", who="x", subject="a\0\r\nb\ud800" + "c" * 999)
    assert last()[2] == "a���b?" + "c" * 194
    assert audit.verify_all() == []


def test_nobody_says_the_address(settings):
    """Behind a Unix socket without a trusted proxy."""
    request = RequestFactory().get("/")
    request.META["REMOTE_ADDR"] = ""
    assert access_log.address(request) == "unknown"


def junk() -> str:
    """What no passkey says."""
    return json.dumps({"id": "AA", "rawId": "AA", "type": "public-key", "response": {}})


def test_an_invitations_secret_is_not_told(client, people, project):
    """A refused click on an invitation is logged; the link, which still works, can be read nowhere."""
    _, link = invitations.invite(project=project, by=people.owner, address="n@team.example", role="owner")
    path = urlsplit(link).path
    assert Client(enforce_csrf_checks=True).post(path).status_code == 403
    verb, _, subject, _ = last()
    assert (verb, subject) == ("access.refused", "POST /invitations/…")
    assert invitations.find(path.rpartition("/")[2])


def test_a_passkey_that_is_none(client, people):
    """Instead of the password, and as the second step: each failure is there, like a wrong password's."""
    client.post("/accounts/factors/passkeys/login/", {"credential": junk()})
    assert last() == ("access.sign_in_failed", "Readiness", "", {"with": "passkey", "from": HERE})
    Passkey().give(people.lead)
    sign_in(client, "lead", PASSWORD)
    client.post("/accounts/factors/authenticate/", {"credential": junk()})
    told = {"with": "second factor", "from": HERE}
    assert last() == ("access.sign_in_failed", "Lead Person", "", told)
    assert len(entries()) == 2


def test_a_passkey_that_is_none_to_confirm(client, people):
    """In an open session, which may be stolen, it is told of the person."""
    Passkey().give(people.lead)
    client.force_login(people.lead)
    client.post("/accounts/factors/passkeys/reauthenticate/", {"credential": junk()})
    told = {"with": "passkey, once more", "from": HERE}
    assert last() == ("access.sign_in_failed", "Lead Person", "", told)


def test_a_return_that_nobody_began(client, people, settings):
    """A way back from single sign-on that did not begin here: who would sign somebody else in tries that."""
    settings.OIDC_ISSUER = "https://id.example.com"
    assert client.get("/accounts/sso/callback/?state=x&code=stolen").status_code == 409
    told = {"with": "single sign-on", "from": HERE}
    assert last() == ("access.sign_in_failed", "Readiness", "", told)
