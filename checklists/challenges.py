"""What a signing form carries so that its signature is one person's, for one state, made once.

A challenge is made when the form is shown and kept by nobody: the server signs it, and the form brings it
back. Its name, 64 hexadecimal characters, is the SHA-256 of all that it is bound to, so that whatever answers
it (a passkey, a provider) answers for that state alone. The row of the signature keeps the name, and no
other row may have it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, Signer

from checklists import clock
from checklists.errors import StaleForm
from readiness.engine import seal

LIFE = timedelta(minutes=15)
EXPIRED = "This form is older than 15 minutes; nothing was signed."
EXPIRED_ADVICE = "Look at the state shown now and sign it."
FOREIGN = "This form was made for another person, gate, role or state; nothing was signed."
FOREIGN_ADVICE = "Sign with the form on this page."
_SALT = "readiness.signing-challenge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a challenge holds for: ids of person and gate, the role, the digest of the state."""

    person: int
    gate: int
    role: str
    digest: str


def make(bound: Bound, at: datetime | None = None) -> str:
    """A fresh challenge as text for a form; about 200 characters."""
    issued = int((at or clock.now()).timestamp())
    return _signer().sign_object({"issued": issued, "random": secrets.token_hex(32), "for": _name(bound)})


def read(text: str, bound: Bound, at: datetime | None = None) -> str:
    """The challenge's name, 64 hexadecimal characters.

    Raises StaleForm when it was not made here, for something else, or more than 15 minutes ago.
    """
    try:
        loaded = _signer().unsign_object(text)
    except (BadSignature, ValueError):
        raise StaleForm(FOREIGN, FOREIGN_ADVICE) from None
    if loaded["for"] != _name(bound):
        raise StaleForm(FOREIGN, FOREIGN_ADVICE)
    age = (at or clock.now()).timestamp() - loaded["issued"]
    if not -60 < age <= LIFE.total_seconds():
        raise StaleForm(EXPIRED, EXPIRED_ADVICE)
    return hashlib.sha256(seal.canonical(loaded)).hexdigest()


def _name(bound: Bound) -> str:
    said = {"person": bound.person, "gate": bound.gate, "role": bound.role, "digest": bound.digest}
    return hashlib.sha256(seal.canonical(said)).hexdigest()


def _signer() -> Signer:
    return Signer(salt=_SALT)
