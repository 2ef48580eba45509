"""Puts the payloads into every column of text there is; a column that is left alone stands here, with why."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from django.apps import apps
from django.db import IntegrityError, models, transaction

from tests.journeys.stored.corpus import PAYLOADS

# Names and numbers that machines made: a person writes none of them.
MADE = {
    "sha256", "hash", "digest", "prefix", "stream", "verb", "head", "cut_head", "previous", "envelope",
    "envelope_sha256", "key_id", "public", "challenge", "request_hash", "bundle_sha256", "log_sha256",
    "index_sha256", "trace_id", "checkpoint", "seal", "note", "media_type", "checklist_slug", "slug",
    "key", "verdict",
}  # fmt: skip
ELSEWHERE = {
    "CheckRun.outcome": "PASS, WARN and so on",
    "Person.password": "a hash",
    "Person.username": "letters, digits and @.+-_ only, by its validator",
    "AuditStream.name": "a key",
    "Checkpoint.stream": "a key",
    "ChecklistVersion.version": "part of addresses; its Markdown is published with payloads in it",
    "ChecklistVersion.source": "published with payloads in it, not changed afterwards",
    "GateItem.role": "a role, or nothing",
    "Message.channel": "a name of the operator’s",
    "Notification.path": "made by the acts from a route",
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


def every_row(turn: int) -> set[str]:
    """Fill them; long columns take many payloads, short ones another at each turn. Which were filled."""
    numbers, filled = count(turn), set()
    for model, field in columns():
        for row in model._default_manager.order_by("pk").values_list("pk", flat=True):
            text = f"{filling(field, next(numbers))[: (field.max_length or 10**6) - 6]}{row}"
            try:
                with transaction.atomic():
                    model._default_manager.filter(pk=row).update(**{field.name: text})
            except IntegrityError:
                continue  # a constraint keeps it empty in this row's state
            filled.add(f"{model.__name__}.{field.name}")
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
