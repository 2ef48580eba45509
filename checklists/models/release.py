"""A release candidate: version, parameters, and the run directory as it was looked at."""

from __future__ import annotations

from django.db import models

from checklists.models.catalog import Person, Project


class ArtifactSnapshot(models.Model):
    """An index of a run directory: every path with size and SHA-256. Its digest names it; it never changes.

    The index itself is a blob under `digest`. Bytes of a directory's files are not stored.
    """

    digest = models.CharField(max_length=71, unique=True)
    file_count = models.PositiveIntegerField()
    total_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:19]


class ReleaseFiles(models.TextChoices):
    DIRECTORY = "directory", "A directory on the server"
    STORED = "stored", "Pushed, stored here"
    ELSEWHERE = "elsewhere", "Checked where they lie"


class Release(models.Model):
    """One candidate of a project. `root` is the run directory on the server, beneath a configured root;
    empty when the files were pushed (`stored`) or only their index and results were (`elsewhere`).

    `parameters` is the set that counts now (null only while the release is being created). `pushed_by`
    brought the files that it has now, where they were pushed; they are that person's own work.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(max_length=60)
    files = models.CharField(max_length=9, choices=ReleaseFiles, default=ReleaseFiles.DIRECTORY)
    root = models.CharField(max_length=500, blank=True)
    snapshot = models.ForeignKey(ArtifactSnapshot, on_delete=models.PROTECT, related_name="releases")
    parameters = models.ForeignKey("ParameterSet", null=True, on_delete=models.PROTECT, related_name="+")
    planned_for = models.DateField(null=True, blank=True)
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    pushed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="one_release_per_version"),
            models.CheckConstraint(
                condition=(models.Q(files="directory") & ~models.Q(root=""))
                | models.Q(files__in=["stored", "elsewhere"], root=""),
                name="root_only_of_directory",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project.name} {self.version}"

    @property
    def promised(self) -> ParameterSet:
        """The parameters that count now."""
        if self.parameters is None:
            raise ValueError(f"{self} has no parameters yet")
        return self.parameters


class ParameterSet(models.Model):
    """A release's parameters as promised. The newest number counts; earlier ones stay.

    `frozen_at`: when a check first used them. `after_result`: set when earlier parameters had already
    been used by a check, so the bar was moved after a result was seen.
    """

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="parameter_sets")
    number = models.PositiveIntegerField()
    values = models.JSONField()
    reason = models.TextField(blank=True)
    after_result = models.BooleanField(default=False)
    frozen_at = models.DateTimeField(null=True, blank=True)
    set_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["release", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["release", "number"], name="one_parameter_set_per_number"),
            models.CheckConstraint(
                condition=models.Q(after_result=False) | ~models.Q(reason=""),
                name="moved_bar_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release} parameters {self.number}"
