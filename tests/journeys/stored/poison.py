"""Puts the payloads into every column of text there is; a column that is left alone stands here, with why."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from django.apps import apps
from django.db import models

from tests.journeys.stored.corpus import PAYLOADS

# Names and numbers that machines made: a person writes none of them.
MADE = {
    "sha256", "hash", "digest", "prefix", "stream", "verb", "head", "cut_head", "previous", "envelope", "envelope_sha256",
    "key_id", "public", "challenge", "request_hash", "bundle_sha256", "log_sha256", "index_sha256", "trace_id",
    "checkpoint", "seal", "note", "media_type", "checklist_slug", "slug", "key", "outcome", "verdict",
}  # fmt: skip
ELSEWHERE = {
    "Person.password": "a hash",
    "Person.username": "letters, digits and @.+-_ only, by its validator",
    "AuditStream.name": "a key",
    "Checkpoint.stream": "a key",
    "ChecklistVersion.version": "part of addresses; its Markdown is published with payloads in it",
    "ChecklistVersion.source": "published with payloads in it, not changed afterwards",
    "GateItem.role": "a role, or nothing",
    "Message.channel": "a name of the operator’s",
    "Notification.path": "made by the acts from a route",
    "CheckpointDelivery.error": "",
    "Waiver.rule": "a rule’s name, or nothing",
    "Waiver.expires_zone": "a zone’s name, by its validator",
    "Heartbeat.name": "a key",
    "IdempotencyKey.body": "an answer of the API",
    "WebhookDelivery.body": "JSON that no page shows",
    "WebhookDelivery.event": "an event’s name",
    "Proposal.base": "parameters that parse",
    "Proposal.text": "parameters that parse",
    "DeploymentPolicy.source": "YAML that parses",
}


def columns() -> Iterator[tuple[type[models.Model], models.Field]]:
    """Every column that holds free text."""
    for model in apps.get_app_config("checklists").get_models():
        for field in model._meta.concrete_fields:
            text = isinstance(field, models.CharField | models.TextField) and not field.choices
            if text and field.name not in MADE and f"{model.__name__}.{field.name}" not in ELSEWHERE:
                yield model, field


def every_row(turn: int) -> int:
    """Fill them; long columns take many payloads, short ones another at each turn. How many were filled."""
    numbers, filled = count(turn), 0
    for model, field in columns():
        unique = field.unique or any(
            field.name in c.fields for c in model._meta.constraints if hasattr(c, "fields")
        )
        for row in model._default_manager.order_by("pk").values_list("pk", flat=True):
            text = filling(field, next(numbers))
            text = f"{text}{row}"[-(field.max_length or 10**6) :] if unique else text
            model._default_manager.filter(pk=row).update(**{field.name: text})
            filled += 1
    return filled


def filling(field: models.Field, number: int) -> str:
    """A text for the column that fits into it."""
    longest = field.max_length or 20_000
    start = "https://x.invalid/" if isinstance(field, models.URLField) else ""
    fitting = [p for p in PAYLOADS if len(start + p) <= longest] or [PAYLOADS[0][:longest]]
    text = start + fitting[number % len(fitting)]
    for more in range(1, len(fitting)):
        longer = text + " " + fitting[(number + more) % len(fitting)]
        if len(longer) > longest:
            break
        text = longer
    return text.replace("\x00", "") if longest <= 300 else text.replace("\x00", "\\0")
