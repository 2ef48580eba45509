"""Single sign-on against a provider that answers over HTTP: signing in, confirming, signing a gate."""

from __future__ import annotations

import http.client
import re
import time
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache

from checklists import sso_provider
from checklists.actions import identities, items, second_factor
from checklists.models import AuditEntry, Identity, Person, SignOff
from tests.conftest import PASSWORD
from tests.factors import add_app, add_codes, app_code
from tests.identity_provider import CLIENT, SECRET, new_key, serving

LOGIN, BACK = "/accounts/sso/", "/accounts/sso/callback/"


@pytest.fixture
def provider(settings):
    """The organisation's provider, configured as an operator does."""
    cache.clear()
    with serving() as found:
        settings.OIDC_ISSUER = found.url
        settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = CLIENT, SECRET
        settings.OIDC_NAME = "Example Ltd"
        yield found


@pytest.fixture
def lead(people, provider) -> Person:
    """The technical lead, who has no password and signs in at the provider."""
    people.lead.set_unusable_password()
    people.lead.save()
    identities.link(person=people.lead, subject="subject-1", by=people.owner)
    return people.lead


def away(client, answer) -> str:
    """Follow to the page that leads off; where it leads."""
    assert answer.status_code == 303, answer.content.decode()
    page = client.get(answer["Location"])
    assert page.status_code == 200
    place = page["Refresh"].removeprefix("0; url=")
    assert place.replace("&", "&amp;") in page.content.decode()
    return place


def visit(place: str) -> str:
    """What the browser does at the provider: ask, and be sent back; the path it comes back by."""
    parts = urlsplit(place)
    asking = http.client.HTTPConnection(parts.netloc)
    asking.request("GET", f"{parts.path}?{parts.query}")
    back = asking.getresponse().headers["Location"]
    asking.close()
    assert back.startswith("http://localhost:8000/accounts/sso/callback/?")
    return back.removeprefix("http://localhost:8000")


def round_trip(client, answer):
    """To the provider and back; our answer to the return."""
    return client.get(visit(away(client, answer)))


def sign_in(client, path: str = "/projects/"):
    """Sign in at the provider."""
    return round_trip(client, client.post(LOGIN, {"next": path}))


def who(client) -> str | None:
    """Who is signed in."""
    return client.session.get("_auth_user_id")


def test_signs_in_who_is_linked(client, lead, provider):
    """A person that an administrator linked comes in, where they wanted to go, by a fresh session."""
    client.get("/accounts/login/")
    answer = sign_in(client)
    assert (answer.status_code, answer["Location"]) == (302, "/projects/")
    assert who(client) == str(lead.pk)
    record = client.session["account_authentication_methods"][-1]
    assert (record["method"], record["issuer"]) == ("sso", provider.url)
    asked = provider.asked[-1]
    assert asked["code_challenge_method"] == "S256"
    assert "prompt" not in asked


def test_the_session_is_another_afterwards(client, lead):
    """The session in which the trip began is not the one that is signed in."""
    answer = client.post(LOGIN)
    before = client.cookies["sessionid"].value
    round_trip(client, answer)
    after = client.cookies["sessionid"].value
    assert after != before
    client.cookies["sessionid"] = before
    assert client.get("/").status_code == 302


def test_nobody_by_default(client, people, provider):
    """An account that nobody linked is told so; none is made, whatever address it has."""
    people.lead.email = "lead@example.com"
    people.lead.save()
    provider.profile = {"email": "lead@example.com", "email_verified": True}
    before = Person.objects.count()
    answer = sign_in(client)
    assert answer.status_code == 403
    assert "No account of this installation is linked" in answer.content.decode()
    assert (who(client), Person.objects.count(), Identity.objects.count()) == (None, before, 0)


@pytest.mark.parametrize(
    ("changed", "linked"),
    [
        ({}, True),
        ({"email": "LEAD@example.com"}, True),
        ({"email_verified": False}, False),
        ({"email_verified": "true"}, False),
        ({"email_verified": None}, False),
        ({"email": "other@example.com"}, False),
        ({"email": ""}, False),
    ],
)
def test_by_verified_address(client, people, provider, settings, changed, linked):
    """Where the operator allows it, a verified address that an administrator wrote down links."""
    settings.OIDC_LINK_BY_EMAIL = True
    people.lead.email = "lead@example.com"
    people.lead.save()
    provider.profile = {"email": "lead@example.com", "email_verified": True} | changed
    sign_in(client)
    assert (who(client) == str(people.lead.pk)) is linked
    verbs = AuditEntry.objects.filter(stream="installation").values_list("verb", "data__how")
    assert (("account.linked", "by verified e-mail address") in verbs) is linked


