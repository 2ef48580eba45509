"""What goes out: notifications of people, mails and chat messages, webhooks. Rows are the queue."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from checklists.models.catalog import Person, Project


class NotificationKind(models.TextChoices):
    SIGN = "sign", "Waiting for my signature"
    BLOCKED = "blocked", "A gate is blocked"
    STALE = "stale", "My signature went stale"
    DECLINED = "declined", "A gate was declined"
    APPROVED = "approved", "A gate was approved"
    WAIVER = "waiver", "A waiver waits, was decided or is about to expire"
    REHEARSAL = "rehearsal", "A rollback rehearsal is due or failed"
    PROPOSAL = "proposal", "A change waits for my vote or was decided"
    DEPLOYMENT = "deployment", "A release was deployed, rolled out or rolled back"


class Notification(models.Model):
    """One line in a person's inbox. `path` leads to the row it is about; `key` keeps it from coming twice."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notifications")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=NotificationKind)
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=500, blank=True)
    path = models.CharField(max_length=300)
    key = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["person"], condition=Q(read_at=None), name="unread_of_person")]
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="one_notification_per_key")]

    def __str__(self) -> str:
        return self.title


class NotificationPreference(models.Model):
    """Whether a person wants a kind by mail as well; without a row the kind's default counts."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notification_preferences")
    kind = models.CharField(max_length=10, choices=NotificationKind)
    mail = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="one_preference_per_kind")]

    def __str__(self) -> str:
        return f"{self.person}: {self.kind}"


class OutState(models.TextChoices):
    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    FAILED = "failed", "Given up"


class Message(models.Model):
    """A mail (`channel` is "mail") or a message to a chat or pager the operator configured by that name.

    `key` keeps it from being written twice. `claimed_at` stands while somebody sends it: a message whose
    sender died is not sent again, because it may have arrived.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=60)
    to = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    key = models.CharField(max_length=120)
    state = models.CharField(max_length=6, choices=OutState, default=OutState.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state="queued"), name="messages_to_send"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["channel", "to", "key"], name="one_message_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.subject}"


class Webhook(models.Model):
    """An address that is told what happens. Its secret is derived from the installation's key and `key_id`
    and `rotation`, so the database holds none.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="webhooks")
    url = models.URLField(max_length=1000)
    events = models.JSONField(default=list)
    key_id = models.UUIDField(unique=True)
    rotation = models.PositiveIntegerField(default=0)
    active = models.BooleanField(default=True)
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["project", "id"]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event for one webhook: queued in the act's transaction, tried again with growing pauses."""

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries")
    event_id = models.UUIDField()
    event = models.CharField(max_length=60)
    body = models.TextField()
    state = models.CharField(max_length=6, choices=OutState, default=OutState.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    milliseconds = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "webhook deliveries"
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state="queued"), name="deliveries_to_send"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event_id"], name="one_delivery_per_event"),
        ]

    def __str__(self) -> str:
        return f"{self.event} → {self.webhook}: {self.state}"
