"""Which account of the organisation's identity provider is which person here."""

from __future__ import annotations

from django.db import models

from checklists.models.catalog import Person


class Identity(models.Model):
    """A subject of an issuer, and the person it signs in. One person may have several, one subject only one.

    The issuer is part of the key: after a change of provider, an equal subject is somebody else.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="identities")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["person", "pk"]
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_per_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"
