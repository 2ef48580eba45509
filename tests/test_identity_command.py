"""`manage.py identity`, and the check of single sign-on's settings."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from checklists.actions import identities
from checklists.errors import Refused
from checklists.models import AuditEntry, Identity
from checklists.sso_checks import check_sso

ISSUER = "https://login.example.com/realms/company"


@pytest.fixture(autouse=True)
def _issuer(settings):
    """A provider that is configured; nobody asks it here."""
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_NAME = ISSUER, "readiness", "Example Ltd"


def test_links_lists_and_unlinks(people, capsys):
    """Each step says what it did and stands in the log."""
    call_command("identity", "lead", subject="abc")
    call_command("identity", "lead")
    call_command("identity", "lead", unlink=True)
    assert capsys.readouterr().out.splitlines() == [
        "lead may now sign in at Example Ltd as abc.",
        f"abc at {ISSUER}",
        "1 link taken away.",
    ]
    verbs = AuditEntry.objects.filter(stream="installation").values_list("verb", "data__subject")
    assert list(verbs) == [("account.linked", "abc"), ("account.unlinked", "abc")]
    assert not Identity.objects.exists()


def test_refusals_are_said(people, settings):
    """Nobody of that name, a subject that is somebody's, none at all, a service account, no provider."""
    with pytest.raises(CommandError, match="no account called 'nobody'"):
        call_command("identity", "nobody")
    identities.link(person=people.second, subject="abc", by=None)
    with pytest.raises(CommandError, match="linked already"):
        call_command("identity", "lead", subject="abc")
    people.lead.is_service = True
    with pytest.raises(Refused, match="never signs in"):
        identities.link(person=people.lead, subject="x", by=None)
    for subject in (" ", "x" * 256):
        with pytest.raises(Refused):
            identities.link(person=people.second, subject=subject, by=None)
    settings.OIDC_ISSUER = ""
    with pytest.raises(Refused):
        identities.link(person=people.second, subject="y", by=None)


def test_a_sound_configuration():
    """What the documentation shows is no problem, nor is a provider on this machine."""
    assert check_sso() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"OIDC_ISSUER": "http://login.example.com"}, "no https address"),
        ({"OIDC_ISSUER": "login.example.com"}, "no https address"),
        ({"OIDC_ISSUER": f"{ISSUER}?x=1"}, "no https address"),
        ({"OIDC_ISSUER": "https://me:pw@login.example.com"}, "no https address"),
        ({"OIDC_CLIENT_ID": ""}, "without READINESS_OIDC_CLIENT_ID"),
        ({"OIDC_ISSUER": ""}, "without READINESS_OIDC_ISSUER"),
        ({"OIDC_ISSUER": "", "OIDC_CLIENT_ID": "", "OIDC_CREATE": True}, "without READINESS_OIDC_ISSUER"),
        ({"OIDC_HOSTS": ["https://x.example"]}, "READINESS_OIDC_HOSTS"),
    ],
)
def test_an_unsound_configuration_stops_the_start(settings, changes, words):
    """Each is one error that names the variable."""
    for name, value in changes.items():
        setattr(settings, name, value)
    [problem] = check_sso()
    assert problem.id == "readiness.E013"
    assert words in problem.msg


def test_plain_http_on_this_machine(settings):
    """To try it out, a provider on localhost needs no TLS."""
    settings.OIDC_ISSUER = "http://localhost:8080/realms/try"
    assert check_sso() == []
