"""Forms that take a passkey's answer when signing in: as allauth's, and a copy of the passkey is noticed.

Nor does an answer count that was given on another page than ours, or that is none at all.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms
from django.forms import Form, HiddenInput, JSONField

from checklists import passkeys


class AnswerField(JSONField):
    """A browser's answer as JSON, of a length and depth that answers have."""

    def to_python(self, value: Any) -> Any:
        """Raises ValidationError."""
        try:
            found = super().to_python(value) if len(value or "") <= passkeys.MAX_ANSWER else None
        except RecursionError:
            found = None
        if not passkeys.is_answer(found):
            raise get_adapter().validation_error("incorrect_code")
        return found


class _Counted(Form):
    """Beside allauth's own checks: the answer is from a page of ours, and the passkey's counter moves on."""

    credential = AnswerField(widget=HiddenInput)

    def clean_credential(self) -> Authenticator:
        """The passkey that was used."""
        answer = self.cleaned_data["credential"]
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
