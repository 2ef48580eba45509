"""Invitations: a link that makes somebody a member, once, within some days."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from checklists.models.catalog import MemberRole, Person, Project


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def standing(self, now: datetime) -> InvitationQuerySet:
        """Those that may still be accepted: neither taken nor revoked nor over."""
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)


class Invitation(models.Model):
    """An owner's offer of a role. The link's secret is kept as its SHA-256 only.

    `access_until` ends the membership that it gives; an auditor's must end.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="invitations")
    role = models.CharField(max_length=20, choices=MemberRole)
    address = models.EmailField()
    hash = models.CharField(max_length=64, unique=True)
    access_until = models.DateTimeField(null=True)
    invited_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-invited_at"]
        constraints = [
            models.CheckConstraint(condition=Q(role__in=MemberRole.values), name="known_invited_role"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("invited_at")), name="invitation_expires_later"
            ),
            models.CheckConstraint(
                condition=~Q(role="auditor") | Q(access_until__isnull=False), name="invited_auditor_ends"
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, revoked_at=None),
                name="accepted_has_name",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="revoked_invitation_has_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.get_role_display()}"
