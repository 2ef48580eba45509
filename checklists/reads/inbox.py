"""A person's inbox, and the two numbers that every page shows."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from checklists import clock, queries
from checklists.models import Notification, NotificationPreference, Person, Project
from checklists.models.outbox import NotificationKind
from checklists.outbox_events import WANTED_BY_MAIL


class Counts(NamedTuple):
    """Signatures that wait for a person, and unread lines of their inbox."""

    waiting: int
    unread: int


def lines(person: Person, now: datetime | None = None) -> QuerySet[Notification]:
    """The inbox: unread first, newest first; only of projects that the person still belongs to."""
    mine = Notification.objects.filter(person=person, project__in=Project.objects.visible_to(person, now))
    new = ExpressionWrapper(Q(read_at=None), BooleanField())
    return mine.select_related("project").order_by(new.desc(), "-id")


def unread(person: Person, now: datetime | None = None) -> QuerySet[Notification]:
    """Lines not read yet."""
    return lines(person, now).filter(read_at=None)


def counts(person: Person) -> Counts:
    """Both numbers of the shell: one query, written once."""
    sql, parameters = _counts_sql()
    stands_for = {_ANYBODY: person.pk, _moment(_ANY_TIME): _moment(clock.now())}
    with connection.cursor() as cursor:
        cursor.execute(sql, [stands_for.get(value, value) for value in parameters])
        return Counts(*(int(number) for number in cursor.fetchone()))


def by_mail(person: Person) -> dict[str, bool]:
    """Each kind with whether it comes by mail as well: chosen, or the kind's default."""
    chosen = dict(NotificationPreference.objects.filter(person=person).values_list("kind", "mail"))
    return {kind.value: chosen.get(kind.value, kind in WANTED_BY_MAIL) for kind in NotificationKind}


_ANYBODY = -1
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


@cache
def _counts_sql() -> tuple[str, list[Any]]:
    # Django needs ten times as long to write these as the database to answer them.
    anybody = Person(pk=_ANYBODY)
    rows = (queries.waiting_roles(anybody, _ANY_TIME), unread(anybody, _ANY_TIME))
    parts = [r.order_by().select_related(None).values("pk").query.sql_with_params() for r in rows]
    asked = ", ".join(f"(SELECT COUNT(*) FROM ({sql}) AS part)" for sql, _ in parts)  # noqa: S608  # Django's own
    return f"SELECT {asked}", [value for _, parameters in parts for value in parameters]
