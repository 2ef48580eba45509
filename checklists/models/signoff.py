"""Sign-offs: one person's decision in one role on one digest."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from checklists.models.catalog import MemberRole, Person
from checklists.models.gate import Gate


class SignOffDecision(models.TextChoices):
    APPROVE = "approve", "Approved"
    DECLINE = "decline", "Declined"
    WITHDRAW = "withdraw", "Withdrawn"


class SignOff(models.Model):
    """A signature with all that was signed: canonical snapshot and digest, meaning, confirmed criteria.

    Never edited; a later sign-off of the same person in the same role supersedes it (`live` becomes False).
    A withdrawal is a record of its own that is never live. `envelope` is the DSSE envelope that holds all of
    it under the installation's key; `methods` say how the signer proved who they are, by a `challenge` that
    was used once. Both are empty on records from before that.
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
    supersedes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    methods = models.JSONField(default=list)
    challenge = models.CharField(max_length=64, blank=True)
    envelope = models.TextField(blank=True)
    envelope_sha256 = models.CharField(max_length=64, blank=True)
    key_id = models.CharField(max_length=64, blank=True)

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
                condition=~Q(decision__in=["decline", "withdraw"]) | ~Q(comment=""),
                name="declined_has_reason",
            ),
            models.UniqueConstraint(
                fields=["challenge"], condition=~Q(challenge=""), name="one_signature_per_challenge"
            ),
            models.CheckConstraint(
                condition=~Q(decision="withdraw") | Q(live=False, supersedes__isnull=False),
                name="withdrawal_is_never_live",
            ),
            models.CheckConstraint(
                condition=Q(envelope="", envelope_sha256="", key_id="")
                | (~Q(envelope="") & ~Q(envelope_sha256="") & ~Q(key_id="") & ~Q(challenge="")),
                name="envelope_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_name} {self.decision} as {self.role}"
