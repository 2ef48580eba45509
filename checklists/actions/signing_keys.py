"""Acts on the installation's signing keys: make the first, rotate, revoke.

Whoever runs `manage.py keys` acts; the audit log names the system. A retired key's signatures keep verifying.
Of a revoked one, nothing that it signed afterwards counts, and what it signed before counts as far as the
log that tells of it lies under a head signed by another key. So a revocation signs every head anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from checklists import audit, checkpoints, clock, keys
from checklists.actions.base import refresh
from checklists.errors import Refused
from checklists.models import AuditStream, InstallationKey, SignOff

SAY_WHY = "Say why the key is revoked; the reason is part of what is exported."
REVOKED = "This key is revoked already."
LATER = "A key cannot be revoked from a moment in the future."


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What a revocation did: the key, its signatures in force, logs signed anew, those that are broken."""

    key: InstallationKey
    signatures: int
    vouched: int
    broken: list[audit.Broken]


def ensure() -> str:
    """The id of the key in use; makes the first. Raises KeyMissing."""
    return keys.signer().id


def rotate() -> InstallationKey:
    """Put a new key into use. The old one's signatures keep verifying; its private half is destroyed."""
    with transaction.atomic():
        return _rotate(clock.now())


def revoke(*, key_id: str, reason: str, since: datetime | None = None) -> Revoked:
    """Say that a key's signatures since a moment, by default now, are worth nothing.

    `key_id` may be shortened. A key in use is rotated first. Raises Refused.
    """
    at = clock.now()
    if not reason.strip():
        raise Refused(SAY_WHY)
    if since and since > at:
        raise Refused(LATER)
    with transaction.atomic():
        row = _find(key_id)
        if row.revoked_at:
            raise Refused(REVOKED)
        if row.not_after is None:
            _rotate(at)
            row.refresh_from_db()
        row.revoked_at, row.reason = since or at, reason.strip()[:500]
        row.save(update_fields=["revoked_at", "reason"])
        told = {"key": row.key_id, "reason": row.reason, "since": row.revoked_at.isoformat()}
        audit.append(audit.INSTALLATION, by=None, verb="key.revoked", at=at, data=told)
        broken = audit.verify_all()
        vouched = _sign_heads({bad.stream for bad in broken}, at)
    live = SignOff.objects.filter(key_id=row.key_id, live=True)
    for gate in sorted(set(live.values_list("gate", flat=True))):
        refresh(gate, at)
    return Revoked(key=row, signatures=live.count(), vouched=vouched, broken=broken)


def _rotate(at: datetime) -> InstallationKey:
    old = InstallationKey.objects.select_for_update().filter(not_after=None).first()
    if old:
        old.not_after = at + keys.OVERLAP
        old.save(update_fields=["not_after"])
    new = keys.make(at)
    told = {"key": new.key_id, "retired": old.key_id if old else ""}
    audit.append(audit.INSTALLATION, by=None, verb="key.rotated", at=at, data=told)
    checkpoints.sign_head(audit.INSTALLATION, cause="asked", at=at)
    if old:
        path = keys.private_file(old.key_id)
        transaction.on_commit(lambda: path.unlink(missing_ok=True))
    return new


def _sign_heads(without: set[str], at: datetime) -> int:
    names = AuditStream.objects.exclude(name__in=without).filter(length__gt=0).values_list("name", flat=True)
    return sum(checkpoints.sign_head(name, cause="asked", at=at) is not None for name in names)


def _find(key_id: str) -> InstallationKey:
    found = list(InstallationKey.objects.filter(key_id__startswith=key_id.lower())) if key_id else []
    if len(found) != 1:
        many = f"{len(found)} keys begin with" if found else "No key begins with"
        raise Refused(f"{many} {key_id!r}.", "See: manage.py keys list.")
    return found[0]
