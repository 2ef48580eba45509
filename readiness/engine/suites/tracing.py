"""Spans of a run. Until `readiness.engine.trace` is there, ids are made here and go nowhere."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_PARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_TRACE: ContextVar[str] = ContextVar("trace", default="")


class Span:
    """A span that nobody records."""

    def __init__(self, trace_id: str) -> None:
        self.trace_id, self.span_id = trace_id, secrets.token_hex(8)

    def set(self, key: str, value: Any) -> None:
        """An attribute of the span."""


@contextmanager
def span(name: str, **attributes: Any) -> Iterator[Span]:
    """A span with the trace id of the one around it, of TRACEPARENT, or a new one."""
    parent = _PARENT.fullmatch(os.environ.get("TRACEPARENT", ""))
    trace_id = _TRACE.get() or (parent[1] if parent else secrets.token_hex(16))
    token = _TRACE.set(trace_id)
    try:
        yield Span(trace_id)
    finally:
        _TRACE.reset(token)
