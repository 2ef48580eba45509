"""One call of a webhook: signed as Standard Webhooks says, to hosts that the operator allowed, once.

The headers are `webhook-id` (the event's id, the same at every try), `webhook-timestamp` (seconds of this
try) and `webhook-signature` ("v1," and the Base64 of HMAC-SHA256 over "id.timestamp.body").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from checklists.models import Webhook, WebhookDelivery
from readiness.engine.errors import NotAllowed
from readiness.engine.guarded import Ask, Unreachable, fetch

SECONDS = 10.0
GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a call came to. `final`: trying again is of no use. `status` None: no answer came."""

    ok: bool
    status: int | None = None
    milliseconds: int | None = None
    error: str = ""
    final: bool = False


def secret(webhook: Webhook) -> str:
    """The webhook's secret, "whsec_" and Base64; it follows from the installation's key and the row."""
    said = f"webhook/{webhook.key_id}/{webhook.rotation}".encode()
    return "whsec_" + base64.b64encode(_hmac(settings.SECRET_KEY.encode(), said)).decode()


def signature(key: str, event_id: str, timestamp: int, body: str) -> str:
    """The value of `webhook-signature` for a secret as `secret` gives it."""
    said = f"{event_id}.{timestamp}.{body}".encode()
    raw = base64.b64decode(key.removeprefix("whsec_"))
    return "v1," + base64.b64encode(_hmac(raw, said)).decode()


def _hmac(key: bytes, said: bytes) -> bytes:
    return hmac.new(key, said, hashlib.sha256).digest()


def call(row: WebhookDelivery, *, at: datetime) -> Outcome:
    """Send one delivery. Redirects are not followed; the answer may take 10 s and hold 1 MB."""
    timestamp = int(at.timestamp())
    event_id = str(row.event_id)
    headers = {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret(row.webhook), event_id, timestamp, row.body),
    }
    ask = Ask(method="POST", headers=headers, body=row.body.encode())
    try:
        answer = fetch(row.webhook.url, allowed_hosts=settings.WEBHOOK_HOSTS, seconds=SECONDS, ask=ask)
    except NotAllowed as problem:
        return Outcome(ok=False, error=problem.message, final=True)
    except Unreachable as problem:
        return Outcome(ok=False, error=problem.message)
    took = round(answer.seconds * 1000)
    if 200 <= answer.status < 300:
        return Outcome(ok=True, status=answer.status, milliseconds=took)
    return Outcome(
        ok=False,
        status=answer.status,
        milliseconds=took,
        error=_why(answer.status),
        final=answer.status == GONE,
    )


def _why(status: int) -> str:
    if 300 <= status < 400:
        return f"answered {status}; redirects are not followed, name the final address"
    if status == GONE:
        return "answered 410: it says that it wants nothing more"
    return f"answered {status}; only 2xx counts as received"
