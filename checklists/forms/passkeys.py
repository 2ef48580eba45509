"""Forms that take a passkey's answer when signing in: as allauth's, and a copy of the passkey is noticed."""

from __future__ import annotations

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms

from checklists import passkeys


class _Counted:
    """Beside allauth's own checks: the passkey's counter must move on."""

    def clean_credential(self) -> Authenticator:
        """The passkey that was used."""
        answer = self.cleaned_data["credential"]  # type: ignore[attr-defined]  # a form's
        found: Authenticator = super().clean_credential()  # type: ignore[misc]
        if not passkeys.moved_on(found.pk, answer):
            raise get_adapter().validation_error("incorrect_code")
        return found


class Authenticate(_Counted, forms.AuthenticateWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """As the second step after the password."""


class Login(_Counted, forms.LoginWebAuthnForm):  # type: ignore[misc]
    """Instead of the password."""


class Reauthenticate(_Counted, forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """To confirm oneself."""
