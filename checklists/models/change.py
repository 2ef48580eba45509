"""Change control: a checklist, a threshold or a policy changes by a proposal that two others approve."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from checklists.models.catalog import ChecklistVersion, Environment, Person, Project
from checklists.models.release import Release


class ProposalKind(models.TextChoices):
    CHECKLIST = "checklist", "Checklist"
    THRESHOLD = "threshold", "Thresholds of a release"
    POLICY = "policy", "Deployment policy"
    CONTROL = "control", "End of change control"


class ProposalState(models.TextChoices):
    OPEN = "open", "Open"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    ACTIVATED = "activated", "Activated"


class Proposal(models.Model):
    """What shall change (`text` instead of `base`), and why. The texts hold still; two others approve it.

    `base` is what it changes: a checklist's source, a policy's YAML, parameters as YAML. `outcome` says what
    the activation made.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=9, choices=ProposalKind)
    title = models.CharField(max_length=200)
    reason = models.TextField()
    link = models.URLField(max_length=1000, blank=True)
    checklist = models.ForeignKey(ChecklistVersion, null=True, on_delete=models.PROTECT, related_name="+")
    environment = models.ForeignKey(Environment, null=True, on_delete=models.PROTECT, related_name="+")
    release = models.ForeignKey(Release, null=True, on_delete=models.PROTECT, related_name="+")
    base = models.TextField(blank=True)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=9, choices=ProposalState, default=ProposalState.OPEN)
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    closed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="checklist") & Q(environment=None, release=None))
                | Q(kind="threshold", release__isnull=False, environment=None)
                | Q(kind="policy", environment__isnull=False, release=None)
                | Q(kind="control", environment=None, release=None),
                name="proposal_names_what_changes",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "approved"], closed_by=None, closed_at=None)
                | Q(
                    state__in=["rejected", "withdrawn", "activated"],
                    closed_by__isnull=False,
                    closed_at__isnull=False,
                ),
                name="closed_proposal_has_name",
            ),
        ]

    def __str__(self) -> str:
        return f"proposal {self.pk}: {self.title}"


class ProposalVote(models.Model):
    """One person's vote on a proposal; given once, never changed."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="votes")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    approve = models.BooleanField()
    comment = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["proposal", "id"]
        constraints = [
            models.UniqueConstraint(fields=["proposal", "person"], name="one_vote_per_person"),
            models.CheckConstraint(condition=Q(approve=True) | ~Q(comment=""), name="rejection_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.person.name}: {'approve' if self.approve else 'reject'}"
