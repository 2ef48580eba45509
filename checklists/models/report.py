"""Reports: a stored snapshot and, once rendered, the PDF's hash."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.text import slugify

from checklists.models.catalog import Person
from checklists.models.gate import Gate
from checklists.models.verification import RunState


class Report(models.Model):
    """One report of a gate at one moment.

    The PDF is a pure function of the row, but for its signature; its bytes are the blob `sha256`.
    `evidence` lists the ids of the evidence whose files are attached to it. `checkpoint` is the signed head
    of the gate's log at the request, `seal` the envelope over report.json. `with_bundle` asks for the audit
    bundle too: the blob `bundle_sha256`.
    """

    gate = models.ForeignKey(Gate, on_delete=models.PROTECT, related_name="reports")
    snapshot = models.JSONField()
    digest = models.CharField(max_length=71)
    verdict = models.CharField(max_length=10)
    state = models.CharField(max_length=8, choices=RunState, default=RunState.QUEUED)
    error = models.TextField(blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    evidence = models.JSONField(default=list)
    checkpoint = models.TextField(blank=True)
    seal = models.TextField(blank=True)
    with_bundle = models.BooleanField(default=False)
    bundle_sha256 = models.CharField(max_length=64, blank=True)
    bundle_size = models.PositiveBigIntegerField(default=0)
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | (Q(finished_at__isnull=False) & (~Q(sha256="") | ~Q(error=""))),
                name="done_report_has_file_or_error",
            ),
        ]

    def __str__(self) -> str:
        return f"report {self.pk} of gate {self.gate_id}"

    @property
    def filename(self) -> str:
        """A name for the download, from plain characters only."""
        release = self.gate.release
        name = slugify(
            f"{release.project.slug} {release.version.replace('.', '-')} {self.gate.environment.name}"
        )
        return f"readiness-{name[:100]}-report-{self.pk}.pdf"
