"""A gate: one checklist version applied to one release for one environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from checklists.models.catalog import ChecklistVersion, Environment, MemberRole, Person
from checklists.models.release import Release

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from checklists.models.evidence import Evidence, Note


class Requirement(models.TextChoices):
    MANDATORY = "mandatory", "Mandatory"
    CONDITIONAL = "conditional", "Conditional"
    RECOMMENDED = "recommended", "Recommended"


class ItemState(models.TextChoices):
    """The stored state of an item; approvals are always open here, their state follows from sign-offs."""

    OPEN = "open", "Open"
    PASSED = "passed", "Passed"
    FAILED = "failed", "Failed"
    NOT_APPLICABLE = "na", "Not applicable"
    WAIVED = "waived", "Waived"


class DecidedBy(models.TextChoices):
    """What decided an item."""

    CHECKS = "checks", "checks"
    PERSON = "person", "a person"
    NOBODY = "", "nobody"


class GateVerdict(models.TextChoices):
    BLOCKED = "blocked", "Blocked"
    OPEN = "open", "Open"
    READY = "ready", "Ready to sign"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"


class Stage(models.TextChoices):
    """The stages of a release, in their order: a later one is closed while an earlier one is not approved."""

    BUILD = "build", "Build"
    READINESS = "readiness", "Readiness"
    STAGING = "staging", "Staging"
    APPROVAL = "approval", "Approval"
    PRODUCTION = "production", "Production"
    POST_DEPLOYMENT = "post-deployment", "Post-deployment"


class Gate(models.Model):
    """May this release go to production? `revision` rises with every act: lock, order and polling cursor.

    `digest`, `verdict` and `summary` (counts and first blockers) are what `decide` said at that revision,
    kept for lists; the gate page, signing, reports and CI always decide anew. `verdict_until` is the moment
    at which time alone changes the verdict (a waiver expires): past it, lists decide anew too. An upgraded
    gate is superseded and takes no more acts.
    """

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="gates")
    checklist = models.ForeignKey(ChecklistVersion, on_delete=models.PROTECT, related_name="gates")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="gates")
    revision = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=71, blank=True)
    verdict_until = models.DateTimeField(null=True)
    stage = models.CharField(max_length=15, choices=Stage, blank=True)
    superseded_by = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="upgrade_of"
    )
    verdict = models.CharField(max_length=10, choices=GateVerdict, default=GateVerdict.OPEN)
    summary = models.JSONField(default=dict)
    opened_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "environment", "checklist"], name="one_gate_per_release_and_environment"
            ),
            models.UniqueConstraint(
                fields=["release", "stage"],
                condition=~Q(stage="") & Q(superseded_by=None),
                name="one_gate_per_stage",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release} → {self.environment.name}"

    @property
    def stream(self) -> str:
        """The name of this gate's audit stream."""
        return f"gate:{self.pk}"


class GateItem(models.Model):
    """The live state of an item. Its texts live in the checklist version under `key`.

    `partial` counts half in the score of an open item; it never settles anything.

    `confirmed` lists the indexes of criteria a person confirmed. `changed_in` is the gate revision of the
    last change: forms carry it, so that nobody overwrites what they have not seen.
    """

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="items")
    key = models.CharField(max_length=200)
    position = models.PositiveIntegerField()
    role = models.CharField(max_length=20, blank=True)
    requirement = models.CharField(max_length=12, choices=Requirement)
    has_checks = models.BooleanField(default=False)
    needs_person = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=ItemState, default=ItemState.OPEN)
    decided = models.CharField(max_length=8, choices=DecidedBy, blank=True, default=DecidedBy.NOBODY)
    decided_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)
    partial = models.BooleanField(default=False)
    confirmed = models.JSONField(default=list)
    run = models.ForeignKey("CheckRun", null=True, on_delete=models.PROTECT, related_name="+")
    changed_in = models.PositiveIntegerField(default=0)

    if TYPE_CHECKING:
        evidence: RelatedManager[Evidence]
        notes: RelatedManager[Note]

    class Meta:
        ordering = ["gate", "position"]
        constraints = [
            models.UniqueConstraint(fields=["gate", "key"], name="one_item_per_key"),
            models.CheckConstraint(condition=Q(state__in=ItemState.values), name="known_item_state"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, decided="")
                | (~Q(state="open") & Q(decided_at__isnull=False) & ~Q(decided="")),
                name="decided_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(decided="person") | Q(decided_by__isnull=False), name="person_decided_has_name"
            ),
            models.CheckConstraint(
                condition=~Q(state="na") | (~Q(reason="") & ~Q(requirement="mandatory")),
                name="not_applicable_has_reason",
            ),
            models.CheckConstraint(condition=Q(role="") | Q(state="open"), name="approvals_only_by_signing"),
        ]

    def __str__(self) -> str:
        return f"{self.gate_id}/{self.key}"


class GateRole(models.Model):
    """A role that must sign this gate; a conditional one may be dropped with a reason."""

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="roles")
    role = models.CharField(max_length=20, choices=MemberRole)
    position = models.PositiveIntegerField()
    conditional = models.BooleanField(default=False)
    dropped_reason = models.TextField(blank=True)
    dropped_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["gate", "position"]
        constraints = [
            models.UniqueConstraint(fields=["gate", "role"], name="one_row_per_role"),
            models.CheckConstraint(
                condition=Q(dropped_reason="", dropped_by=None, dropped_at=None)
                | (
                    Q(conditional=True, dropped_by__isnull=False, dropped_at__isnull=False)
                    & ~Q(dropped_reason="")
                ),
                name="dropped_role_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gate_id}/{self.role}"


class ScorePoint(models.Model):
    """The score of a gate after an act that changed it, for the course over time. None: nothing counts."""

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="scores")
    revision = models.PositiveIntegerField()
    at = models.DateTimeField()
    score = models.FloatField(null=True)
    blockers = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["gate", "revision"]
        constraints = [models.UniqueConstraint(fields=["gate", "revision"], name="one_score_per_revision")]

    def __str__(self) -> str:
        return f"{self.gate_id}#{self.revision}: {self.score}"
