"""Around the audit log: checkpoints on their way off the host, and how often somebody was refused."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from checklists.models.audit import Checkpoint


class Way(models.TextChoices):
    FILE = "file", "file"
    MAIL = "mail", "mail"
    WEBHOOK = "webhook", "webhooks"


class CheckpointDelivery(models.Model):
    """A checkpoint to be delivered by one way: tried until it arrived. `next_at` is also a sender's lease."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="deliveries")
    way = models.CharField(max_length=7, choices=Way)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "checkpoint deliveries"
        indexes = [models.Index(fields=["next_at"], condition=Q(sent_at=None), name="checkpoints_to_send")]
        constraints = [
            models.UniqueConstraint(fields=["checkpoint", "way"], name="one_delivery_per_checkpoint")
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint} by {self.way}"


class RefusalCount(models.Model):
    """Refused attempts of one person, token or address since `since`; past a limit they are only counted."""

    who = models.CharField(max_length=120, primary_key=True)
    since = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.who}: {self.count}"
