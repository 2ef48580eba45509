"""Signing keys that the audit log knows nothing of: whoever put one into the database could sign."""

from __future__ import annotations

from collections.abc import Iterator

from checklists import audit
from checklists.audit import Broken
from checklists.models import AuditEntry, AuditStream, InstallationKey

MADE = ("key.made", "key.rotated")


def rows() -> Iterator[Broken]:
    """Each key that no entry says was made, or of which entry and row disagree whether it was revoked.

    Nothing where entries of that stream were cut and sealed: those of old keys may be among them.
    """
    if AuditStream.objects.filter(pk=audit.INSTALLATION, cut__gt=0).exists():
        return
    entries = AuditEntry.objects.filter(stream=audit.INSTALLATION, verb__in=(*MADE, "key.revoked"))
    told = {(verb == "key.revoked", data.get("key")) for verb, data in entries.values_list("verb", "data")}
    for row in InstallationKey.objects.order_by("pk"):
        if (False, row.key_id) not in told:
            yield Broken(audit.INSTALLATION, 0, f"has no entry for the signing key {row.key_id[:12]}")
        if ((True, row.key_id) in told) != (row.revoked_at is not None):
            why = f"has the signing key {row.key_id[:12]} revoked otherwise than an entry says"
            yield Broken(audit.INSTALLATION, 0, why)
