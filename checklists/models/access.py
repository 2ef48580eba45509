"""Tokens of the API: scoped, expiring, revocable, stored as hashes only."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from checklists.models.catalog import Person, Project


class Scope(models.TextChoices):
    """What a token may be used for, within what its person may do. Signing is no scope: tokens never sign."""

    READ = "read", "Read everything its person may read"
    PUSH = "push", "Create releases, push files and results, run checks, attach evidence"
    REGISTER = "register", "Register scorecards, manifests and rehearsals"
    PROPOSE = "propose", "Ask for waivers"
    DECIDE = "decide", "Ask for deployment decisions and report deployments"


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self, now: datetime) -> ApiTokenQuerySet:
        """Neither revoked nor expired, of an active account."""
        return self.filter(revoked_at=None, expires_at__gt=now, person__is_active=True)


class ApiToken(models.Model):
    """A token of a person or a service account. `prefix` names it in lists and in the audit log; the token
    itself is shown once and kept only as the SHA-256 of its 256 random bits. `project` limits it to one.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="tokens")
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, unique=True)
    hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField()
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="token_expires_later"),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="revoked_token_has_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(models.Model):
    """The answer to a request that carried an Idempotency-Key: asked again, it is given again."""

    token = models.ForeignKey(ApiToken, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return f"{self.token_id}/{self.key}"
