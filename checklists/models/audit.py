"""The audit log: append-only, one SHA-256 chain per stream. Triggers refuse everything but INSERT."""

from __future__ import annotations

from django.db import models


class AuditStream(models.Model):
    """The head of one chain ("gate:12", "project:3", "installation"): its length and last hash."""

    name = models.CharField(max_length=60, primary_key=True)
    length = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.name} {self.length}:{self.head[:12]}"


class AuditEntry(models.Model):
    """One act: who (id and name, no foreign key: entries outlive accounts), what, before and after."""

    stream = models.CharField(max_length=60)
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200)
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=300, blank=True)
    revision = models.PositiveIntegerField(null=True)
    data = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["stream", "seq"]
        verbose_name_plural = "audit entries"
        indexes = [models.Index(fields=["-at"], name="audit_newest_first")]
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="one_entry_per_position")]

    def __str__(self) -> str:
        return f"{self.stream}#{self.seq} {self.verb}"
