"""What a signer gives: needed where it is needed, right once, and for one state only."""

from __future__ import annotations

import json
import time

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache

from checklists import credentials
from checklists.credentials import Given, check, needs
from checklists.errors import Refused, WrongPassword
from tests.conftest import PASSWORD
from tests.factors import PRESENT, VERIFIED, Passkey, add_app, add_codes, app_code

A, B = "a" * 64, "b" * 64


def given(**more) -> Given:
    """The password, and what a test adds."""
    return Given(**({"password": PASSWORD} | more))


@pytest.fixture(autouse=True)
def _fresh_limits():
    """Codes used in another test are not used here."""
    cache.clear()


@pytest.fixture
def lead(people):
    """The technical lead."""
    return people.lead


def test_password_alone_where_nothing_more_is_asked(lead, project):
    """Without a second factor the password proves it, and a wrong one does not."""
    assert check(lead, project, given(), A) == ("password",)
    with pytest.raises(WrongPassword, match="password is wrong"):
        check(lead, project, given(password="guess"), A)


def test_a_factor_that_is_there_is_asked_for(lead, project):
    """Who has an app signs with its code, also where the project does not ask."""
    secret = add_app(lead)
    with pytest.raises(WrongPassword, match="needed to sign"):
        check(lead, project, given(), A)
    assert check(lead, project, given(code=app_code(secret)), A) == ("password", "totp")


def test_a_code_works_once(lead, project):
    """The same code again is refused, though its 30 seconds are not over; so is the one before it."""
    secret = add_app(lead)
    code = app_code(secret)
    check(lead, project, given(code=code), A)
    for used in (code, f"{code[:3]} {code[3:]}", app_code(secret, time.time() - 30)):
        with pytest.raises(WrongPassword, match="was used already"):
            check(lead, project, given(code=used), B)


def test_a_wrong_password_uses_no_code_up(lead, project):
    """The password is looked at first: a slip of the finger costs no recovery code."""
    add_app(lead)
    code = add_codes(lead)[3]
    with pytest.raises(WrongPassword, match="password is wrong"):
        check(lead, project, given(password="guess", code=code), A)
    assert check(lead, project, given(code=code), A) == ("password", "recovery-code")


def test_a_recovery_code_works_once(lead, project):
    """Each of the codes signs once, with or without the space in which it is shown."""
    add_app(lead)
    first, second = add_codes(lead)[:2]
    assert check(lead, project, given(code=f"{first[:5]} {first[5:]}"), A) == ("password", "recovery-code")
    with pytest.raises(WrongPassword, match="was used already"):
        check(lead, project, given(code=first), A)
    assert check(lead, project, given(code=second), A) == ("password", "recovery-code")


def test_recovery_codes_alone_are_no_factor(lead, project):
    """Codes that nothing stands behind neither ask for themselves nor satisfy a project."""
    add_codes(lead)
    assert not needs(lead, project).second
    project.second_factor = True
    with pytest.raises(Refused):
        check(lead, project, given(), A)


def test_a_project_asks(lead, project):
    """Where a project asks, who has no factor is told where to add one; nothing they give helps."""
    project.second_factor = True
    project.save()
    for asked in (project, project.pk):
        with pytest.raises(Refused, match="asks for a second factor") as refused:
            check(lead, asked, given(code="123456"), A)
        assert "Security" in refused.value.advice
    secret = add_app(lead)
    assert check(lead, project, given(code=app_code(secret)), A) == ("password", "totp")


def test_a_passkey_signs(lead, project):
    """A passkey's answer to this challenge is the second factor."""
    key = Passkey()
    key.give(lead)
    assert check(lead, project, given(passkey=key.answer(A)), A) == ("password", "passkey")


