"""`load`: a load test, recorded by a tool or made here, against its limits. Also known as `load-result`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from readiness.engine.checks.http import ask_of
from readiness.engine.errors import BadContent, NotAllowed, NotFound, ParameterError
from readiness.engine.latencies import percentiles, picture
from readiness.engine.outcome import Finding, Limit, Measurement, Outcome, Scalar, judged, quantity
from readiness.engine.readers import loads, metrics
from readiness.engine.readers.loads import Load, Tool
from readiness.engine.readers.metrics import Reading, Wanted
from readiness.engine.readers.numbers import Scale
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

if TYPE_CHECKING:
    from readiness.engine.live_load import Plan, Seen

_DEFAULT_REQUESTS = 1000
Concurrency = Annotated[int, Meta(ge=1, le=64)]


class LoadParams(Params, frozen=True):
    """Either `file` (a recorded result; `format` says whose, without it the content does) or `url` (measured
    now: `requests` in all, `concurrency` at a time). Latency limits in ms, `max_error_rate` in per cent,
    `min_throughput` in requests per second. For a JSON or YAML file of your own, `requests`, `p50`, `p95`,
    `p99`, `error_rate` and `throughput` name its keys. `body` is a file of the run.
    """

    file: str = ""
    url: str = ""
    format: Tool | Literal["keys"] | None = None
    min_requests: int = 1000
    max_p50: float | None = None
    max_p95: float | None = None
    max_p99: float | None = None
    max_error_rate: float | None = 1.0
    min_throughput: float | None = None
    requests: Annotated[int, Meta(ge=1, le=100_000)] | str = "requests"
    concurrency: Concurrency = 10
    method: Literal["GET", "HEAD", "POST", "PUT"] = "GET"
    body: str | None = None
    expect_status: tuple[int, ...] = (200,)
    p50: str = "latency_ms.p50"
    p95: str = "latency_ms.p95"
    p99: str = "latency_ms.p99"
    error_rate: str = "error_rate"
    error_rate_scale: Scale = "fraction"
    throughput: str = "throughput"

    def __post_init__(self) -> None:
        if bool(self.file) == bool(self.url):
            raise ValueError("give `file` or `url`, one of them")


@check("load", title="A load test held", aliases=("load-result",))
def load(want: LoadParams, run: RunDirectory) -> Finding:
    """Judges many requests at a time: how many, how slow, how many errors, how many in a second.

    With `file` it reads what a tool recorded: a summary of k6 as JSON (any of its three forms), Locust's
    `…_stats.csv`, what hey prints, JMeter's `.jtl` as CSV (percentiles are computed from its samples, and
    transactions are not counted beside their requests), or a JSON or YAML file of your own with the keys
    below. With `url` it sends the requests itself, over kept connections to one address that the operator
    allowed; it is skipped otherwise. `latency` measures one request at a time.

    Fails on too few requests, on slow percentiles, on too many errors, and on figures that cannot be:
    negative ones, a p50 over the p95, more failures than requests. In a file of your own, latencies are in
    milliseconds and the error rate is a fraction unless `error_rate_scale: percent` says otherwise; p50, p99
    and throughput may be absent. Measured here, latencies are those of the expected answers, and every other
    answer is an error.

    ```yaml check
    load: {file: staging/load-test.json, min_requests: 1000, max_p95: 200, max_error_rate: 1}
    ```
    """
    if want.url:
        return _live(want, run)
    tool = want.format or loads.tool_of(run, want.file) or "keys"
    found = _own_keys(want, run) if tool == "keys" else (loads.read(run, want.file, tool), {})
    return _finding(want, *found, volatile=False)


def _finding(
    want: LoadParams,
    found: Load,
    sources: dict[str, str],
    *,
    volatile: bool,
    details: dict[str, Any] | None = None,
) -> Finding:
    measured = _measurements(want, found, sources, volatile=volatile)
    limit = _bound("<=", want.max_p95)
    title = "Latency under load" + ("; the line is the limit of p95" if limit else "")
    return judged(
        measured,
        _message(measured),
        charts=[picture(title, found.latency, found.samples, limit)] if found.latency else [],
        advice="Scale the service, or find what is slow.",
        details=details,
    )


def _measurements(
    want: LoadParams, found: Load, sources: dict[str, str], *, volatile: bool
) -> list[Measurement]:
    least = max(1, want.min_requests)
    rows: list[tuple[str, Scalar, str | None, Limit | None]] = [
        ("Requests", found.requests, None, Limit(">=", least)),
        ("Error rate", found.errors, "%", _bound("<=", want.max_error_rate)),
    ]
    bounds = {"p50": want.max_p50, "p95": want.max_p95, "p99": want.max_p99}
    names = [name for name in bounds if name in found.latency or bounds[name] is not None]
    rows += [(name, found.latency.get(name), "ms", _bound("<=", bounds[name])) for name in names]
    if found.throughput is not None or want.min_throughput is not None:
        rows.append(("Throughput", found.throughput, "requests/s", _bound(">=", want.min_throughput)))
    return [
        Measurement(
            name=name,
            value=value,
            unit=unit,
            limit=limit,
            source=sources.get(name, found.source),
            volatile=volatile or name != "Requests",
        )
        for name, value, unit, limit in rows
    ]


def _bound(op: str, value: float | None) -> Limit | None:
    return None if value is None else Limit(op, value)


def _message(measured: list[Measurement]) -> str:
    bad = [m for m in measured if m.ok is False]
    if bad:
        return "; ".join(f"{m.name} {m.observed}, needs {m.expected}" for m in bad)
    requests, errors = measured[:2]
    said = f"{quantity(requests.value)} requests, {errors.observed} errors"
    p95 = next((m for m in measured if m.name == "p95"), None)
    if p95 is None:
        return said
    return f"{said}; p95 {p95.observed}" + (f", needs {p95.expected}" if p95.limit else "")


# --- a file of one's own -----------------------------------------------------------------------


def _own_keys(want: LoadParams, run: RunDirectory) -> tuple[Load, dict[str, str]]:
    if not isinstance(want.requests, str):
        raise ParameterError("With `file`, `requests` names a key.", "Use `min_requests` for the number.")
    requests = metrics.read(run, Wanted(file=want.file, key=want.requests))
    errors = metrics.read(
        run, Wanted(file=want.file, key=want.error_rate, unit="%", scale=want.error_rate_scale)
    )
    keys = {"p50": want.p50, "p95": want.p95, "p99": want.p99}
    latency = {
        name: reading
        for name, key in keys.items()
        if (reading := _reading(run, want.file, key, needed=name == "p95"))
    }
    throughput = _reading(run, want.file, want.throughput, unit=None)
    extra = {"Throughput": throughput} if throughput else {}
    readings = {"Requests": requests, "Error rate": errors, **latency, **extra}
    _check_possible(want.file, list(readings.values()), [r.value for r in latency.values()])
    found = Load(
        requests=int(requests.value),
        errors=errors.value,
        latency={name: reading.value for name, reading in latency.items()},
        throughput=throughput.value if throughput else None,
    )
    return found, {name: reading.source for name, reading in readings.items()}


def _reading(
    run: RunDirectory, file: str, key: str, *, unit: str | None = "ms", needed: bool = False
) -> Reading | None:
    try:
        return metrics.read(run, Wanted(file=file, key=key, unit=unit))
    except NotFound:
        if needed:
            raise
        return None


def _check_possible(file: str, readings: list[Reading], percentiles: list[float]) -> None:
    negative = next((r for r in readings if r.value < 0), None)
    if negative:
        raise BadContent(f"{negative.source} is negative.", "Record the load test again.")
    if percentiles != sorted(percentiles):
        shown = ", ".join(quantity(value, "ms") for value in percentiles)
        raise BadContent(
            f"{file}: p50, p95 and p99 do not rise ({shown}).", "Correct how they were computed."
        )


# --- measured here -----------------------------------------------------------------------------


def _live(want: LoadParams, run: RunDirectory) -> Finding:
    from readiness.engine.live_load import Plan  # it loads httpx, and most runs probe nothing

    plan = Plan(
        requests=want.requests if isinstance(want.requests, int) else _DEFAULT_REQUESTS,
        concurrency=want.concurrency,
        seconds=run.options.child_seconds,
        each=run.options.http_seconds,
        statuses=want.expect_status,
    )
    seen = measured_live(run, want.url, plan, method=want.method, body=want.body)
    if isinstance(seen, Finding):
        return seen
    done = len(seen.times)
    found = Load(
        requests=seen.requests,
        errors=100 * (seen.requests - done) / seen.requests if seen.requests else 100.0,
        latency={name: round(value, 3) for name, value in percentiles(seen.times).items()} if done else {},
        throughput=round(done / seen.seconds, 1) if seen.seconds else None,
        samples=seen.times,
        source=f"{want.url}, {plan.concurrency} at a time",
    )
    return _finding(want, found, {}, volatile=True, details=described(want.url, seen))


def measured_live(
    run: RunDirectory, url: str, plan: Plan, *, method: str, body: str | None
) -> Seen | Finding:
    """The requests of a plan, sent to an allowed address; FAIL when its name leads nowhere.

    Raises NotAllowed, FileMissing (the body).
    """
    from readiness.engine.guarded import Unreachable
    from readiness.engine.live_load import measure
    from readiness.engine.session import aim

    ask, options = ask_of(run, method=method, body=body), run.options
    try:
        target = aim(url, allowed_hosts=options.allowed_hosts, seconds=options.http_seconds, ask=ask)
        return measure(target, plan)
    except Unreachable as problem:
        return Finding(outcome=Outcome.FAIL, message=problem.message, advice=problem.advice)
    except ValueError as error:
        raise NotAllowed(f"The list of allowed hosts has a bad entry: {error}.", "Correct it.") from None


def described(url: str, seen: Seen) -> dict[str, Any]:
    """Address and the commonest problems, for a finding's details."""
    problems = [{"problem": what, "count": count} for what, count in seen.problems.most_common(10)]
    return {"url": url, "problems": problems, "seconds": round(seen.seconds, 3)}
