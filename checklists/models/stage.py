"""The order in which a project's releases pass their gates, and what happens on a schedule."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from checklists.models.catalog import Environment, Person, Project
from checklists.models.gate import Gate, Stage


class ProjectStage(models.Model):
    """A stage that every release of the project must pass: which checklist, for which environment."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="stages")
    stage = models.CharField(max_length=15, choices=Stage)
    checklist_slug = models.SlugField(max_length=100)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["project", "id"]
        constraints = [models.UniqueConstraint(fields=["project", "stage"], name="one_row_per_stage")]

    def __str__(self) -> str:
        return f"{self.project}: {self.get_stage_display()}"


class ScheduleKind(models.TextChoices):
    RERUN = "rerun", "Run a gate's checks again"
    OPEN_GATE = "open-gate", "Open a gate for the newest deployed release"


class Every(models.TextChoices):
    DAY = "day", "Daily"
    WEEK = "week", "Weekly"
    MONTH = "month", "Monthly"
    QUARTER = "quarter", "Quarterly"


class Schedule(models.Model):
    """Something that happens again and again; the row is the clock, a sweep looks for what is due.

    All times are counted from `first_at`, so that the 31st stays the 31st where the month has one.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="schedules")
    kind = models.CharField(max_length=9, choices=ScheduleKind)
    gate = models.ForeignKey(Gate, null=True, on_delete=models.PROTECT, related_name="schedules")
    checklist_slug = models.SlugField(max_length=100, blank=True)
    environment = models.ForeignKey(Environment, null=True, on_delete=models.PROTECT, related_name="+")
    every = models.CharField(max_length=7, choices=Every)
    first_at = models.DateTimeField()
    next_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True)
    last_result = models.CharField(max_length=300, blank=True)
    active = models.BooleanField(default=True)
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["project", "next_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="rerun", gate__isnull=False, environment=None, checklist_slug="")
                | (Q(kind="open-gate", gate=None, environment__isnull=False) & ~Q(checklist_slug="")),
                name="schedule_names_its_work",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.get_every_display().lower()}"
