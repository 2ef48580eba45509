"""Signing the head of an audit stream, so that cutting it off or writing it anew shows.

A checkpoint is worth what it costs to take it back: its deliveries off the host are written in the same
transaction (actions/checkpoints.py sends them).
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from checklists import audit_chain, keys
from checklists.models import AuditEntry, AuditStream, Checkpoint, CheckpointDelivery, Gate, Project, Webhook
from checklists.models.audit_out import Way
from readiness.engine.errors import ReadinessError
from readiness.engine.sealed import checkpoint
from readiness.engine.sealed.log import GENESIS

EVENT = "audit.checkpoint"


class LogChanged(ReadinessError):
    """The audit log was changed outside the application, so that its head is not signed."""


def sign_head(stream: str, *, cause: str, at: datetime) -> Checkpoint | None:
    """A checkpoint of the stream as it is now; None for a stream without entries.

    What was written since the newest checkpoint is verified first, so that no signature covers a forgery.
    Raises KeyMissing, LogChanged.
    """
    head = AuditStream.objects.filter(pk=stream, length__gt=0).first()
    if head is None:
        return None
    _verify_since(head)
    return sign(stream, head.length, head.head, cause=cause, at=at)


def sign(stream: str, length: int, head: str, *, cause: str, at: datetime) -> Checkpoint:
    """A checkpoint of that many entries, queued for delivery. Raises KeyMissing."""
    key = keys.signer()
    said = checkpoint.Checkpoint(
        installation=keys.installation(), stream=stream, length=length, head=head, at=at
    )
    note = checkpoint.sign(said, key, key.public).decode()
    with transaction.atomic():
        row = Checkpoint.objects.create(
            stream=stream, length=length, head=head, at=at, note=note, key_id=key.id, cause=cause
        )
        CheckpointDelivery.objects.bulk_create(
            CheckpointDelivery(checkpoint=row, way=way, next_at=at) for way in _ways(stream)
        )
    return row


def newest(stream: str) -> Checkpoint | None:
    """The checkpoint that covers most of the stream."""
    return Checkpoint.objects.filter(stream=stream).order_by("-length", "-pk").first()


def webhooks(stream: str) -> list[Webhook]:
    """The webhooks of the stream's project that want its checkpoints."""
    project = project_of(stream)
    rows = Webhook.objects.filter(project=project, active=True) if project else Webhook.objects.none()
    return [row for row in rows.select_related("project") if EVENT in row.events]


def project_of(stream: str) -> int | None:
    """The project that a stream belongs to, itself or by its gate; None for the installation's streams."""
    kind, _, number = stream.partition(":")
    if kind == "project":
        return Project.objects.filter(pk=number).values_list("pk", flat=True).first()
    if kind == "gate":
        return Gate.objects.filter(pk=number).values_list("release__project", flat=True).first()
    return None


def _ways(stream: str) -> list[Way]:
    return [
        way
        for way, wanted in (
            (Way.FILE, bool(settings.CHECKPOINT_FILE)),
            (Way.MAIL, bool(settings.CHECKPOINT_MAIL and settings.EMAIL_HOST)),
            (Way.WEBHOOK, bool(webhooks(stream))),
        )
        if wanted
    ]


def _verify_since(head: AuditStream) -> None:
    last = newest(head.name)
    seq, before = (last.length, last.head) if last else (0, GENESIS)
    if seq < head.cut:
        seq, before = head.cut, head.cut_head
    stands = AuditEntry.objects.filter(stream=head.name, seq=seq).values_list("hash", flat=True).first()
    chain = audit_chain.follow(head.name, seq, before, until=head.length)
    rewritten = seq > head.cut and stands != before
    if rewritten or chain.broken or (chain.length, chain.head) != (head.length, head.head):
        raise LogChanged(
            f"The audit log {head.name} was changed outside the application, so that it cannot be signed.",
            "Ask the operator of this installation to run: manage.py audit verify.",
        )
