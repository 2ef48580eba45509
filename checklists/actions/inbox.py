"""Acts on one's own inbox: mark lines read, choose what comes by mail. They concern nobody else: no audit."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from checklists import clock
from checklists.models import Notification, NotificationPreference, Person
from checklists.models.outbox import NotificationKind


def mark_read(*, by: Person, line: int) -> Notification:
    """Mark one line read; the line. Raises Notification.DoesNotExist for another person's."""
    found = Notification.objects.get(pk=line, person=by)
    if found.read_at is None:
        found.read_at = clock.now()
        found.save(update_fields=["read_at"])
    return found


def mark_all_read(*, by: Person, newest: int) -> int:
    """Mark read what was on the page: lines up to `newest`; how many there were."""
    unread = Notification.objects.filter(person=by, read_at=None, pk__lte=newest)
    return unread.update(read_at=clock.now())


def choose_mail(*, by: Person, kinds: Collection[str]) -> None:
    """Choose the kinds that come by mail; all others do not."""
    with transaction.atomic():
        for kind in NotificationKind:
            NotificationPreference.objects.update_or_create(
                person=by, kind=kind, defaults={"mail": kind.value in kinds}
            )
