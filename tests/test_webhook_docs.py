"""docs/webhooks.md: its snippet verifies what we send, and it lists every event and pause."""

from __future__ import annotations

import re
import time
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest

from checklists.actions.outgoing import pauses_in_words
from checklists.actions.webhook_calls import secret, signature
from checklists.outbox_events import EVENTS

PAGE = (Path(__file__).parent.parent / "docs" / "webhooks.md").read_text(encoding="utf-8")
BODY = '{"type":"gate.ready","data":{"title":"needs ≥ 80 %"}}'


@pytest.fixture
def verified():
    """The function of the page."""
    found: dict[str, object] = {}
    exec(re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)[1], found)
    return found["verified"]


def signed(key: str, body: str = BODY, at: float | None = None) -> dict[str, str]:
    """Headers as they are sent."""
    stamp = int(at or time.time())
    said = signature(key, "one", stamp, body)
    return {"webhook-id": "one", "webhook-timestamp": str(stamp), "webhook-signature": said}


def test_snippet_verifies_what_is_sent(verified):
    """Right secret, right body, just now: true. Anything else: false."""
    row = SimpleNamespace(key_id=UUID(int=5), rotation=0)
    other = SimpleNamespace(key_id=UUID(int=5), rotation=1)
    key = secret(row)
    headers = signed(key)
    assert verified(key, headers, BODY.encode())
    assert verified(
        key, headers | {"webhook-signature": f"v1,old {headers['webhook-signature']}"}, BODY.encode()
    )
    assert not verified(secret(other), headers, BODY.encode())
    assert not verified(key, headers, BODY.encode() + b" ")
    assert not verified(key, headers | {"webhook-id": "two"}, BODY.encode())
    assert not verified(key, signed(key, at=time.time() - 301), BODY.encode())


def test_example_of_standard_webhooks(verified):
    """A signature made by hand from the scheme's definition, so that both sides cannot be wrong alike."""
    import base64
    import hashlib
    import hmac

    raw = b"0123456789abcdef0123456789abcdef"
    by_hand = base64.b64encode(hmac.new(raw, b"msg_1.1700000000.{}", hashlib.sha256).digest()).decode()
    key = "whsec_" + base64.b64encode(raw).decode()
    assert signature(key, "msg_1", 1_700_000_000, "{}") == f"v1,{by_hand}"


def test_page_lists_every_event_and_pause():
    """A new event, or another pause, must be written down."""
    listed = re.findall(r"^\| `([a-z_.]+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert dict(listed) == {name: event.words for name, event in EVENTS.items()}
    *first, last = pauses_in_words().split(", ")
    assert f"{', '.join(first)} and {last}" in PAGE.replace("\n", " ")
