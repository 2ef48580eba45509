"""Rollback rehearsals: that going back works, when it was tried, and what went wrong."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from checklists.models.catalog import Environment, Person, Project


class RehearsalOutcome(models.TextChoices):
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"


class Rehearsal(models.Model):
    """One rehearsal. A failed one blocks deployments until a remediation is recorded; nothing else changes.

    The log is evidence: its bytes are the blob `log_sha256`.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="rehearsals")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="rehearsals")
    performed_at = models.DateTimeField()
    performed_by = models.CharField(max_length=200)
    from_version = models.CharField(max_length=60)
    to_version = models.CharField(max_length=60)
    duration_seconds = models.PositiveIntegerField()
    outcome = models.CharField(max_length=6, choices=RehearsalOutcome)
    gaps = models.TextField(blank=True)
    log_name = models.CharField(max_length=255, blank=True)
    log_sha256 = models.CharField(max_length=64, blank=True)
    log_size = models.PositiveBigIntegerField(default=0)
    recorded_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    remediation = models.TextField(blank=True)
    remediated_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    remediated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-performed_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(performed_at__lte=models.F("recorded_at")), name="rehearsal_not_in_future"
            ),
            models.CheckConstraint(
                condition=Q(remediation="", remediated_by=None, remediated_at=None)
                | (
                    Q(outcome="failed", remediated_by__isnull=False, remediated_at__isnull=False)
                    & ~Q(remediation="")
                ),
                name="remediated_has_name",
            ),
        ]

    def __str__(self) -> str:
        return f"rehearsal {self.from_version} → {self.to_version}, {self.outcome}"

    @property
    def settled(self) -> bool:
        """Passed, or failed with a remediation on record."""
        return self.outcome == RehearsalOutcome.PASSED or self.remediated_at is not None
