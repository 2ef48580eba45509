"""What a verification found, in the order and words of the page."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from readiness.engine import seal
from readiness.engine.sealed.verify.result import Claim, Result, Signed, State, Verification

HEADLINES = {
    Result.VERIFIED: ("verified", "Verified", "Everything in this file is as it was signed."),
    Result.CONSISTENT: (
        "not-verified",
        "Consistent, origin not verified",
        "Nothing in it contradicts itself, but not all of it is vouched for. A forgery can look like this.",
    ),
    Result.FAILED: (
        "broken",
        "Failed",
        "This file is not what was signed. Do not rely on anything in it.",
    ),
}
DECISIONS = {"approve": "approved", "decline": "declined", "withdraw": "withdrew an earlier sign-off"}
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
    """A claim, or several of which the same is to be said; `more` details are not shown."""

    titles: tuple[str, ...]
    state: str
    why: str
    details: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSignature:
    """A sign-off as the file says it, whatever it says."""

    signed: Signed
    decided: str
    role: str
    at: str
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
    made_at: str
    trusted: bool
    data: str


def shown(found: Verification) -> Shown:
    """The verification as the page shows it: bounded, for the file may be anybody's."""
    state, headline, words = HEADLINES[found.result]
    data = seal.canonical(found.to_dict())
    signatures = found.decided.signatures
    return Shown(
        verification=found,
        state=state,
        headline=headline,
        words=words,
        claims=tuple(_claims(found)),
        signatures=tuple(_signature(signed) for signed in signatures[:MOST_SIGNATURES]),
        more_signatures=max(0, len(signatures) - MOST_SIGNATURES),
        made_at=_moment(found.decided.made_at),
        trusted=found.result is Result.VERIFIED,
        data=base64.b64encode(data).decode() if len(data) <= MOST_BYTES else "",
    )


def _claims(found: Verification) -> Iterator[ShownClaim]:
    """What failed first; last what nobody asked for, a checkpoint of one's own."""
    order = list(STATES)

    def place(claim: Claim) -> int:
        unasked = claim.id == "outside" and claim.state is State.NOT_VERIFIED and not claim.details
        return len(order) if unasked else order.index(claim.state)

    ordered = sorted(found.claims, key=place)
    for (why, _), group in groupby(ordered, key=lambda claim: (claim.why, claim.details)):
        same = list(group)
        details = same[0].details[:MOST_DETAILS]
        yield ShownClaim(
            titles=tuple(claim.title for claim in same),
            state=STATES[same[0].state],
            why=why,
            details=details,
            more=len(same[0].details) - len(details),
        )


def _signature(signed: Signed) -> ShownSignature:
    return ShownSignature(
        signed=signed,
        decided=DECISIONS.get(signed.decision, signed.decision),
        role=signed.role.replace("-", " "),
        at=_moment(signed.signed_at),
        methods=" and ".join(METHODS.get(method, method) for method in signed.methods),
    )


def _moment(text: str) -> str:
    """A time as people read it; as it stands when it is none."""
    try:
        return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S %z}"
    except ValueError:
        return text