@pytest.mark.parametrize(
    "address", ["m\u0131ke@example.com", "mi\u212ae@example.com", "mike@e\uff58ample.com"]
)
def test_an_address_that_only_looks_alike(client, people, provider, settings, address):
    """Some databases take letters for equal, such as a dotless i, that make another address, of another."""
    settings.OIDC_LINK_BY_EMAIL = True
    people.lead.email = "mike@example.com"
    people.lead.save()
    provider.profile = {"email": address, "email_verified": True}
    assert sign_in(client).status_code == 403
    assert who(client) is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Lena\u200b \u202eLead\u2066", "Lena Lead"),
        ("Lena\r\n\tLead", "Lena Lead"),
        ("Lena\0 Lead\x7f", "Lena Lead"),
        ("Le\u0301na Lead", "L\u00e9na Lead"),
    ],
)
def test_a_name_that_is_not_what_it_looks(client, provider, settings, people, said, kept):
    """A name stands beside signatures: of what the provider says, only what can be seen is taken."""
    settings.OIDC_CREATE = True
    provider.profile = {"name": said}
    sign_in(client)
    assert Person.objects.get(identities__subject="subject-1").name == kept


@pytest.mark.parametrize("field", ["is_staff", "is_service", "is_active"])
def test_whom_no_address_links(client, people, provider, settings, field):
    """Neither an administrator nor a service account nor a deactivated one is linked by an address."""
    settings.OIDC_LINK_BY_EMAIL = True
    people.lead.email = "lead@example.com"
    setattr(people.lead, field, field != "is_active")
    people.lead.save()
    provider.profile = {"email": "lead@example.com", "email_verified": True}
    assert sign_in(client).status_code == 403
    assert who(client) is None


def test_made_at_the_first_sign_in(client, people, provider, settings, project):
    """With READINESS_OIDC_CREATE an account comes to be, in no project, with no password; once."""
    settings.OIDC_CREATE = True
    provider.profile = {"preferred_username": "le ad", "name": "Ada Lovelace", "email": "ada@example.com"}
    sign_in(client)
    made = Person.objects.get(identities__subject="subject-1")
    assert (made.username, made.name, made.email) == ("lead-2", "Ada Lovelace", "")
    assert (made.has_usable_password(), made.is_staff, made.memberships.count()) == (False, False, 0)
    assert client.get(f"/projects/{project.slug}/").status_code == 404
    client.logout()
    sign_in(client)
    assert who(client) == str(made.pk)
    assert Person.objects.filter(identities__isnull=False).count() == 1


def test_nobody_takes_an_address_over(client, people, provider, settings):
    """With CREATE alone, an account with the address of somebody here is refused, not doubled."""
    settings.OIDC_CREATE = True
    people.lead.email = "lead@example.com"
    people.lead.save()
    provider.profile = {"email": "lead@example.com", "email_verified": True}
    assert sign_in(client).status_code == 403


@pytest.mark.parametrize("field", ["is_service", "is_active"])
def test_a_link_does_not_let_in_whom_nothing_lets_in(client, lead, field):
    """A deactivated person stays out, and so would a service account with a link."""
    setattr(lead, field, field != "is_active")
    lead.save()
    assert sign_in(client).status_code == 403
    assert who(client) is None


def test_another_issuers_equal_subject_is_somebody_else(client, lead, provider, settings):
    """After a change of provider the old links let nobody in."""
    Identity.objects.update(issuer="https://old.example.com")
    assert sign_in(client).status_code == 403


def test_the_second_factor_is_asked_for_after_it(client, lead):
    """Who added an app here gives its code also after single sign-on."""
    secret = add_app(lead)
    answer = sign_in(client)
    assert answer["Location"] == "/accounts/factors/authenticate/"
    assert who(client) is None
    client.post("/accounts/factors/authenticate/", {"code": app_code(secret)})
    assert who(client) == str(lead.pk)


