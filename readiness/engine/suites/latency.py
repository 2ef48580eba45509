"""Latency and errors out of the reports of load tests and benchmarks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readiness.engine.checks.load import LoadParams
from readiness.engine.checks.load import load as load_check
from readiness.engine.errors import BadContent, NotFound
from readiness.engine.latencies import percentiles
from readiness.engine.outcome import Measurement
from readiness.engine.readers import plain_json, plain_text
from readiness.engine.target import RunDirectory

_AGAIN = "Write it with `pytest --benchmark-json FILE`, which keeps all times."


@dataclass(frozen=True, slots=True)
class Latency:
    """p95 in milliseconds; errors as a fraction, None where the report counts none."""

    p95_ms: float
    error_rate: float | None = None


def of_load(run: RunDirectory, file: str) -> Latency:
    """A load test of k6, Locust, hey or JMeter, or a JSON or YAML file with the keys of the check `load`.

    Raises CheckProblem for anything else, for a test without p95, and for one without requests.
    """
    found = load_check(LoadParams(file=file, min_requests=1, max_error_rate=None), run)
    measured: dict[str, Measurement] = {each.name: each for each in found.measurements}
    p95, errors = measured.get("p95"), measured["Error rate"]
    if measured["Requests"].ok is not True:
        raise BadContent(f"{file} counts no requests.", "Record the load test again.")
    if p95 is None or not isinstance(p95.value, int | float):
        raise NotFound(f"{file} has no p95.", "Record the load test with its percentiles.")
    if not isinstance(errors.value, int | float) or not 0 <= errors.value <= 100:
        raise BadContent(f"{file}: the error rate is {errors.observed}.", "Record the load test again.")
    return Latency(float(p95.value), float(errors.value) / 100)


def of_benchmark(run: RunDirectory, file: str) -> Latency:
    """The slowest benchmark of pytest-benchmark's JSON: p95 of all its times. Raises CheckProblem."""
    data = plain_json.parse(plain_text.read(run, file), file)
    listed = data.get("benchmarks") if isinstance(data, Mapping) else None
    if not isinstance(listed, list):
        raise BadContent(f"{file} is no report of pytest-benchmark.", _AGAIN)
    if not listed:
        raise NotFound(f"{file} holds no benchmark.", "Run at least one.")
    return Latency(max(_p95(each, file) for each in listed))


def _p95(entry: Any, file: str) -> float:
    stats = entry.get("stats") if isinstance(entry, Mapping) else None
    times = stats.get("data") if isinstance(stats, Mapping) else None
    if not isinstance(times, list) or not times:
        raise NotFound(f"{file} does not hold the times of each benchmark.", _AGAIN)
    if not all(type(each) in (int, float) and math.isfinite(each) and each >= 0 for each in times):
        raise BadContent(f"{file} holds a time that is none.", _AGAIN)
    return percentiles(times)["p95"] * 1000
