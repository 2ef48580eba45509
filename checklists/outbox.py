"""What people and other systems are told: rows, written in the transaction of the act they tell of.

`emit` writes lines of inboxes, mails, chat messages and webhook deliveries. The rows are the queue: workers
send them after the transaction (actions/outgoing.py), and a sweep finds whatever was forgotten. A key keeps
everything from coming twice, so an event may be emitted again without harm.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from kombu.exceptions import OperationalError

from checklists import clock
from checklists.models import (
    Membership,
    Message,
    Notification,
    NotificationPreference,
    Person,
    Project,
    Webhook,
    WebhookDelivery,
)
from checklists.models.outbox import NotificationKind
from checklists.outbox_events import EVENTS, WANTED_BY_MAIL
from readiness.celery import app

log = logging.getLogger(__name__)

MAIL = "mail"
# So begins the key of a message whose text holds a secret: its text is dropped once it was sent or given up.
CONFIDENTIAL = "secret:"
_SPACE = uuid.UUID("8d1f2a4e-6a0e-5c52-9a55-2b6f6f0f7c11")


def emit(
    event: str,
    *,
    project: Project,
    subject_url_path: str,
    title: str,
    text: str = "",
    data: Mapping[str, Any] | None = None,
    people: Iterable[Person] = (),
    kind: NotificationKind | None = None,
    key: str = "",
    by: Person | None = None,
) -> uuid.UUID:
    """Tell people, the project's channels and its webhooks; must run inside the act's transaction.

    `subject_url_path` leads to the row it is about. `people` are told but for `by`, who did it, service
    accounts, the deactivated, and who does not belong to the project (any more). `key` names the occurrence:
    the same event with the same key is told once, for ever; without one this call is an occurrence of its
    own. Returns the event's id. Raises ValueError for an event that EVENTS does not name.
    """
    if event not in EVENTS:
        raise ValueError(f"unknown event {event!r}")
    full_key = f"{project.pk}:{event}:{key or uuid.uuid4()}"[:120]
    news = _News(
        event=event,
        project=project,
        kind=kind or EVENTS[event].kind,
        title=" ".join(title.split())[:200],
        text=text.strip()[:500],
        path=subject_url_path[:300],
        key=full_key,
        id=uuid.uuid5(_SPACE, full_key),
        at=clock.now(),
    )
    named = {p.pk: p for p in people if p.is_active and not p.is_service and p != by}
    if named:
        _tell_people(news, list(named.values()))
    _tell_channels(news)
    _tell_webhooks(news, data or {})
    return news.id


def mail_works() -> bool:
    """Whether the operator named a mail server; without one no mail is written."""
    return bool(settings.EMAIL_HOST)


def absolute(path: str) -> str:
    """The whole address of a page, for those who are not on it."""
    return f"{settings.PUBLIC_URL}{path}"


def write_mail(
    *, project: Project, to: Sequence[str], subject: str, body: str, key: str, at: datetime
) -> None:
    """Queue a mail to each address, once per key; none where no mail server is named."""
    line = " ".join(subject.split())  # a project's name may hold line ends, which no header may
    if mail_works():
        _queue(
            Message(
                project=project, channel=MAIL, to=address, subject=line[:200], body=body, key=key[:120],
                next_at=at, created_at=at,
            )
            for address in to
            if address
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    event: str
    project: Project
    kind: NotificationKind
    title: str
    text: str
    path: str
    key: str
    id: uuid.UUID
    at: datetime

    @property
    def body(self) -> str:
        """The message as plain text, with the link at its end."""
        parts = [self.title, self.text, absolute(self.path)]
        return "\n\n".join(part for part in parts if part) + "\n"


def _tell_people(news: _News, people: list[Person]) -> None:
    told = Notification.objects.filter(person=OuterRef("person"), key=news.key)
    members = Membership.objects.live(news.at).filter(~Exists(told), project=news.project, person__in=people)
    waiting = set(members.values_list("person", flat=True))
    new = [person for person in people if person.pk in waiting]
    Notification.objects.bulk_create(
        (
            Notification(
                person=person,
                project=news.project,
                kind=news.kind,
                title=news.title,
                text=news.text,
                path=news.path,
                key=news.key,
                created_at=news.at,
            )
            for person in new
        ),
        ignore_conflicts=True,
    )
    if not (mail_works() and new):
        return
    chosen = dict(
        NotificationPreference.objects.filter(person__in=new, kind=news.kind).values_list("person", "mail")
    )
    default = news.kind in WANTED_BY_MAIL
    wanted = [person.email for person in new if chosen.get(person.pk, default)]
    about = f"{news.body}\n-- \nReadiness tells you because you belong to {news.project.name}. "
    about += f"Choose what comes by mail: {absolute('/inbox/preferences')}\n"
    write_mail(
        project=news.project,
        to=wanted,
        subject=f"[{news.project.name}] {news.title}",
        body=about,
        key=news.key,
        at=news.at,
    )


def _tell_channels(news: _News) -> None:
    names = [name for name in news.project.channels if name in settings.CHANNELS]
    _queue(
        Message(
            project=news.project,
            channel=name,
            subject=news.title,
            body=news.body,
            key=news.key,
            next_at=news.at,
            created_at=news.at,
        )
        for name in names
    )


def _tell_webhooks(news: _News, data: Mapping[str, Any]) -> None:
    active = Webhook.objects.filter(project=news.project, active=True)
    write_deliveries([w for w in active if news.event in w.events], news.event, news.id, news.at, body={
        "project": {"slug": news.project.slug, "name": news.project.name},
        "data": {"title": news.title, "text": news.text, "url": absolute(news.path), **data},
    })  # fmt: skip


def write_deliveries(
    webhooks: Sequence[Webhook], event: str, event_id: uuid.UUID, at: datetime, *, body: Mapping[str, Any]
) -> None:
    """Queue one event for each webhook, once per event id."""
    moment = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    head = {"id": str(event_id), "type": event, "timestamp": moment}
    text = json.dumps({**head, **body}, ensure_ascii=False, separators=(",", ":"))
    rows = [
        WebhookDelivery(webhook=webhook, event_id=event_id, event=event, body=text, next_at=at, created_at=at)
        for webhook in webhooks
    ]
    if rows:
        WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True)
        ring()


def _queue(messages: Iterable[Message]) -> None:
    rows = list(messages)
    if rows:
        Message.objects.bulk_create(rows, ignore_conflicts=True)
        ring()


def ring() -> None:
    """Have a worker look for what is to be sent, once this transaction is through."""
    # One bell for everything that a transaction writes.
    if not any(hook[1] is _ring for hook in transaction.get_connection().run_on_commit):
        transaction.on_commit(_ring, robust=True)


def _ring() -> None:
    # By name, because tasks lie above. When the broker is away the sweep finds the rows.
    try:
        app.send_task("checklists.post", retry=False, ignore_result=True)
    except OperationalError as error:
        log.warning("The broker is away, messages stay queued: %s", error)
