"""What people attach and note."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from checklists.models.catalog import Person
from checklists.models.gate import GateItem


class EvidenceKind(models.TextChoices):
    FILE = "file", "File"
    LINK = "link", "Link"


class Evidence(models.Model):
    """A file (its bytes are the blob named `sha256`) or a link, attached to a gate item.

    `name` is display metadata only; it never becomes a path. Removed evidence stays on record.
    """

    item = models.ForeignKey(GateItem, on_delete=models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=4, choices=EvidenceKind)
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    media_type = models.CharField(max_length=100, blank=True)
    url = models.URLField(max_length=1000, blank=True)
    added_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    removed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["item", "id"]
        verbose_name_plural = "evidence"
        constraints = [
            models.CheckConstraint(
                condition=(Q(kind="file", url="", size__gt=0) & ~Q(sha256=""))
                | (Q(kind="link", sha256="", size=0) & ~Q(url="")),
                name="evidence_is_file_or_link",
            ),
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by=None)
                | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="removed_evidence_has_name",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Note(models.Model):
    """A remark beside an item: discussion, not a basis of the decision, hence not in the signed digest."""

    item = models.ForeignKey(GateItem, on_delete=models.PROTECT, related_name="notes")
    text = models.TextField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["item", "id"]

    def __str__(self) -> str:
        return self.text[:60]
