"""Passkeys as a signer's credential: the browser's answer to the challenge of one form, checked here.

No session is needed: the challenge's name is the SHA-256 of all that the form is bound to (challenges.py),
and its 32 bytes are what the passkey signs. An answer made for another state answers another challenge.
"""

from __future__ import annotations

import json
import struct
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    UserVerificationRequirement,
)

from checklists.errors import WrongPassword
from checklists.models import Person

REQUIRED = UserVerificationRequirement.REQUIRED
MAX_ANSWER = 20_000
REFUSED = "The passkey was not accepted; nothing was signed."
AGAIN = "Press the button on this page and use one of the passkeys of your account."
COPIED = "This passkey counts backwards, as a copy of it would; nothing was signed."
COPIED_ADVICE = "Remove it on your page about security and add it again, or use another."


def options(person: Person, challenge: str) -> dict[str, Any]:
    """What the browser is asked to do with the challenge (64 hexadecimal characters), ready for JSON."""
    made, _ = _server().authenticate_begin(
        credentials=[data for _, data in _stored(person)],
        user_verification=REQUIRED,
        challenge=bytes.fromhex(challenge),
    )
    return dict(made)


def check(person: Person, challenge: str, answer: str) -> None:
    """One of the person's passkeys signed this very challenge, after seeing to it that it is them.

    Raises WrongPassword.
    """
    parsed = _parsed(answer)
    stored = _stored(person)
    state = {"challenge": websafe_encode(bytes.fromhex(challenge)), "user_verification": REQUIRED}
    if parsed.response.client_data.origin != origin():
        raise WrongPassword(REFUSED, AGAIN)
    try:
        used = _server().authenticate_complete(state, [data for _, data in stored], parsed)
    except ValueError:  # wrong challenge, kind, signature or passkey; not verified
        raise WrongPassword(REFUSED, AGAIN) from None
    row = next(pk for pk, data in stored if data.credential_id == used.credential_id)
    if not _count(row, parsed):
        raise WrongPassword(COPIED, COPIED_ADVICE)


def is_answer(found: Any) -> bool:
    """Whether this is a browser's answer, made on a page of this installation. Nothing in it is verified.

    A neighbour under the same domain, or at another port, may ask for the passkeys of this host too.
    """
    try:
        response = AuthenticationResponse.from_dict(found).response
        _ = response.authenticator_data
        return bool(response.client_data.origin == origin())
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, struct.error):
        return False


def moved_on(row: int, answer: Any) -> bool:
    """Whether the counter in an answer that was checked already is above all before it; notes the use."""
    return _count(row, AuthenticationResponse.from_dict(answer))


def _count(row: int, answer: AuthenticationResponse) -> bool:
    counter = answer.response.authenticator_data.counter
    with transaction.atomic():
        kept = Authenticator.objects.select_for_update().get(pk=row)
        last = kept.data.get("counter", 0)
        if (counter or last) and counter <= last:
            return False
        kept.data["counter"] = counter
        kept.last_used_at = timezone.now()
        kept.save(update_fields=["data", "last_used_at"])
    return True


def origin() -> str:
    """Where pages of this installation come from, as browsers write it."""
    parts = urlsplit(settings.PUBLIC_URL)
    return f"{parts.scheme}://{parts.netloc}"


def _server() -> Fido2Server:
    host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return Fido2Server(PublicKeyCredentialRpEntity(id=host, name="Readiness"))


def _stored(person: Person) -> list[tuple[int, AttestedCredentialData]]:
    rows = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN)
    found = ((row.pk, row.wrap().authenticator_data.credential_data) for row in rows)
    return [(pk, data) for pk, data in found if data]


def _parsed(answer: str) -> AuthenticationResponse:
    if len(answer) > MAX_ANSWER:
        raise WrongPassword(REFUSED, AGAIN)
    try:
        found = json.loads(answer)
        if not isinstance(found, dict):
            raise WrongPassword(REFUSED, AGAIN)
        return AuthenticationResponse.from_dict(found)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, struct.error):
        raise WrongPassword(REFUSED, AGAIN) from None
