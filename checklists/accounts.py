"""How accounts come to be, sign in and confirm themselves: an administrator makes them, for people only."""

from __future__ import annotations

import base64
import time
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from checklists.errors import Refused
from checklists.models import Identity, Person
from checklists.reads.auditing import is_auditor

UNREADABLE = "The second factor of this account cannot be read."
UNREADABLE_ADVICE = (
    "READINESS_SECRET_KEY was changed since; an administrator can remove it, then add it again."
)


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's adapter with sign-up closed, and single sign-on among the ways to confirm oneself."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by an administrator (`manage.py createsuperuser`, the admin)."""
        return False

    def pre_login(self, request: HttpRequest, user: Person, **kwargs: Any) -> HttpResponse | None:
        """The last door of every way to sign in: a service account is let in by none."""
        if user.is_service:
            refused: HttpResponse = self.respond_user_inactive(request, user)
            return refused
        answer: HttpResponse | None = super().pre_login(request, user, **kwargs)
        return answer

    def get_reauthentication_methods(self, user: Person) -> list[dict[str, Any]]:
        """allauth's, and the provider for who comes from there."""
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        words = {
            "reauthenticate": "Use your password",
            "mfa_reauthenticate": "Use a code",
            "mfa_reauthenticate:webauthn": "Use a passkey",
        }
        shown = [method | {"description": words[method["id"]]} for method in found]
        if settings.OIDC_ISSUER and user.is_authenticated and Identity.objects.filter(person=user).exists():
            name = f"Sign in again at {settings.OIDC_NAME}"
            shown.append({"id": "sso", "description": name, "url": reverse("sso-again")})
        return shown


class Factors(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Second factors: secrets encrypted in the database, passkeys bound to the public address."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This was not accepted. A code works once, for half a minute; a passkey must be"
        " one of this account.",
        "cannot_generate_recovery_codes": "Recovery codes stand in for an app or a passkey; add one of these"
        " first.",
    }

    def encrypt(self, text: str) -> str:
        """A copy of the database alone yields no codes."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises Refused when READINESS_SECRET_KEY is another than then."""
        try:
            return _fernet().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            raise Refused(UNREADABLE, UNREADABLE_ADVICE) from None

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The public address's host, whatever host the request names."""
        host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
        return {"id": host, "name": "Readiness"}

    def get_totp_label(self, user: Person) -> str:
        """What the authenticator app shows: the user name."""
        return user.get_username()

    def _get_user_identifier(self, user: Person) -> str:
        return user.get_username()

    def generate_authenticator_name(self, user: Person, type: Any) -> str:  # noqa: A002  # allauth's signature
        """What a passkey is called when nobody says."""
        return "Passkey"


def confirmed(request: HttpRequest) -> bool:
    """Whether the person confirmed a few minutes ago, in this session, that it is them.

    allauth takes who has neither password nor factor for confirmed; here they confirm at the provider.
    """
    records = get_authentication_records(request, request.user)
    times = [record["at"] for record in records if record.get("reauthenticated")]
    return bool(times) and time.time() - times[-1] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def _fernet() -> Fernet:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"readiness second factors")
    return Fernet(base64.urlsafe_b64encode(derive.derive(settings.SECRET_KEY.encode())))


class PeopleOnly(AuthenticationBackend):  # type: ignore[misc]  # allauth has no types
    """Sign-in for people: a service account has no session, whatever password it was given."""

    def user_can_authenticate(self, user: Person) -> bool:
        """Whether a password, or a session that is there already, lets this account in."""
        return not user.is_service and bool(super().user_can_authenticate(user))

    def get_user(self, user_id: int) -> Person | None:
        """The session's person, who knows from the same query whether they are an auditor anywhere."""
        user = Person.objects.annotate(audits=is_auditor()).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def _check_password(self, user: Person | None, password: str) -> Person | None:
        # allauth keeps whom `user_can_authenticate` refuses for its page about inactive accounts, and would
        # sign an active one in: a service account must be nobody before that.
        known = user if user is not None and not user.is_service else None
        found: Person | None = super()._check_password(known, password)
        return found