OTHER_KEY = new_key()
NOW = int(time.time())
WRONG = {
    "another nonce": ({"nonce": "0" * 64}, {}, None),
    "no nonce": ({"nonce": None}, {}, None),
    "another audience": ({"aud": "other"}, {}, None),
    "an audience more": ({"aud": [CLIENT, "other"]}, {}, None),
    "another party": ({"azp": "other"}, {}, None),
    "no audience": ({"aud": None}, {}, None),
    "another issuer": ({"iss": "https://evil.example"}, {}, None),
    "no issuer": ({"iss": None}, {}, None),
    "over": ({"exp": NOW - 60}, {}, None),
    "no end": ({"exp": None}, {}, None),
    "an end in words": ({"exp": "never"}, {}, None),
    "made tomorrow": ({"iat": NOW + 86_400}, {}, None),
    "made long ago": ({"iat": NOW - 200_000}, {}, None),
    "not yet": ({"nbf": NOW + 3600}, {}, None),
    "signed in long ago": ({"auth_time": NOW - 3600}, {}, None),
    "signed in tomorrow": ({"auth_time": NOW + 3600}, {}, None),
    "does not say when": ({"auth_time": None}, {}, None),
    "says when in words": ({"auth_time": "now"}, {}, None),
    "unsigned": ({}, {"alg": "none"}, None),
    "signed with the client's secret": ({}, {"alg": "HS256"}, "s3cret/with:signs" * 4),
    "signed with another key": ({}, {}, OTHER_KEY),
    "signed with a key unknown": ({}, {"kid": "other"}, OTHER_KEY),
    "another person": ({"sub": "subject-2"}, {}, None),
    "nobody": ({"sub": None}, {}, None),
    "a number": ({"sub": ["subject-1"]}, {}, None),
}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("name", WRONG)
def test_wrong_tokens_sign_nothing(client, lead, provider, ready_gate, name):
    """Each token that is not exactly what was asked for is refused, and nothing is signed."""
    sign_in(client)
    provider.claims, provider.header, provider.signs_with = WRONG[name]
    answer = round_trip(client, sign(client, ready_gate))
    assert answer.status_code in {403, 409}, name
    assert not SignOff.objects.exists()


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("name", [n for n in WRONG if "signed in" not in n and "when" not in n])
def test_wrong_tokens_sign_nobody_in(client, lead, provider, name):
    """The same at the door, where only the time of the sign-in does not matter."""
    provider.claims, provider.header, provider.signs_with = WRONG[name]
    assert sign_in(client).status_code in {403, 409}, name
    assert who(client) is None


def form(client, gate, role: str = "technical-lead") -> dict[str, object]:
    """What the signing page's form sends."""
    page = client.get(f"/gates/{gate.pk}/sign/{role}/").content.decode()
    hidden = dict(re.findall(r'name="(digest|challenge)" value="([^"]+)"', page))
    boxes = len(set(re.findall(r'name="confirmed" value="(\d)"', page)))
    return hidden | {"confirmed": list(range(boxes)), "comment": "Read it all."}


def sign(client, gate, **more):
    """Send the form."""
    sent = form(client, gate) | more
    return client.post(f"/gates/{gate.pk}/sign/technical-lead/approve", sent)


def test_signs_by_confirming_at_the_provider(client, lead, provider, ready_gate):
    """The form leads to the provider, which has the person sign in again; then the gate is signed."""
    sign_in(client)
    page = client.get(f"/gates/{ready_gate.pk}/sign/technical-lead/").content.decode()
    assert "You confirm this at Example Ltd" in page
    assert 'type="password"' not in page
    answer = round_trip(client, sign(client, ready_gate))
    assert (answer.status_code, answer["Location"]) == (303, f"/gates/{ready_gate.pk}/")
    signed = SignOff.objects.get()
    assert (signed.person, signed.methods, signed.comment) == (lead, ["sso"], "Read it all.")
    asked = provider.asked[-1]
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")


def test_the_return_works_once(client, lead, ready_gate):
    """The same return again, and a second trip with the same form, sign nothing more."""
    sign_in(client)
    sent = form(client, ready_gate)
    address = f"/gates/{ready_gate.pk}/sign/technical-lead/approve"
    back = visit(away(client, client.post(address, sent)))
    assert client.get(back).status_code == 303
    assert client.get(back).status_code == 409
    assert round_trip(client, client.post(address, sent)).status_code == 409
    assert SignOff.objects.count() == 1


def test_another_browser_cannot_come_back_instead(client, lead, ready_gate, django_assert_num_queries):
    """A return that another browser brings is known nowhere."""
    sign_in(client)
    back = visit(away(client, sign(client, ready_gate)))
    stranger = type(client)()
    stranger.force_login(lead)
    assert stranger.get(back).status_code == 409
    assert not SignOff.objects.exists()


