"""The audit log: append-only, one SHA-256 chain per stream. Triggers refuse everything but INSERT."""

from __future__ import annotations

from django.db import models


class AuditStream(models.Model):
    """The head of one chain ("gate:12", "project:3", "installation"): its length and last hash.

    Entries up to `cut` were exported and sealed, and are gone from here; `cut_head` is the last one's hash.
    """

    name = models.CharField(max_length=60, primary_key=True)
    length = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=64)
    cut = models.PositiveIntegerField(default=0)
    cut_head = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.length}:{self.head[:12]}"


class CheckpointCause(models.TextChoices):
    """Why a head was signed."""

    SIGN_OFF = "sign-off", "a sign-off"
    REPORT = "report", "a report"
    SCHEDULE = "schedule", "the schedule"
    ASKED = "asked", "somebody asked"
    CUT = "cut", "a cut of the log"


class Checkpoint(models.Model):
    """The head of a stream, signed by the installation's key (readiness.engine.sealed.checkpoint).

    `note` is the text as it is delivered off the host. Never changes.
    """

    stream = models.CharField(max_length=60)
    length = models.PositiveIntegerField()
    head = models.CharField(max_length=64)
    at = models.DateTimeField()
    note = models.TextField()
    key_id = models.CharField(max_length=64)
    cause = models.CharField(max_length=8, choices=CheckpointCause)

    class Meta:
        ordering = ["stream", "id"]
        indexes = [models.Index(fields=["stream", "-length"], name="checkpoint_newest_of_stream")]

    def __str__(self) -> str:
        return f"checkpoint {self.stream} {self.length}:{self.head[:12]}"


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
