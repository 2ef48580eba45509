"""Signing the head of an audit stream, so that cutting it off or writing it anew shows."""

from __future__ import annotations

from datetime import datetime

from checklists import keys
from checklists.models import AuditStream, Checkpoint
from readiness.engine.sealed import checkpoint


def sign_head(stream: str, *, cause: str, at: datetime) -> Checkpoint | None:
    """A checkpoint of the stream as it is now; None for a stream without entries. Raises KeyMissing."""
    head = AuditStream.objects.filter(pk=stream, length__gt=0).first()
    if head is None:
        return None
    key = keys.signer()
    said = checkpoint.Checkpoint(
        installation=keys.installation(), stream=stream, length=head.length, head=head.head, at=at
    )
    note = checkpoint.sign(said, key, key.public).decode()
    return Checkpoint.objects.create(
        stream=stream, length=head.length, head=head.head, at=at, note=note, key_id=key.id, cause=cause
    )
