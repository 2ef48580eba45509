"""Acts on a person's second factors: every change is logged, and ends the person's other sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from allauth.mfa.models import Authenticator
from django.db import transaction

from checklists import audit, clock
from checklists.actions import sessions
from checklists.models import Person

Type = Authenticator.Type
KINDS = {
    Type.TOTP.value: "authenticator app",
    Type.WEBAUTHN.value: "passkey",
    Type.RECOVERY_CODES.value: "recovery codes",
}
_Kept = dict[int, tuple[str, str]]  # row: kind, name of a passkey


@contextmanager
def keep(*, person: Person, by: Person, session: str | None) -> Iterator[None]:
    """One change of a person's factors in a transaction, with an entry for each that came or went.

    A factor that comes or goes ends every session of the person but `session`: whoever got in before must
    get in again, past what holds now. No secret, code or key is written to the log.
    """
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        before = _kept(person)
        yield
        after = _kept(person)
        for row in sorted(before.keys() - after.keys()):
            _log(person, by, *before[row], verb="factor.removed")
        for row in sorted(after.keys() - before.keys()):
            kind, name = after[row]
            codes = kind == Type.RECOVERY_CODES
            _log(person, by, kind, name, verb="factor.codes" if codes else "factor.added")
        if before.keys() != after.keys():
            sessions.end(person=person, by=by, but=session)


def remove_all(*, person: Person, by: Person) -> None:
    """Take away every factor of a person who lost them; the password alone signs in again.

    Who may do this is the admin's own permission. Every session of the person ends.
    """
    with keep(person=person, by=by, session=None):
        Authenticator.objects.filter(user=person).delete()


def _kept(person: Person) -> _Kept:
    rows = Authenticator.objects.filter(user=person)
    return {row.pk: (row.type, str(row) if row.type == Type.WEBAUTHN else "") for row in rows}


def _log(person: Person, by: Person, kind: str, name: str, *, verb: str) -> None:
    data = {"factor": KINDS[kind], **({"name": name[:100]} if name else {})}
    audit.append(
        audit.INSTALLATION, by=by, verb=verb, at=clock.now(), subject=person.get_username(), data=data
    )
