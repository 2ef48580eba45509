"""Spans: which trace a piece of work belongs to, and its export by OpenTelemetry where that is wanted.

Without the extra `telemetry`, or without OTEL_EXPORTER_OTLP_ENDPOINT, a span is two ids and nothing is
sent; TRACEPARENT (W3C Trace Context) joins it to the pipeline's trace either way. A collector that does not
answer costs at most EXPORT_SECONDS at the end of the process, and never the work.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

Value = str | bool | int | float
EXPORT_SECONDS = 3
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
TIMEOUTS = ("OTEL_EXPORTER_OTLP_TIMEOUT", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT")
_PARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)


@dataclass(frozen=True, slots=True)
class Parent:
    """Where a span hangs: 32 and 16 lower-case hex digits, and whether its trace is sampled."""

    trace_id: str
    span_id: str
    sampled: bool = True


@dataclass(slots=True)
class Span:
    """A running span; `set` adds an attribute, also when nothing is exported."""

    name: str
    trace_id: str
    span_id: str
    attributes: dict[str, Value] = field(default_factory=dict)
    _otel: OtelSpan | None = None

    def set(self, **attributes: Value) -> None:
        """Add attributes. A dot in a name is written as two underscores: `gate__verdict`."""
        named = {name.replace("__", "."): value for name, value in attributes.items()}
        self.attributes |= named
        if self._otel is not None:
            self._otel.set_attributes(named)

    @property
    def traceparent(self) -> str:
        """The header that joins a child process or a request to this span."""
        return f"00-{self.trace_id}-{self.span_id}-01"


_current: ContextVar[Parent | None] = ContextVar("readiness_span", default=None)


@contextmanager
def span(name: str, **attributes: Value) -> Iterator[Span]:
    """A span around the work in the block; it always has ids. What the block raises passes through."""
    parent = _current.get() or from_environment()
    with _started(name, parent) as running:
        running.set(**attributes)
        token = _current.set(Parent(running.trace_id, running.span_id))
        try:
            yield running
        finally:
            _current.reset(token)


def from_environment() -> Parent | None:
    """The parent that TRACEPARENT names; None without it, and for one that is malformed."""
    match = _PARENT.fullmatch(os.environ.get("TRACEPARENT", "").strip().lower())
    return Parent(match[1], match[2], bool(int(match[3], 16) & 1)) if match else None


def wanted() -> bool:
    """Whether spans are to be exported: an endpoint is set."""
    return any(os.environ.get(name, "").strip() for name in ENDPOINTS)


@contextmanager
def _started(name: str, parent: Parent | None) -> Iterator[Span]:
    tracer = _tracer() if wanted() else None
    if tracer is not None:
        with tracer.start_as_current_span(name, context=_context(parent)) as otel:
            made = otel.get_span_context()
            if made.is_valid:
                yield Span(name, f"{made.trace_id:032x}", f"{made.span_id:016x}", _otel=otel)
                return
    trace_id = parent.trace_id if parent else secrets.token_hex(16)
    yield Span(name, trace_id, secrets.token_hex(8))


def _context(parent: Parent | None) -> Any:
    from opentelemetry import trace  # of the extra `telemetry`

    if parent is None or trace.get_current_span().get_span_context().is_valid:
        return None  # what runs already, or a new trace
    flags = trace.TraceFlags(trace.TraceFlags.SAMPLED if parent.sampled else trace.TraceFlags.DEFAULT)
    remote = trace.SpanContext(
        int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=flags
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(remote))


@lru_cache(maxsize=1)
def _tracer() -> Tracer | None:
    """Of the provider that this process has, else of our own; None when it is misconfigured or missing."""
    try:
        from opentelemetry import trace  # of the extra `telemetry`
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        return None
    from readiness import __version__

    present = trace.get_tracer_provider()
    if isinstance(present, TracerProvider):
        return present.get_tracer("readiness", __version__)
    limit = None if any(map(os.environ.get, TIMEOUTS)) else EXPORT_SECONDS
    try:
        resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME") or "readiness"})
        provider = TracerProvider(resource=resource)  # flushes when the process ends
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=limit)))
    except ValueError:  # an OTEL_ variable that cannot be read must not end the work
        return None
    return provider.get_tracer("readiness", __version__)
