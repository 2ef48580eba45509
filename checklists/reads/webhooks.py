"""A project's webhooks and what was sent to them."""

from __future__ import annotations

from django.db.models import Count, Max, Q, QuerySet

from checklists.models import Project, Webhook, WebhookDelivery
from checklists.models.outbox import OutState


def of_project(project: Project) -> QuerySet[Webhook]:
    """Webhooks, each with `queued`, `given_up` and `last_sent`: one query."""
    return (
        Webhook.objects.filter(project=project)
        .select_related("created_by")
        .annotate(
            queued=Count("deliveries", filter=Q(deliveries__state=OutState.QUEUED)),
            given_up=Count("deliveries", filter=Q(deliveries__state=OutState.FAILED)),
            last_sent=Max("deliveries__sent_at"),
        )
        .order_by("id")
    )


def log_of(webhook: Webhook) -> QuerySet[WebhookDelivery]:
    """Deliveries, newest first."""
    return WebhookDelivery.objects.filter(webhook=webhook).order_by("-id")
