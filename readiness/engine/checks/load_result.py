"""`load-result`: a recorded load test, against its limits."""

from __future__ import annotations

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.outcome import Chart, Finding, Limit, Measurement, judged, quantity
from readiness.engine.readers import metrics
from readiness.engine.readers.metrics import Reading, Wanted
from readiness.engine.readers.numbers import Scale
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory


class LoadResultParams(Params, frozen=True):
    """Keys of the recorded result and their limits; latency in ms, error rate in per cent."""

    file: str
    min_requests: int = 1000
    max_p95: float | None = None
    max_error_rate: float | None = 1.0
    requests: str = "requests"
    p50: str = "latency_ms.p50"
    p95: str = "latency_ms.p95"
    p99: str = "latency_ms.p99"
    error_rate: str = "error_rate"
    error_rate_scale: Scale = "fraction"


@check("load-result", title="A load test held")
def load_result(want: LoadResultParams, run: RunDirectory) -> Finding:
    """Reads the recorded result of a load test: how many requests, how slow, how many errors.

    Fails on too few requests, on a slow p95, on too many errors, and on figures that cannot be: negative
    ones, or a p50 over the p95. The file is JSON or YAML; other tools' names are given with `requests`,
    `p95`, `error_rate` … (dotted keys); p50 and p99 may be absent. Latencies are in milliseconds; the error
    rate is a fraction unless `error_rate_scale: percent` says otherwise.

    ```yaml check
    load-result: {file: staging/load-test.json, min_requests: 1000, max_p95: 200, max_error_rate: 1}
    ```
    """
    requests = metrics.read(run, Wanted(file=want.file, key=want.requests))
    errors = metrics.read(
        run, Wanted(file=want.file, key=want.error_rate, unit="%", scale=want.error_rate_scale)
    )
    latency = _latencies(want, run)
    _check_possible(want.file, [requests, errors, *latency.values()], [r.value for r in latency.values()])
    measured = [
        Measurement(
            name="Requests",
            value=int(requests.value),
            limit=Limit(">=", max(1, want.min_requests)),
            source=requests.source,
        ),
        Measurement(
            name="Error rate",
            value=errors.value,
            unit="%",
            limit=_at_most(want.max_error_rate),
            source=errors.source,
            volatile=True,
        ),
        *(
            Measurement(
                name=name,
                value=reading.value,
                unit="ms",
                limit=_at_most(want.max_p95) if name == "p95" else None,
                source=reading.source,
                volatile=True,
            )
            for name, reading in latency.items()
        ),
    ]
    chart = Chart(
        kind="bars",
        title="Latency under load",
        unit="ms",
        data={"labels": list(latency), "values": [r.value for r in latency.values()]},
        limit=_at_most(want.max_p95),
        volatile=True,
    )
    return judged(
        measured, _message(measured), charts=[chart], advice="Scale the service, or find what is slow."
    )


def _latencies(want: LoadResultParams, run: RunDirectory) -> dict[str, Reading]:
    found = {}
    for name, key in (("p50", want.p50), ("p95", want.p95), ("p99", want.p99)):
        try:
            found[name] = metrics.read(run, Wanted(file=want.file, key=key, unit="ms"))
        except NotFound:
            if name == "p95":
                raise
    return found


def _check_possible(file: str, readings: list[Reading], percentiles: list[float]) -> None:
    negative = next((r for r in readings if r.value < 0), None)
    if negative:
        raise BadContent(f"{negative.source} is negative.", "Record the load test again.")
    if percentiles != sorted(percentiles):
        shown = ", ".join(quantity(value, "ms") for value in percentiles)
        raise BadContent(
            f"{file}: p50, p95 and p99 do not rise ({shown}).", "Correct how they were computed."
        )


def _at_most(value: float | None) -> Limit | None:
    return None if value is None else Limit("<=", value)


def _message(measured: list[Measurement]) -> str:
    requests, errors = measured[:2]
    p95 = next(m for m in measured if m.name == "p95")
    bad = [m for m in measured if m.ok is False]
    if bad:
        return "; ".join(f"{m.name} {m.observed}, needs {m.expected}" for m in bad)
    limit = f", needs {p95.expected}" if p95.limit else ""
    return f"{quantity(requests.value)} requests, {errors.observed} errors; p95 {p95.observed}{limit}"
