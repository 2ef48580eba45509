"""People, projects, environments and published checklists."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from django.contrib.auth.models import AbstractUser
from django.db import models

from checklists import clock
from readiness.engine.checklist import Checklist, Role


class Person(AbstractUser):
    """Somebody who signs in. People are deactivated, never deleted: what they did keeps their name.

    A service account (`is_service`) is a pipeline's: it works by tokens only, holds no signing role, and
    never signs in.
    """

    is_service = models.BooleanField(default=False, verbose_name="service account")

    @property
    def name(self) -> str:
        """Full name, or the user name where none is given."""
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        """Up to two letters for the avatar."""
        parts = self.name.replace("-", " ").split()
        return "".join(p[0] for p in parts[:2]).upper() or "?"


class MemberRole(models.TextChoices):
    """What a person is in a project; one person may hold several roles, and signs in one per gate."""

    OWNER = "owner", "Owner"
    CONTRIBUTOR = "contributor", "Contributor"
    TECHNICAL_LEAD = Role.TECHNICAL_LEAD.value, "Technical lead"
    PRODUCT_OWNER = Role.PRODUCT_OWNER.value, "Product owner"
    COMPLIANCE = Role.COMPLIANCE.value, "Compliance"
    READER = "reader", "Reader"
    AUDITOR = "auditor", "Auditor"


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, person: Person, now: datetime | None = None) -> ProjectQuerySet:
        """Projects the person belongs to (still), in any role. Administrators see no other project either."""
        held = Membership.objects.filter(person=person).live(now or clock.now())
        return self.filter(pk__in=held.values("project"))


class Project(models.Model):
    """The thing that is released, e.g. "Image classifier".

    `change_board` is told of every proposal; `channels` names chats or pagers that the operator configured;
    with `change_control`, thresholds change by proposal only; with `second_factor`, nobody signs by password
    alone.
    """

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    change_board = models.EmailField(blank=True)
    channels = models.JSONField(default=list, blank=True)
    change_control = models.BooleanField(default=False)
    second_factor = models.BooleanField(default=False)
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(models.QuerySet["Membership"]):
    def live(self, now: datetime) -> MembershipQuerySet:
        """Those that have not ended; one without an end never does."""
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now))


class Membership(models.Model):
    """One role of one person in one project. An auditor's ends at `expires_at`; what they read is logged."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="memberships")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=MemberRole)
    expires_at = models.DateTimeField(null=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["project", "role", "person"]
        constraints = [
            models.UniqueConstraint(fields=["project", "person", "role"], name="one_membership_per_role"),
            models.CheckConstraint(condition=models.Q(role__in=MemberRole.values), name="known_member_role"),
            models.CheckConstraint(
                condition=~models.Q(role="auditor") | models.Q(expires_at__isnull=False),
                name="auditor_access_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person.name}: {self.get_role_display()}"


class Environment(models.Model):
    """Where a gate leads: staging, production …"""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="environments")
    name = models.CharField(max_length=60)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="one_environment_per_name")]

    def __str__(self) -> str:
        return self.name


class ChecklistVersion(models.Model):
    """A published checklist. Never changes (a trigger sees to it); a new text is a new version.

    One of a `project` is that project's own and its slug begins with the project's; others are everybody's.

    `content` is the parsed checklist (readiness.engine.checklist), `html` the rendered and sanitised
    Markdown: `{"summary": …, "items": {id: {"guidance": …, "evidence": …, "remediation": …}}}`.
    """

    slug = models.SlugField(max_length=100)
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="checklists")
    version = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    source = models.TextField()
    sha256 = models.CharField(max_length=64)
    content = models.JSONField()
    html = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["slug", "-published_at"]
        constraints = [models.UniqueConstraint(fields=["slug", "version"], name="one_checklist_per_version")]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"

    @cached_property
    def checklist(self) -> Checklist:
        """The parsed value."""
        return Checklist.from_dict(self.content)
