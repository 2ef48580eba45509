"""What a verification found, in the order and words of the page."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from readiness.engine import seal
from readiness.engine.sealed.verify.result import Claim, Result, Signed, State, Verification

HEADLINES = {
    Result.VERIFIED: ("verified", "Verified", "Everything in this file is as it was signed."),
    Result.CONSISTENT: (
        "not-verified",
        "Consistent, origin not verified",
        "Nothing in it contradicts itself, but no trusted key vouches for it. A forgery can look like this.",
    ),
    Result.FAILED: (
        "broken",
        "Failed",
        "This file is not what was signed. Do not rely on anything in it.",
    ),
}
METHODS = {
    "password": "password",
    "totp": "authenticator code",
    "recovery-code": "recovery code",
    "passkey": "passkey",
    "sso": "single sign-on",
}
STATES = {State.FAILED: "broken", State.NOT_VERIFIED: "not-verified", State.VERIFIED: "verified"}


MOST_SIGNATURES = 200
MOST_DETAILS = 100
MOST_BYTES = 1 << 20  # of the result as JSON inside the page


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownClaim:
    """A claim with the name of its state as the page's badges know it; `more` details are not shown."""

    claim: Claim
    state: str
    details: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSignature:
    """A sign-off as the file says it, whatever it says."""

    signed: Signed
    role: str
    methods: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The result first; claims with what failed first; who signed."""

    verification: Verification
    state: str
    headline: str
    words: str
    claims: tuple[ShownClaim, ...]
    signatures: tuple[ShownSignature, ...]
    more_signatures: int
    trusted: bool
    data: str


def shown(found: Verification) -> Shown:
    """The verification as the page shows it: bounded, for the file may be anybody's."""
    state, headline, words = HEADLINES[found.result]
    order = list(STATES)
    claims = sorted(found.claims, key=lambda claim: order.index(claim.state))
    data = seal.canonical(found.to_dict())
    signatures = found.decided.signatures
    return Shown(
        verification=found,
        state=state,
        headline=headline,
        words=words,
        claims=tuple(_claim(claim) for claim in claims),
        signatures=tuple(_signature(signed) for signed in signatures[:MOST_SIGNATURES]),
        more_signatures=max(0, len(signatures) - MOST_SIGNATURES),
        trusted=found.result is Result.VERIFIED,
        data=base64.b64encode(data).decode() if len(data) <= MOST_BYTES else "",
    )


def _claim(claim: Claim) -> ShownClaim:
    shown_details = claim.details[:MOST_DETAILS]
    more = len(claim.details) - len(shown_details)
    return ShownClaim(claim=claim, state=STATES[claim.state], details=shown_details, more=more)


def _signature(signed: Signed) -> ShownSignature:
    methods = " and ".join(METHODS.get(method, method) for method in signed.methods)
    return ShownSignature(signed=signed, role=signed.role.replace("-", " "), methods=methods)
