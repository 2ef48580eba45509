"""The installation's signing keys: the public halves, with their windows. Private keys are files."""

from __future__ import annotations

import base64

from django.db import models
from django.db.models import Q

from readiness.engine.sealed.keys import Key


def _in_use() -> models.ExpressionWrapper[Q]:
    return models.ExpressionWrapper(Q(not_after=None), output_field=models.BooleanField())


class InstallationKey(models.Model):
    """An Ed25519 key by which this installation signs or signed. At most one is in use.

    `key_id` is the SHA-256 of the raw public key, `public` its base64. A retired key's signatures keep
    verifying; a revoked one's count only where something else vouches for their time.
    """

    key_id = models.CharField(max_length=64, unique=True)
    public = models.CharField(max_length=44, unique=True)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["not_before", "id"]
        constraints = [
            models.UniqueConstraint(_in_use(), condition=Q(not_after=None), name="one_key_in_use"),
            models.CheckConstraint(
                condition=Q(revoked_at=None) | (Q(not_after__isnull=False) & ~Q(reason="")),
                name="revoked_key_is_retired_and_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"key {self.key_id[:16]}"

    @property
    def key(self) -> Key:
        """As the engine knows it."""
        return Key(
            public=base64.b64decode(self.public),
            not_before=self.not_before,
            not_after=self.not_after,
            revoked_at=self.revoked_at,
            reason=self.reason,
        )
