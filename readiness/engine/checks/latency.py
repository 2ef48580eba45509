"""`latency`: how long one request at a time takes, from recorded times or measured here."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from readiness.engine.checks.load import described, measured_live
from readiness.engine.errors import BadContent, NotFound
from readiness.engine.latencies import percentiles, picture
from readiness.engine.outcome import Finding, Limit, Measurement, judged, quantity
from readiness.engine.readers import data, numbers
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

_PERCENTILES = ("p50", "p95", "p99")


class LatencyParams(Params, frozen=True):
    """Either `file` (recorded times in `unit`; `key` is a list of them, a CSV column, or a group with p50,
    p95 and p99) or `url` (measured now: `requests` after `warm_up` ones that do not count). Limits in ms.
    `body` is a file of the run.
    """

    file: str = ""
    url: str = ""
    key: str = "latency_ms"
    unit: Literal["ms", "s"] = "ms"
    min_samples: int = 100
    max_p50: float | None = None
    max_p95: float | None = None
    max_p99: float | None = None
    requests: Annotated[int, Meta(ge=1, le=10_000)] = 100
    warm_up: Annotated[int, Meta(ge=0, le=1_000)] = 10
    method: Literal["GET", "HEAD", "POST", "PUT"] = "GET"
    body: str | None = None
    expect_status: tuple[int, ...] = (200,)

    def __post_init__(self) -> None:
        if bool(self.file) == bool(self.url):
            raise ValueError("give `file` or `url`, one of them")
        if self.max_p50 is self.max_p95 is self.max_p99 is None:
            raise ValueError("give a limit: `max_p50`, `max_p95` or `max_p99`")


@check("latency", title="Single requests are answered in time")
def latency(want: LatencyParams, run: RunDirectory) -> Finding:
    """Judges how long one request takes when nothing else is asked: p50, p95 and p99 against their limits.

    With `url` it asks an address that the operator allowed, one request after the other on one kept
    connection, after some that warm it up; it is skipped when the address is not allowed. With `file` it
    reads recorded times and computes the percentiles itself (nearest rank). `load` is for many at once.

    Fails on a slow percentile, on fewer times than `min_samples` (or `requests`), on any request that is not
    answered as expected, and on times that cannot be: text, NaN, negative ones, a p50 over the p95.

    ```yaml check
    latency: {url: $staging_url, requests: 100, max_p95: 200}
    when: $staging_url
    ```
    """
    return _live(want, run) if want.url else _recorded(want, run)


def _live(want: LatencyParams, run: RunDirectory) -> Finding:
    from readiness.engine.live_load import Plan  # it loads httpx, and most runs probe nothing

    plan = Plan(
        requests=want.requests,
        warm_up=want.warm_up,
        seconds=run.options.child_seconds,
        each=run.options.http_seconds,
        statuses=want.expect_status,
    )
    seen = measured_live(run, want.url, plan, method=want.method, body=want.body)
    if isinstance(seen, Finding):
        return seen
    problems = seen.problems.total()
    measured = [
        Measurement(name="Requests", value=seen.requests, limit=Limit(">=", want.requests), volatile=True),
        Measurement(name="Errors", value=problems, limit=Limit("==", 0), source=want.url, volatile=True),
        *_measurements(want, percentiles(seen.times) if seen.times else {}, want.url),
    ]
    return _finding(want, measured, seen.times, described(want.url, seen))


def _recorded(want: LatencyParams, run: RunDirectory) -> Finding:
    source = f"{want.file} · {want.key}"
    values = _values(want, run)
    if isinstance(values, dict):
        found, samples, counted = _group(want, values), [], []
    else:
        samples = [_milliseconds(want, value) for value in values]
        if not samples:
            raise NotFound(f"{source} is an empty list.", "Record the times.")
        found = percentiles(samples)
        least = Limit(">=", max(1, want.min_samples))
        counted = [Measurement(name="Samples", value=len(samples), limit=least, source=source)]
    return _finding(want, [*counted, *_measurements(want, found, source)], samples, {})


def _values(want: LatencyParams, run: RunDirectory) -> dict[str, object] | list[object]:
    if want.file.lower().endswith(".csv"):
        header, rows = data.read_csv(run, want.file)
        if want.key not in header:
            raise NotFound(f"{want.file} has no column {want.key}.", f"It has: {', '.join(header)[:200]}.")
        return [row[header.index(want.key)] for row in rows]
    found = data.lookup(data.load(run, want.file), want.key, want.file)
    if not isinstance(found, dict | list):
        raise BadContent(f"{want.file} · {want.key} is one value.", "Record every request's time.")
    return found


def _group(want: LatencyParams, values: dict[str, object]) -> dict[str, float]:
    found = {name: _milliseconds(want, values[name]) for name in _PERCENTILES if name in values}
    if list(found.values()) != sorted(found.values()):
        raise BadContent(f"{want.file} · {want.key}: p50, p95 and p99 do not rise.", "Compute them again.")
    return found


def _milliseconds(want: LatencyParams, raw: object) -> float:
    where = f"{want.file} · {want.key}"
    value = numbers.read(raw, where, unit=want.unit, text=want.file.lower().endswith(".csv")).value
    if value < 0:
        raise BadContent(f"{where} holds {value:g} {want.unit}.", "Record the times again.")
    return value * 1000 if want.unit == "s" else value


def _measurements(want: LatencyParams, found: dict[str, float], source: str) -> list[Measurement]:
    bounds = zip(_PERCENTILES, (want.max_p50, want.max_p95, want.max_p99), strict=True)
    return [
        Measurement(
            name=name,
            value=None if found.get(name) is None else round(found[name], 3),
            unit="ms",
            limit=None if bound is None else Limit("<=", bound),
            source=source,
            volatile=True,
        )
        for name, bound in bounds
        if name in found or bound is not None
    ]


def _finding(
    want: LatencyParams, measured: list[Measurement], samples: list[float], details: dict[str, object]
) -> Finding:
    latency = {
        m.name: float(m.value) for m in measured if m.unit == "ms" and isinstance(m.value, float | int)
    }
    limit = None if want.max_p95 is None else Limit("<=", want.max_p95)
    bad = [m for m in measured if m.ok is False]
    shown = bad or [m for m in measured if m.unit == "ms"]
    said = [f"{m.name} {m.observed}" + (f", needs {m.expected}" if m.limit else "") for m in shown]
    count = "" if not samples else f" ({quantity(len(samples))} requests, one at a time)"
    return judged(
        measured,
        "; ".join(said) + count,
        charts=[picture("Latency of single requests", latency, samples, limit)] if latency else [],
        advice="Find what is slow: the model, its preparation, or the way there.",
        details=details,
    )
