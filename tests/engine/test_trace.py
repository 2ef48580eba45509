"""Spans: ids without any library, the pipeline's trace, and export over HTTP to a collector of our own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from readiness.engine import trace

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADER = f"00-{TRACE}-{SPAN}-01"
PROGRAM = """
from readiness.engine import trace
with trace.span("deployment.gate", release="2.4.0") as outer:
    with trace.span("inner") as inner:
        inner.set(gate__verdict="approve", reasons=3)
    print(outer.trace_id, inner.trace_id, outer.span_id, inner.span_id)
"""


@pytest.fixture
def bare(monkeypatch):
    """No variable of the machine joins in."""
    for name in [name for name in os.environ if name.startswith(("OTEL_", "TRACEPARENT"))]:
        monkeypatch.delenv(name)


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """An OTLP/HTTP server on this machine: its address, and the bodies it was sent."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", bodies
    server.shutdown()
    thread.join()
    server.server_close()


def run(**env: str) -> list[str]:
    """The four ids that the program prints, in a process of its own that must end well."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "TRACEPARENT"))}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=kept | env,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()


@pytest.mark.usefixtures("bare")
def test_ids_without_parent():
    """A span has ids of the right form; each new trace has its own."""
    with trace.span("a") as first, trace.span("b") as inner:
        pass
    with trace.span("c") as other:
        pass
    assert (len(first.trace_id), len(first.span_id)) == (32, 16)
    assert first.trace_id == inner.trace_id != other.trace_id
    assert first.span_id != inner.span_id


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("header", "joined"),
    [
        (HEADER, True),
        (HEADER.upper(), True),
        (HEADER[:-2] + "00", True),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-brings", True),
        ("", False),
        ("00", False),
        (f"ff-{TRACE}-{SPAN}-01", False),
        (f"00-{'0' * 32}-{SPAN}-01", False),
        (f"00-{TRACE}-{'0' * 16}-01", False),
        (f"00-{TRACE[:-1]}-{SPAN}-01", False),
        (f"00-{TRACE}-{SPAN}", False),
        (f"00-{TRACE}-{SPAN}-01\nx", False),
    ],
)
def test_traceparent(monkeypatch, header, joined):
    """A W3C header joins the pipeline's trace; a malformed one is as none."""
    monkeypatch.setenv("TRACEPARENT", header)
    with trace.span("a") as span:
        assert (span.trace_id == TRACE) is joined
        assert span.traceparent == f"00-{span.trace_id}-{span.span_id}-01"


@pytest.mark.usefixtures("bare")
def test_what_is_raised_passes():
    """The span never swallows an error of the work, and is left behind."""
    with pytest.raises(KeyError), trace.span("a"):
        raise KeyError
    with trace.span("b") as after:
        assert trace._current.get().span_id == after.span_id
    assert trace._current.get() is None


def test_exported(collector):
    """With an endpoint the spans arrive, under the parent's trace, with their attributes."""
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    address, bodies = collector
    ids = run(OTEL_EXPORTER_OTLP_ENDPOINT=address, TRACEPARENT=HEADER)
    sent = [
        span
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    spans = {span.name: span for span in sent}
    outer, inner = spans["deployment.gate"], spans["inner"]
    assert ids == [TRACE, TRACE, outer.span_id.hex(), inner.span_id.hex()]
    assert (outer.parent_span_id.hex(), inner.parent_span_id) == (SPAN, outer.span_id)
    assert {a.key: a.value.string_value or a.value.int_value for a in inner.attributes} == {
        "gate.verdict": "approve",
        "reasons": 3,
    }


def test_without_the_library(monkeypatch):
    """An endpoint without the extra `telemetry` leaves spans as they are without one."""
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("TRACEPARENT", HEADER)
    trace._tracer.cache_clear()
    with trace.span("a") as span:
        assert span.trace_id == TRACE
    trace._tracer.cache_clear()


@pytest.mark.parametrize(
    "env",
    [
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "no address at all", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_BSP_SCHEDULE_DELAY": "often"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_TRACES_SAMPLER": "always_off"},
    ],
    ids=["nobody answers", "no address", "switched off", "misconfigured", "not sampled"],
)
def test_never_fails_the_work(env):
    """A collector that cannot be reached, and a wrong setting, leave the ids and the work as they are."""
    ids = run(**env, TRACEPARENT=HEADER)
    assert ids[:2] == [TRACE, TRACE]
    assert len({len(each) for each in ids[2:]}) == 1
