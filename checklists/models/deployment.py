"""The deployment gate's rules and decisions, and what happened after deployment."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from checklists.models.catalog import Environment, Person, Project
from checklists.models.gate import Gate
from checklists.models.registry import ReleaseManifest, Scorecard
from checklists.models.release import Release


class DeploymentPolicy(models.Model):
    """The configuration of an environment's deployment gate (gate.yml). The newest number counts."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="policies")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="policies")
    number = models.PositiveIntegerField()
    source = models.TextField()
    sha256 = models.CharField(max_length=64)
    proposal = models.ForeignKey("Proposal", null=True, on_delete=models.PROTECT, related_name="+")
    activated_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    activated_at = models.DateTimeField()

    class Meta:
        ordering = ["environment", "-number"]
        verbose_name_plural = "deployment policies"
        constraints = [
            models.UniqueConstraint(fields=["environment", "number"], name="one_policy_per_number"),
        ]

    def __str__(self) -> str:
        return f"policy {self.number} of {self.environment}"


class DecisionVerdict(models.TextChoices):
    APPROVE = "approve", "Approve"
    REJECT = "reject", "Reject"
    WAIVER_REQUIRED = "waiver required", "Waiver required"


class DeploymentDecision(models.Model):
    """What the deployment gate said when it was asked, and why. `record` is the engine's whole decision."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="decisions")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="decisions")
    gate = models.ForeignKey(Gate, null=True, on_delete=models.PROTECT, related_name="decisions")
    policy = models.ForeignKey(DeploymentPolicy, null=True, on_delete=models.PROTECT, related_name="+")
    manifest = models.ForeignKey(ReleaseManifest, null=True, on_delete=models.PROTECT, related_name="+")
    scorecard = models.ForeignKey(Scorecard, null=True, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=15, choices=DecisionVerdict)
    record = models.JSONField()
    trace_id = models.CharField(max_length=32)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.verdict}: {self.release} → {self.environment}"


class DeploymentState(models.TextChoices):
    MONITORING = "monitoring", "Monitoring"
    ROLLED_OUT = "rolled-out", "Rolled out"
    ROLLED_BACK = "rolled-back", "Rolled back"


class Deployment(models.Model):
    """A release that went to an environment: by which decision, with which manifest, and how it went on."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="deployments")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="deployments")
    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="deployments")
    decision = models.ForeignKey(DeploymentDecision, on_delete=models.PROTECT, related_name="deployments")
    manifest = models.ForeignKey(ReleaseManifest, on_delete=models.PROTECT, related_name="deployments")
    state = models.CharField(max_length=11, choices=DeploymentState, default=DeploymentState.MONITORING)
    deployed_at = models.DateTimeField()
    deployed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    monitoring_until = models.DateTimeField()
    validation = models.ForeignKey(Gate, null=True, on_delete=models.PROTECT, related_name="+")
    rolled_out_at = models.DateTimeField(null=True)
    rolled_out_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    rolled_back_at = models.DateTimeField(null=True)
    rolled_back_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    rolled_back_to = models.CharField(max_length=60, blank=True)
    rollback_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "environment"],
                condition=~Q(state="rolled-back"),
                name="one_deployment_per_release_and_environment",
            ),
            models.CheckConstraint(
                condition=~Q(state="rolled-out")
                | Q(rolled_out_at__isnull=False, rolled_out_by__isnull=False),
                name="rolled_out_has_name",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state="rolled-back", rolled_back_at__isnull=False, rolled_back_by__isnull=False)
                    & ~Q(rollback_reason="")
                )
                | (~Q(state="rolled-back") & Q(rolled_back_at=None, rolled_back_by=None, rollback_reason="")),
                name="rolled_back_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release} in {self.environment}: {self.get_state_display()}"
