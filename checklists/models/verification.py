"""Check runs: the row is the queue."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from checklists.models.catalog import Person
from checklists.models.gate import GateItem
from checklists.models.release import ArtifactSnapshot, ParameterSet


class RunState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"


OPEN_STATES = [RunState.QUEUED, RunState.RUNNING]


class CheckRunQuerySet(models.QuerySet["CheckRun"]):
    def unfinished(self) -> CheckRunQuerySet:
        """Queued or running."""
        return self.filter(state__in=OPEN_STATES)

    def forgotten(self, before: datetime) -> CheckRunQuerySet:
        """Queued, and last sent to the broker before that moment (or never): the message may be lost."""
        return self.filter(Q(sent_at=None) | Q(sent_at__lt=before), state=RunState.QUEUED)

    def overdue(self, now: datetime) -> CheckRunQuerySet:
        """Running past their lease: the worker is gone."""
        return self.filter(state=RunState.RUNNING, lease_until__lt=now)


class CheckRun(models.Model):
    """One execution of an item's checks on a snapshot with one set of parameters.

    `claim` is the fencing token: only the worker that holds it may store the result. `results` is a list
    of CheckResult dicts (readiness.engine.runner). `reported_by` names the pipeline that ran the checks where
    the files lie; empty when they ran here.
    """

    item = models.ForeignKey(GateItem, on_delete=models.PROTECT, related_name="runs")
    snapshot = models.ForeignKey(ArtifactSnapshot, on_delete=models.PROTECT, related_name="+")
    parameters = models.ForeignKey(ParameterSet, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=RunState, default=RunState.QUEUED)
    outcome = models.CharField(max_length=5, blank=True)
    results = models.JSONField(default=list)
    reported_by = models.CharField(max_length=200, blank=True)
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True)

    objects = CheckRunQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["item"], condition=Q(state__in=["queued", "running"]), name="one_open_run_per_item"
            ),
            models.CheckConstraint(
                condition=(Q(state="done") & Q(finished_at__isnull=False) & ~Q(outcome=""))
                | (~Q(state="done") & Q(finished_at=None, outcome="")),
                name="done_has_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.item}: {self.outcome or self.state}"


class Heartbeat(models.Model):
    """When a kind of process last showed life (worker, beat); read by /readyz and the page."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at:%H:%M:%S}"
