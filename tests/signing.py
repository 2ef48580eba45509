"""Signing for tests: the acts with the tests' password and a fresh challenge of the state that is named."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from checklists import challenges, clock
from checklists.actions import signoffs
from checklists.credentials import Given
from checklists.loaded import LoadedGate, load
from checklists.models import Person, SignOff

PASSWORD = "correct-horse-battery"
EVERYTHING = range(99)


def given(password: str = PASSWORD) -> Given:
    """The credentials of a request."""
    return Given(password=password)


def challenge(gate: int, role: str, by: Person, digest: str) -> str:
    """What the signing page puts into the form."""
    return challenges.make(challenges.Bound(person=by.pk, gate=gate, role=role, digest=digest))


def digest_of(gate: int) -> str:
    """The digest of the gate's present state."""
    return load(gate).judge(clock.now()).digest


def approve(
    *,
    gate: int,
    role: str,
    by: Person,
    digest: str = "",
    confirmed: Collection[int] = EVERYTHING,
    comment: str = "",
    password: str = PASSWORD,
) -> LoadedGate:
    """Sign the present state, or the one named, having confirmed everything."""
    return signoffs.approve(**_common(gate, role, by, digest, password), confirmed=confirmed, comment=comment)


def decline(
    *, gate: int, role: str, by: Person, reason: str, digest: str = "", password: str = PASSWORD
) -> LoadedGate:
    """Decline the present state, or the one named."""
    return signoffs.decline(**_common(gate, role, by, digest, password), reason=reason)


def withdraw(*, gate: int, by: Person, reason: str, password: str = PASSWORD) -> LoadedGate:
    """Take back what this person signed; without a signature the challenge is for nothing."""
    mine = SignOff.objects.filter(gate=gate, person=by, live=True).first()
    text = challenge(gate, mine.role, by, mine.digest) if mine else ""
    return signoffs.withdraw(gate=gate, by=by, given=given(password), challenge=text, reason=reason)


def _common(gate: int, role: str, by: Person, digest: str, password: str) -> dict[str, Any]:
    shown = digest or digest_of(gate)
    return {
        "gate": gate,
        "role": role,
        "by": by,
        "digest": shown,
        "given": given(password),
        "challenge": challenge(gate, role, by, shown),
    }
