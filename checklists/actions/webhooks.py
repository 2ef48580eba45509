"""Acts on webhooks: add, change, stop, start, new secret, ping, send again. Owners only."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from checklists import audit, clock, outbox
from checklists.actions.base import before_after
from checklists.actions.outgoing import MAX_ATTEMPTS
from checklists.errors import Refused
from checklists.models import Person, Project, Webhook, WebhookDelivery
from checklists.models.outbox import OutState
from checklists.outbox_events import CHOSEN
from checklists.permissions import Act, require
from readiness.engine.errors import NotAllowed
from readiness.engine.guarded import checked
from readiness.engine.hosts import parse_entry

MOST = 20
STOPPED = "The webhook was stopped before this was delivered."
NOT_LISTED = "The operator has not allowed this host for webhooks"
ASK_OPERATOR = "Ask the operator to add it to READINESS_WEBHOOK_HOSTS."


def add(*, project: Project, by: Person, url: str, events: Collection[str]) -> Webhook:
    """Add a webhook with a secret of its own. Raises Forbidden, Refused (address, host, events, too many)."""
    require(by, project, Act.WEBHOOKS)
    chosen = _events(events)
    _require_address(url)
    if Webhook.objects.filter(project=project).count() >= MOST:
        raise Refused(f"A project has at most {MOST} webhooks.", "Change one that is no longer used.")
    with transaction.atomic():
        webhook = Webhook.objects.create(
            project=project,
            url=url,
            events=chosen,
            key_id=uuid.uuid4(),
            created_by=by,
            created_at=clock.now(),
        )
        _log(webhook, by, "webhook.added", events=chosen)
    return webhook


def change(*, webhook: Webhook, by: Person, url: str, events: Collection[str]) -> Webhook:
    """Change address and events. Another host gets a new secret only when asked for. Raises as `add`."""
    require(by, webhook.project_id, Act.WEBHOOKS)
    after = {"url": url, "events": _events(events)}
    _require_address(url)
    with transaction.atomic():
        row = _locked(webhook)
        before = {"url": row.url, "events": row.events}
        if before == after:
            return row
        row.url, row.events = url, list(after["events"])
        row.save(update_fields=["url", "events"])
        _log(row, by, "webhook.changed", **before_after(before, after))
    return row


def stop(*, webhook: Webhook, by: Person) -> Webhook:
    """Send nothing more; what is queued is given up. Raises Forbidden."""
    require(by, webhook.project_id, Act.WEBHOOKS)
    with transaction.atomic():
        row = _locked(webhook)
        if row.active:
            row.active = False
            row.save(update_fields=["active"])
            queued = WebhookDelivery.objects.filter(webhook=row, state=OutState.QUEUED)
            given_up = queued.update(state=OutState.FAILED, error=STOPPED)
            _log(row, by, "webhook.stopped", given_up=given_up)
    return row


def start(*, webhook: Webhook, by: Person) -> Webhook:
    """Send events from now on again. Raises Forbidden."""
    require(by, webhook.project_id, Act.WEBHOOKS)
    with transaction.atomic():
        row = _locked(webhook)
        if not row.active:
            row.active = True
            row.save(update_fields=["active"])
            _log(row, by, "webhook.started")
    return row


def rotate(*, webhook: Webhook, by: Person) -> Webhook:
    """Make a new secret; the old one signs nothing from this moment. Raises Forbidden."""
    require(by, webhook.project_id, Act.WEBHOOKS)
    with transaction.atomic():
        row = _locked(webhook)
        row.rotation += 1
        row.save(update_fields=["rotation"])
        _log(row, by, "webhook.secret", rotation=row.rotation)
    return row


def ping(*, webhook: Webhook, by: Person) -> uuid.UUID:
    """Queue an event of no meaning, to see whether it arrives. Raises Forbidden, Refused when stopped."""
    require(by, webhook.project_id, Act.WEBHOOKS)
    _require_active(webhook)
    event, project = uuid.uuid4(), webhook.project
    with transaction.atomic():
        body = {"project": {"slug": project.slug, "name": project.name}, "data": {"asked_by": by.name}}
        outbox.write_deliveries([webhook], "webhook.ping", event, clock.now(), body=body)
    return event


def send_again(*, delivery: WebhookDelivery, by: Person) -> None:
    """Try an ended delivery once more, with the same event id. Raises Forbidden, Refused."""
    require(by, delivery.webhook.project_id, Act.WEBHOOKS)
    _require_active(delivery.webhook)
    with transaction.atomic():
        ended = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state=OutState.QUEUED)
        tries = min(delivery.attempts, MAX_ATTEMPTS - 1)
        if not ended.update(state=OutState.QUEUED, attempts=tries, next_at=clock.now(), sent_at=None):
            raise Refused("This delivery is queued already.")
        event = json.loads(delivery.body)["id"]
        _log(delivery.webhook, by, "webhook.sent_again", event=delivery.event, id=event)
        outbox.ring()


def set_channels(*, project: Project, by: Person, channels: Collection[str]) -> Project:
    """Choose which of the operator's chats and pagers hear of this project. Raises Forbidden, Refused."""
    require(by, project, Act.WEBHOOKS)
    wanted = sorted(set(channels))
    unknown = [name for name in wanted if name not in settings.CHANNELS]
    if unknown:
        raise Refused(f"The operator has no channel {unknown[0]!r}.", "Choose one of those offered.")
    with transaction.atomic():
        row = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        change = before_after({"channels": row.channels}, {"channels": wanted})
        if change["after"]:
            row.channels = wanted
            row.save(update_fields=["channels"])
            audit.append(
                f"project:{row.pk}",
                by=by,
                verb="channels.changed",
                at=clock.now(),
                subject="channels",
                data=change,
            )
    return row


def _events(events: Collection[str]) -> list[str]:
    chosen = [name for name in CHOSEN if name in set(events)]
    if not chosen or len(chosen) != len(set(events)):
        raise Refused("Choose at least one event that there is.")
    return chosen


def _require_address(url: str) -> None:
    """Plain http(s), short, and on the operator’s list; each call judges the connected address again."""
    if len(url) > 1000 or not url.isascii() or not url.isprintable():
        raise Refused("The address must be plain ASCII of at most 1000 characters.")
    try:
        checked(url, [parse_entry(entry) for entry in settings.WEBHOOK_HOSTS])
    except NotAllowed as problem:
        if "not on the list" in problem.message:
            raise Refused(f"{NOT_LISTED}.", ASK_OPERATOR) from None
        raise Refused(problem.message, problem.advice) from None


def _require_active(webhook: Webhook) -> None:
    if not webhook.active:
        raise Refused("This webhook is stopped.", "Start it again first.")


def _locked(webhook: Webhook) -> Webhook:
    return Webhook.objects.select_for_update().select_related("project").get(pk=webhook.pk)


def _log(webhook: Webhook, by: Person, verb: str, **data: Any) -> None:
    # An address may carry a token in path or query; the log, which every member reads, names the host only.
    subject = _host(webhook.url)
    if "before" in data:
        for side in ("before", "after"):
            if "url" in data[side]:
                data[side] = data[side] | {"url": _host(data[side]["url"])}
    audit.append(
        f"project:{webhook.project_id}", by=by, verb=verb, at=clock.now(), subject=subject,
        data={"webhook": webhook.pk, **data},
    )  # fmt: skip


def _host(url: str) -> str:
    return urlsplit(url).netloc