def test_the_gate_changed_meanwhile(client, lead, people, ready_gate):
    """What changed while the person was away is said; the present state is not signed."""
    sign_in(client)
    place = away(client, sign(client, ready_gate))
    item = ready_gate.items.get(key="issues")
    items.reopen(
        gate=ready_gate.pk, key="issues", by=people.contributor, seen=item.changed_in, reason="One more."
    )
    answer = client.get(visit(place))
    assert answer.status_code == 409
    assert "nothing was signed" in answer.content.decode()
    assert not SignOff.objects.exists()


def test_a_token_for_one_act_does_nothing_for_another(client, lead, provider, ready_gate):
    """The nonce is bound to the act: the token of a sign-in, or of a decline, approves nothing."""
    sign_in(client)
    sent = form(client, ready_gate)
    base = f"/gates/{ready_gate.pk}/sign/technical-lead"
    away(client, client.post(f"{base}/decline", sent | {"reason": "No."}))
    declined = list(client.session["sso-trips"].values())[-1]
    place = away(client, client.post(f"{base}/approve", sent))
    approved = list(client.session["sso-trips"].values())[-1]
    provider.claims = {"nonce": re.search(r"nonce=(\w+)", declined["address"])[1]}
    assert declined["address"] != approved["address"]
    assert client.get(visit(place)).status_code == 409
    assert not SignOff.objects.exists()


def test_declines_and_withdraws_too(client, lead, ready_gate):
    """Every act that asks for credentials takes the same way."""
    sign_in(client)
    base = f"/gates/{ready_gate.pk}"
    sent = form(client, ready_gate) | {"reason": "Not yet."}
    assert round_trip(client, client.post(f"{base}/sign/technical-lead/decline", sent)).status_code == 303
    page = client.get(f"{base}/sign/technical-lead/").content.decode()
    challenge = re.findall(r'name="challenge" value="([^"]+)"', page)[-1]
    taken = {"role": "technical-lead", "challenge": challenge, "withdraw_reason": "Changed my mind."}
    assert round_trip(client, client.post(f"{base}/withdraw", taken)).status_code == 303
    kept = list(SignOff.objects.order_by("pk").values_list("decision", "methods"))
    assert kept == [("decline", ["sso"]), ("withdraw", ["sso"])]


def test_with_an_app_as_well(client, lead, ready_gate):
    """Who added an app gives a code before they are sent off; both methods are on record."""
    secret = add_app(lead)
    sign_in(client)
    client.post("/accounts/factors/authenticate/", {"code": app_code(secret)})
    code = add_codes(lead)[0]
    assert sign(client, ready_gate).status_code == 401
    assert sign(client, ready_gate, code="0000000000").status_code == 401
    answer = round_trip(client, sign(client, ready_gate, code=code))
    assert answer.status_code == 303
    assert SignOff.objects.get().methods == ["recovery-code", "sso"]


@pytest.mark.parametrize(
    ("methods", "enough"), [(["pwd", "mfa"], True), (["pwd"], False), (None, False), ("mfa", False)]
)
def test_where_the_project_asks(client, lead, people, project, provider, ready_gate, methods, enough):
    """A provider that says it asked for more than one factor satisfies a project that asks."""
    second_factor.switch(project=project, by=people.owner, on=True)
    sign_in(client)
    provider.profile = {"amr": methods}
    answer = round_trip(client, sign(client, ready_gate))
    assert (answer.status_code == 303) is enough
    assert SignOff.objects.exists() is enough


def test_factors_need_the_provider_again(client, lead, provider):
    """Who has no password confirms at the provider before adding a factor; a stolen session cannot."""
    sign_in(client)
    answer = client.get("/accounts/factors/app/add/")
    assert answer["Location"] == "/accounts/sso/again/?next=%2Faccounts%2Ffactors%2Fapp%2Fadd%2F"
    assert client.post("/accounts/factors/app/add/", {"code": "1"})["Location"] == answer["Location"]
    back = round_trip(client, client.post("/accounts/sso/again/", {"next": "/accounts/factors/app/add/"}))
    assert (back.status_code, back["Location"]) == (303, "/accounts/factors/app/add/")
    page = client.get("/accounts/factors/app/add/").content.decode()
    secret = re.search(r"<code[^>]*>(\w+)</code>", page)[1]
    client.post("/accounts/factors/app/add/", {"code": app_code(secret)})
    assert Authenticator.objects.filter(user=lead, type="totp").exists()


