"""Acts on a person's sessions: where they are signed in, and ending that."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.db import transaction

from checklists import audit, clock
from checklists.errors import Refused
from checklists.models import Person


def end_one(*, person: Person, pk: int) -> None:
    """End one session; its next request is a visitor's. Raises Refused when it is not there or not theirs."""
    with transaction.atomic():
        row = UserSession.objects.filter(user=person, pk=pk).first()
        if row is None:
            raise Refused("This session is over already.")
        row.end()
        _log(person, person, 1)


def end(*, person: Person, by: Person, but: str | None) -> int:
    """End every session of a person but the one with the key `but`; how many that were."""
    with transaction.atomic():
        rows = list(UserSession.objects.filter(user=person).exclude(session_key=but or ""))
        for row in rows:
            row.end()
        if rows:
            _log(person, by, len(rows))
    return len(rows)


def _log(person: Person, by: Person, number: int) -> None:
    audit.append(
        audit.INSTALLATION,
        by=by,
        verb="session.ended",
        at=clock.now(),
        subject=person.get_username(),
        data={"sessions": number},
    )
