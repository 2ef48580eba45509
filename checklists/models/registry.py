"""What pipelines register: scorecards and release manifests. Both never change."""

from __future__ import annotations

from django.db import models

from checklists.models.catalog import Environment, Person
from checklists.models.release import Release


class Scorecard(models.Model):
    """The outcome of a run of suites (`readiness-scorecard.json`). Its bytes are the blob `sha256`."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="scorecards")
    environment = models.CharField(max_length=60, blank=True)
    run_id = models.CharField(max_length=100)
    overall_passed = models.BooleanField()
    generated_at = models.DateTimeField()
    owner = models.CharField(max_length=200, blank=True)
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    registered_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    registered_at = models.DateTimeField()

    class Meta:
        ordering = ["-generated_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["release", "sha256"], name="one_scorecard_per_release_and_bytes")
        ]

    def __str__(self) -> str:
        return f"scorecard {self.run_id}"


class ManifestOrigin(models.TextChoices):
    ASSEMBLED = "assembled", "Assembled here"
    PUSHED = "pushed", "Pushed by a pipeline"


class ReleaseManifest(models.Model):
    """One state of a release's manifest; its bytes are the blob `sha256`. A deployment archives one."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="manifests")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="manifests")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    sha256 = models.CharField(max_length=64)
    origin = models.CharField(max_length=9, choices=ManifestOrigin)
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["release", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["release", "number"], name="one_manifest_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.release} manifest {self.number}"


class ReleasePlan(models.Model):
    """What only people know of a rollout: owner, window, flags, secrets' versions, migrations, the way back.

    Goes into the manifest as it stands. Never changes; the newest number counts.
    """

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="plans")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    set_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["release", "environment", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["release", "environment", "number"], name="one_plan_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.release} plan {self.number}"