def test_somebody_else_at_the_provider(client, lead, provider):
    """Confirming with another account of the provider confirms nothing."""
    sign_in(client)
    provider.who = "subject-2"
    answer = round_trip(client, client.post("/accounts/sso/again/", {"next": "/"}))
    assert answer.status_code == 403
    assert not [r for r in client.session["account_authentication_methods"] if r.get("reauthenticated")]


def test_new_keys_are_looked_for(client, lead, provider):
    """After the provider changed its keys the next sign-in works, without a restart."""
    sign_in(client)
    client.logout()
    provider.key, provider.kid = new_key(), "two"
    sign_in(client)
    assert who(client) == str(lead.pk)
    assert provider.requests.count("/jwks_uri") == 2


def test_who_cancels_is_told(client, lead, provider):
    """A provider that says no is quoted, escaped."""
    provider.error = "access_denied<b>"
    answer = sign_in(client)
    assert answer.status_code == 409
    assert "access_denied&lt;b&gt;" in answer.content.decode()


def test_a_provider_that_is_away(client, lead, provider, settings):
    """No answer is a refusal in words."""
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    cache.clear()
    answer = client.post(LOGIN)
    assert answer.status_code == 409
    assert "could not be asked" in answer.content.decode()


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "issuer"])
@pytest.mark.parametrize("value", [None, "javascript:alert(1)", "http://evil.example/x", 7])
def test_a_configuration_that_leads_elsewhere(client, lead, provider, monkeypatch, name, value):
    """Endpoints that are no address are refused at once; other hosts are never asked."""
    real = sso_provider._json

    def changed(answer):
        found = real(answer)
        return found | {name: value} if "issuer" in found else found

    monkeypatch.setattr(sso_provider, "_json", changed)
    answer = client.post(LOGIN)
    if answer.status_code == 303 and name == "authorization_endpoint":
        assert value == "http://evil.example/x"  # where a browser goes is the provider's to say
        return
    if answer.status_code == 303:
        assert value == "http://evil.example/x"
        answer = round_trip(client, answer)
    assert answer.status_code == 409
    assert who(client) is None


@pytest.mark.parametrize(
    "path", ["//evil.example/", "https://evil.example/", "javascript:x", "/\\evil.example"]
)
def test_leads_nowhere_else(client, lead, path):
    """Afterwards only pages of this installation follow."""
    assert sign_in(client, path)["Location"] == "/"


def test_off_without_an_issuer(client, people):
    """Without configuration there is neither a button nor a door."""
    assert "accounts/sso" not in client.get("/accounts/login/").content.decode()
    client.force_login(people.lead)
    for path in ("go/", "callback/", "again/"):
        assert client.get(f"{LOGIN}{path}").status_code == 404
    assert client.post(LOGIN).status_code == 404


@pytest.mark.parametrize(("path", "method"), [("", "get"), ("go/", "post"), ("callback/", "post")])
def test_one_method_each(client, provider, path, method):
    """Signing in begins by a form, never by a link."""
    assert getattr(client, method)(f"{LOGIN}{path}").status_code == 405


def test_a_password_stays_a_password(client, people, provider, ready_gate):
    """Who has a password signs by it also where they are linked."""
    identities.link(person=people.lead, subject="subject-1", by=None)
    client.force_login(people.lead)
    assert sign(client, ready_gate, password=PASSWORD)["Location"] == f"/gates/{ready_gate.pk}/"
    assert SignOff.objects.get().methods == ["password"]


def test_the_way_back_is_limited(client, people, provider, settings):
    """Returns from one address are counted as sign-ins are."""
    codes = [client.get(f"{BACK}?state=x").status_code for _ in range(31)]
    assert codes[-1] == 429
    assert set(codes[:30]) == {409}


def test_nothing_secret_is_kept(client, lead, ready_gate, provider):
    """Neither tokens nor the client's secret are in the session, the database's links or the log."""
    sign_in(client)
    round_trip(client, sign(client, ready_gate))
    kept = str(dict(client.session.items())) + str(list(Identity.objects.values()))
    assert "eyJ" not in kept
    assert SECRET not in kept + str(list(AuditEntry.objects.values_list("data", flat=True)))
