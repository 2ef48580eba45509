"""Signing the heads of audit streams on a schedule, and bringing checkpoints off the host.

A delivery is tried until it arrived: a checkpoint that comes twice does no harm, one that is lost does. The
row's `next_at` is the lease of who sends it, so that another worker takes over when one dies.
"""

from __future__ import annotations

import logging
import smtplib
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Max, OuterRef, Q, Subquery

from checklists import checkpoints, clock, outbox
from checklists.actions import checkpoint_file
from checklists.models import AuditStream, Checkpoint, CheckpointDelivery, Project
from checklists.models.audit import CheckpointCause
from checklists.models.audit_out import Way
from readiness.engine.errors import ReadinessError

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
LONGEST = timedelta(hours=6)
MOST = 200
_SPACE = uuid.UUID("4f5d2b9c-4f1a-5c1e-9a7f-2f1d5f3ad0c1")


def sign_moved(now: datetime) -> list[Checkpoint]:
    """A checkpoint of every stream that moved since its last one. What cannot be signed is logged, loudly."""
    made = [_sign(name, now) for name in moved()]
    return [row for row in made if row]


def moved() -> list[str]:
    """Streams with entries that no checkpoint covers."""
    covered = Checkpoint.objects.filter(stream=OuterRef("name")).order_by().values("stream")
    heads = AuditStream.objects.annotate(
        covered=Subquery(covered.annotate(most=Max("length")).values("most"))
    )
    behind = heads.filter(Q(covered=None) | Q(covered__lt=F("length")), length__gt=0)
    return sorted(behind.values_list("name", flat=True))


def _sign(stream: str, now: datetime) -> Checkpoint | None:
    try:
        with transaction.atomic():
            return checkpoints.sign_head(stream, cause=CheckpointCause.SCHEDULE, at=now)
    except ReadinessError as error:
        log.error("No checkpoint of %s: %s", stream, error)  # noqa: TRY400  # the words say it all
        return None


def waiting(now: datetime) -> bool:
    """Whether anything is due to be delivered."""
    return CheckpointDelivery.objects.filter(sent_at=None, next_at__lte=now).exists()


def deliver(now: datetime) -> int:
    """Deliver what is due, by each way; how many arrived."""
    return sum(_by(way, now) for way in Way)


def _by(way: Way, now: datetime) -> int:
    rows = _claim(way, now)
    if not rows:
        return 0
    try:
        {Way.FILE: _file, Way.MAIL: _mail, Way.WEBHOOK: _webhooks}[way]([row.checkpoint for row in rows])
    except (OSError, smtplib.SMTPException, ReadinessError) as error:
        log.warning("%d checkpoints wait, the %s does not take them: %s", len(rows), way.label, error)
        _later(rows, f"{error}"[:300], now)
        return 0
    sent = CheckpointDelivery.objects.filter(pk__in=[row.pk for row in rows], sent_at=None)
    return sent.update(sent_at=clock.now(), error="")


def _claim(way: Way, now: datetime) -> list[CheckpointDelivery]:
    """Rows that nobody else sends now, oldest first."""
    due = CheckpointDelivery.objects.filter(way=way, sent_at=None, next_at__lte=now)
    mine = []
    for row in due.select_related("checkpoint").order_by("pk")[:MOST]:
        free = CheckpointDelivery.objects.filter(pk=row.pk, sent_at=None, next_at=row.next_at)
        if free.update(next_at=now + LEASE, attempts=F("attempts") + 1):
            row.attempts += 1
            mine.append(row)
    return mine


def _later(rows: Sequence[CheckpointDelivery], why: str, now: datetime) -> None:
    for row in rows:
        pause = min(timedelta(minutes=2 ** min(row.attempts - 1, 20)), LONGEST)
        CheckpointDelivery.objects.filter(pk=row.pk, sent_at=None).update(next_at=now + pause, error=why)


def _file(rows: Sequence[Checkpoint]) -> None:
    checkpoint_file.append(settings.CHECKPOINT_FILE, [row.note for row in rows])


def _mail(rows: Sequence[Checkpoint]) -> None:
    words = (
        "Checkpoints of the audit log. Keep this mail where nobody of that installation can change it;"
        " `manage.py audit verify --checkpoint FILE` holds the log against it.\n"
    )
    notes = "\n".join(row.note for row in rows)
    mail = EmailMessage(
        f"[Readiness] {len(rows)} checkpoint{'s' if len(rows) > 1 else ''} of the audit log",
        f"{words}\n{notes}",
        to=list(settings.CHECKPOINT_MAIL),
    )
    mail.attach("checkpoints.txt", notes, "text/plain")
    mail.send()


def _webhooks(rows: Sequence[Checkpoint]) -> None:
    for row in rows:
        for webhook in checkpoints.webhooks(row.stream):
            key = f"{checkpoints.EVENT}:{row.pk}"
            outbox.write_deliveries(
                [webhook],
                checkpoints.EVENT,
                uuid.uuid5(_SPACE, key),
                row.at,
                body=_body(row, webhook.project),
            )


def _body(row: Checkpoint, project: Project) -> dict[str, object]:
    return {
        "project": {"slug": project.slug, "name": project.name},
        "data": {
            "title": f"Checkpoint of the audit log {row.stream} at entry {row.length}",
            "text": "Keep the note; the audit log is verified against it.",
            "url": outbox.absolute("/audit/checkpoints"),
            "stream": row.stream,
            "length": row.length,
            "head": row.head,
            "note": row.note,
        },
    }
