"""Waivers: a recorded, expiring permission to pass without an item or a rule."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from checklists.models.catalog import MemberRole, Person
from checklists.models.gate import Gate, GateItem


class WaiverState(models.TextChoices):
    """What people made of it. Expired is no state: it follows from `expires_at` and the clock."""

    DRAFT = "draft", "Draft"
    REVIEW = "review", "In review"
    APPROVED = "approved", "Approved"
    WITHDRAWN = "withdrawn", "Withdrawn"
    REJECTED = "rejected", "Rejected"
    REVOKED = "revoked", "Revoked"


class WaiverQuerySet(models.QuerySet["Waiver"]):
    def live(self, at: datetime) -> WaiverQuerySet:
        """Approved and not expired at that moment."""
        return self.filter(state=WaiverState.APPROVED, expires_at__gt=at)


class Waiver(models.Model):
    """Of one item, or of one rule of the deployment gate (`rule`), on one gate.

    The text holds still once it left the draft (a trigger sees to it). `before` and `after` are what the
    gate said without and with it when it was decided: {verdict, score, blockers}; `after` also what it was
    decided on: {artifact, parameters, observed}. `expires_zone` is the zone in which the expiry was chosen,
    for printing.

    An approved waiver stays when the run's files, the parameters or a result change: it names the item and
    its scope, the signatures go stale, and pages and report say what it was approved on and what holds now.
    """

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="waivers")
    item = models.ForeignKey(GateItem, null=True, on_delete=models.PROTECT, related_name="waivers")
    rule = models.CharField(max_length=60, blank=True)
    reason = models.TextField()
    risk = models.TextField()
    mitigation = models.TextField()
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    scope = models.TextField()
    expires_at = models.DateTimeField()
    expires_zone = models.CharField(max_length=60, default="UTC")
    state = models.CharField(max_length=9, choices=WaiverState, default=WaiverState.DRAFT)
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    decided_as = models.CharField(max_length=20, choices=MemberRole, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)
    revoked_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    revoke_reason = models.TextField(blank=True)
    expiry_noted_at = models.DateTimeField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    objects = WaiverQuerySet.as_manager()

    class Meta:
        ordering = ["gate", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(item__isnull=False, rule="") | (Q(item=None) & ~Q(rule="")),
                name="waiver_of_item_or_rule",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["draft", "review", "withdrawn"],
                    decided_by=None,
                    decided_at=None,
                    decided_as="",
                )
                | (
                    Q(
                        state__in=["approved", "rejected", "revoked"],
                        decided_by__isnull=False,
                        decided_at__isnull=False,
                    )
                    & ~Q(decided_as="")
                ),
                name="decided_waiver_has_name",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="waiver_decided_by_another",
            ),
            models.CheckConstraint(
                condition=(Q(state="revoked", revoked_by__isnull=False, revoked_at__isnull=False))
                | (~Q(state="revoked") & Q(revoked_by=None, revoked_at=None)),
                name="revoked_waiver_has_name",
            ),
            models.UniqueConstraint(
                fields=["item"], condition=Q(state__in=["draft", "review"]), name="one_open_waiver_per_item"
            ),
            models.UniqueConstraint(
                fields=["gate", "rule"],
                condition=Q(state__in=["draft", "review"]) & ~Q(rule=""),
                name="one_open_waiver_per_rule",
            ),
        ]

    def __str__(self) -> str:
        return f"waiver {self.pk} of {self.item or self.rule}"

    def expired(self, at: datetime) -> bool:
        """Approved once, and past its expiry (the moment of expiry itself counts as past)."""
        return self.state == WaiverState.APPROVED and self.expires_at <= at

    def live(self, at: datetime) -> bool:
        """Approved, not revoked, not expired."""
        return self.state == WaiverState.APPROVED and self.expires_at > at
