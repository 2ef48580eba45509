"""Files that were pushed: content-addressed, known per project, and the uploads that bring them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from checklists.models.catalog import Person, Project
from checklists.models.release import Release


class StoredFile(models.Model):
    """A project has these bytes (the blob `sha256`). Per project: who only knows a digest gets nothing."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="stored_files")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "sha256"], name="one_stored_file_per_project")
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


class UploadState(models.TextChoices):
    OPEN = "open", "Open"
    DONE = "done", "Done"
    ABANDONED = "abandoned", "Abandoned"


class Upload(models.Model):
    """One push of a run directory. Its index (path, size, SHA-256 of each file) is the blob `index_sha256`;
    `digest` names the snapshot that it becomes once every file is there.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="uploads")
    version = models.CharField(max_length=60)
    index_sha256 = models.CharField(max_length=64)
    digest = models.CharField(max_length=71)
    file_count = models.PositiveIntegerField()
    total_bytes = models.PositiveBigIntegerField()
    state = models.CharField(max_length=9, choices=UploadState, default=UploadState.OPEN)
    release = models.ForeignKey(Release, null=True, on_delete=models.PROTECT, related_name="uploads")
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | Q(release__isnull=False, finished_at__isnull=False),
                name="done_upload_has_release",
            )
        ]

    def __str__(self) -> str:
        return f"upload {self.pk}: {self.version}"
