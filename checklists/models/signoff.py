"""Sign-offs: one person's decision in one role on one digest."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from checklists.models.catalog import MemberRole, Person
from checklists.models.gate import Gate


class SignOffDecision(models.TextChoices):
    APPROVE = "approve", "Approved"
    DECLINE = "decline", "Declined"


class SignOff(models.Model):
    """A signature with all that was signed: canonical snapshot and digest, meaning, confirmed criteria.

    Never edited; a later sign-off of the same person in the same role supersedes it (`live` becomes False).
    """

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="signoffs")
    role = models.CharField(max_length=20, choices=MemberRole)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="signoffs")
    person_name = models.CharField(max_length=200)
    decision = models.CharField(max_length=8, choices=SignOffDecision)
    meaning = models.TextField()
    criteria = models.JSONField(default=list)
    comment = models.TextField(blank=True)
    digest = models.CharField(max_length=71)
    snapshot = models.JSONField()
    signed_at = models.DateTimeField()
    utc_offset_minutes = models.SmallIntegerField(default=0)
    live = models.BooleanField(default=True)

    class Meta:
        ordering = ["gate", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["gate", "role", "person"],
                condition=Q(live=True),
                name="one_live_signoff_per_role_and_person",
            ),
            models.UniqueConstraint(
                fields=["gate", "person"], condition=Q(live=True), name="one_role_per_person_and_gate"
            ),
            models.CheckConstraint(
                condition=Q(role__in=["technical-lead", "product-owner", "compliance"]), name="signing_role"
            ),
            models.CheckConstraint(
                condition=~Q(decision="decline") | ~Q(comment=""), name="declined_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_name} {self.decision} as {self.role}"
