"""Attempts that were refused, and who signed in: the stream "access" of the audit log.

A flood must not fill the disk: of one person, token or address MOST a minute are logged, of everybody
together MOST_TOGETHER; the rest is counted and stands in one entry, "and 412 more".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from checklists import audit, clock, where
from checklists.models import Person, RefusalCount

STREAM = audit.ACCESS
MOST, MOST_TOGETHER = 20, 300
MINUTE = timedelta(minutes=1)
EVERYBODY = "everybody"


def note(
    verb: str,
    *,
    who: str,
    by: Person | None = None,
    subject: str = "",
    data: Mapping[str, Any] | None = None,
) -> bool:
    """Log a refused attempt, in a transaction of its own; False when it was only counted.

    `who` names the person, token or address that the limit is for.
    """
    now = clock.now()
    with transaction.atomic():
        # Everybody's row last, always: two attempts never wait for each other crosswise.
        logged = _room(who[:120], MOST, now) and _room(EVERYBODY, MOST_TOGETHER, now)
        if logged:
            audit.append(STREAM, by=by, verb=verb, at=now, subject=_plain(subject), data=data)
    place = where.current()
    if place:
        place.told = True
    return logged


def came(verb: str, person: Person) -> None:
    """Log that somebody signed in or out."""
    with transaction.atomic():
        audit.append(STREAM, by=person, verb=verb, at=clock.now())


def settle(now: datetime) -> None:
    """End the counts of minutes that are over: each that was more than logged becomes an entry."""
    for who in RefusalCount.objects.filter(since__lte=now - MINUTE).values_list("who", flat=True)[:1000]:
        with transaction.atomic():
            row = RefusalCount.objects.select_for_update().filter(who=who, since__lte=now - MINUTE).first()
            if row:
                _end(row, now)
                row.delete()


def _room(who: str, most: int, now: datetime) -> bool:
    """Count the attempt; whether it is among those that are logged."""
    row, _ = RefusalCount.objects.select_for_update().get_or_create(who=who, defaults={"since": now})
    if not row.since <= now < row.since + MINUTE:
        _end(row, now)
        row.since, row.count = now, 0
    row.count += 1
    row.save()
    return row.count <= most


def _end(row: RefusalCount, now: datetime) -> None:
    more = row.count - (MOST_TOGETHER if row.who == EVERYBODY else MOST)
    if more > 0:
        data = {"who": row.who, "since": row.since.isoformat(), "more": more}
        audit.append(STREAM, by=None, verb="access.more", at=now, subject=_plain(row.who), data=data)


def _plain(text: str) -> str:
    """What a stranger typed, without what no database or line of a log keeps."""
    return "".join(c if c.isprintable() else "�" for c in text.encode("utf-8", "replace").decode())[:200]