def test_a_passkey_answers_one_challenge(lead, project):
    """An answer made for the state A is nothing for the state B, nor a second time for A."""
    key = Passkey()
    key.give(lead)
    answer = key.answer(A)
    with pytest.raises(WrongPassword, match="not accepted"):
        check(lead, project, given(passkey=answer), B)
    check(lead, project, given(passkey=answer), A)
    with pytest.raises(WrongPassword, match="counts backwards"):
        check(lead, project, given(passkey=answer), A)


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "https://localhost.evil.example"},
        {"origin": "http://sub.localhost:8000"},
        {"origin": "http://localhost:9000"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"kind": "webauthn.create"},
        {"host": "evil.example"},
    ],
)
def test_answers_that_are_none(lead, project, wrong):
    """Made on another page, without seeing to it that it is the person, of another kind: refused."""
    key = Passkey()
    key.give(lead)
    with pytest.raises(WrongPassword, match="not accepted"):
        check(lead, project, given(passkey=key.answer(A, **wrong)), A)


@pytest.mark.parametrize(
    "text", ["", " ", "{}", "[]", "null", "7", "{" * 3000, '{"id": 1}', "x" * 30_000, '{"response": {}}']
)
def test_answers_that_are_no_answer(lead, project, text):
    """Whatever else stands in the field is a refusal, not a failure."""
    Passkey().give(lead)
    with pytest.raises(WrongPassword):
        check(lead, project, given(passkey=text), A)


@pytest.mark.parametrize("name", ["clientDataJSON", "authenticatorData", "signature"])
@pytest.mark.parametrize("value", ["", "AA", "e30", "bnVsbA", "é", 7, None, [], {}, "A" * 5000])
def test_parts_of_an_answer_that_are_none(lead, project, name, value):
    """An answer with a part that cannot be read is refused."""
    key = Passkey()
    key.give(lead)
    answer = json.loads(key.answer(A))
    answer["response"][name] = value
    with pytest.raises(WrongPassword):
        check(lead, project, given(passkey=json.dumps(answer)), A)


def test_somebody_elses_passkey(lead, project, people):
    """A passkey of another account signs nothing."""
    mine, theirs = Passkey(), Passkey()
    mine.give(lead)
    theirs.give(people.second)
    with pytest.raises(WrongPassword, match="not accepted"):
        check(lead, project, given(passkey=theirs.answer(A)), A)


def test_a_copied_passkey_is_noticed(lead, project):
    """A counter that does not move on is a copy's; a passkey that never counts is none."""
    key = Passkey()
    key.give(lead)
    key.counter = 10
    check(lead, project, given(passkey=key.answer(A)), A)
    key.counter = 9
    with pytest.raises(WrongPassword, match="counts backwards"):
        check(lead, project, given(passkey=key.answer(B)), B)
    still = Passkey()
    still.give(lead)
    for challenge in (A, B):
        still.counter = -1
        check(lead, project, given(passkey=still.answer(challenge)), challenge)


def test_what_is_needed_is_said(lead, project, people):
    """`needs` tells the form what to ask for."""
    assert needs(people.second, project).password
    assert not needs(people.second, project).second
    add_app(lead)
    Passkey().give(lead)
    add_codes(lead)
    found = needs(lead, project)
    assert (found.totp, found.passkey, found.recovery, found.missing) == (True, True, True, "")


def test_without_a_password_and_without_a_provider(lead, project):
    """Who has neither is told so; an empty password is none."""
    lead.set_unusable_password()
    lead.save()
    with pytest.raises(Refused, match="no password"):
        check(lead, project, given(password=""), A)
    assert needs(lead, project).missing == credentials.NO_WAY


def test_secrets_are_not_kept_in_the_clear(lead):
    """A copy of the database holds neither the app's secret nor the codes' seed."""
    secret = add_app(lead)
    add_codes(lead)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert "gAAAA" in kept


def test_another_secret_key_opens_nothing(lead, project, settings):
    """With another key the codes are refused in words; they do not become guessable."""
    secret = add_app(lead)
    settings.SECRET_KEY = "other-" * 12
    with pytest.raises(Refused, match="cannot be read"):
        check(lead, project, given(code=app_code(secret)), A)
