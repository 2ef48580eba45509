"""Sending what the outbox holds. The row is the queue; its number of tries is the claim.

- hand_out: what is due now, each for one worker; a row that nobody took is handed out again
- a worker takes a row by raising `attempts` conditionally: whoever comes second finds nothing to do
- webhooks come at least once, with the same event id each time; a mail or chat message at most once: one
  whose sender died in the middle is given up, because it may have arrived
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import QuerySet

from checklists import clock
from checklists.actions.mailing import Failed, Unknown, send
from checklists.actions.webhook_calls import Outcome, call
from checklists.models import Message, WebhookDelivery
from checklists.models.outbox import OutState
from checklists.outbox import CONFIDENTIAL

PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
MAX_ATTEMPTS = len(PAUSES) + 1
RESEND_AFTER = timedelta(seconds=settings.RESEND_SECONDS)
LEASE = timedelta(minutes=2)
MOST = 200  # rows a sweep hands out at once
NEVER_ENDED = "Every try was started and none ended; the workers that made them died."
MAY_HAVE_ARRIVED = "The worker died while sending; the message may have arrived, so it is not sent again."
DROPPED = "The text held a secret and was dropped."


class Due(NamedTuple):
    """A row to be sent: its id, and how often it was tried before."""

    pk: int
    attempts: int


def hand_out() -> tuple[list[Due], list[Due]]:
    """Messages and deliveries that are due, for workers. Ends those that can never be sent any more."""
    now = clock.now()
    _end_dead(now)
    return _due(Message.objects.filter(claimed_at=None), now), _due(WebhookDelivery.objects.all(), now)


def _due(rows: QuerySet[Any], now: datetime) -> list[Due]:
    queued = rows.filter(state=OutState.QUEUED, next_at__lte=now).order_by("next_at", "pk")
    due = [Due(*row) for row in queued.values_list("pk", "attempts")[:MOST]]
    if due:
        # Until then a worker should have taken it; else the broker lost it.
        queued.filter(pk__in=[row.pk for row in due]).update(next_at=now + RESEND_AFTER)
    return due


def _end_dead(now: datetime) -> None:
    lost = Message.objects.filter(state=OutState.QUEUED, claimed_at__lt=now - LEASE)
    lost.filter(key__startswith=CONFIDENTIAL).update(body=DROPPED)
    lost.update(state=OutState.FAILED, error=MAY_HAVE_ARRIVED)
    spent = WebhookDelivery.objects.filter(
        state=OutState.QUEUED, next_at__lte=now, attempts__gte=MAX_ATTEMPTS
    )
    spent.update(state=OutState.FAILED, error=NEVER_ENDED)


def deliver(pk: int, attempts: int) -> bool:
    """Call one webhook, if this try is still to be made. False: somebody else makes it, or it ended."""
    now = clock.now()
    queued = WebhookDelivery.objects.filter(pk=pk, state=OutState.QUEUED, attempts=attempts)
    if not queued.update(attempts=attempts + 1, next_at=now + LEASE):
        return False
    row = WebhookDelivery.objects.select_related("webhook").get(pk=pk)
    outcome = call(row, at=now)
    _note(row, outcome)
    return True


def _note(row: WebhookDelivery, outcome: Outcome) -> None:
    now = clock.now()
    said: dict[str, Any] = {
        "status": outcome.status,
        "milliseconds": outcome.milliseconds,
        "error": outcome.error[:300],
    }
    if outcome.ok:
        said |= {"state": OutState.SENT, "sent_at": now}
    else:
        said |= _again(row.attempts, now, final=outcome.final)
    WebhookDelivery.objects.filter(pk=row.pk, state=OutState.QUEUED, attempts=row.attempts).update(**said)


def post(pk: int, attempts: int) -> bool:
    """Send one mail or chat message, if this try is still to be made. False: somebody else makes it."""
    now = clock.now()
    free = Message.objects.filter(pk=pk, state=OutState.QUEUED, attempts=attempts, claimed_at=None)
    if not free.update(attempts=attempts + 1, claimed_at=now):
        return False
    row = Message.objects.get(pk=pk)
    said: dict[str, Any]
    try:
        send(row)
    except Unknown as problem:
        said = {"state": OutState.FAILED, "error": str(problem)[:300]}
    except Failed as problem:
        said = {**_again(row.attempts, now, final=problem.final), "error": str(problem)[:300]}
    else:
        said = {"state": OutState.SENT, "sent_at": clock.now(), "error": ""}
    if "state" in said and row.key.startswith(CONFIDENTIAL):
        said["body"] = DROPPED
    mine = Message.objects.filter(pk=pk, state=OutState.QUEUED, attempts=row.attempts)
    mine.update(claimed_at=None, **said)
    return True


def _again(attempts: int, now: datetime, *, final: bool) -> dict[str, Any]:
    if final or attempts >= MAX_ATTEMPTS:
        return {"state": OutState.FAILED}
    return {"next_at": now + PAUSES[attempts - 1]}


def pauses_in_words(pauses: Sequence[timedelta] = PAUSES) -> str:
    """The pauses between tries: "1 min, 5 min, … 24 h"."""
    minutes = [int(pause.total_seconds() // 60) for pause in pauses]
    return ", ".join(f"{m} min" if m < 60 else f"{m // 60} h" for m in minutes)
