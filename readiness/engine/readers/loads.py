"""Results of load tests as their tools write them: k6, Locust, hey, JMeter.

    k6       `--summary-export` and `handleSummary` as JSON
    Locust   `--csv`: the file that ends with `_stats.csv`, row "Aggregated"
    hey      what it prints
    JMeter   `.jtl` with a header, as CSV; percentiles are computed from its samples

A file that says two things, or not all that a judgement needs, is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal

import re2

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.latencies import percentiles
from readiness.engine.readers import data
from readiness.engine.target import RunDirectory

Tool = Literal["k6", "locust", "hey", "jmeter"]
_ADVICE = "Record the load test again, and keep the tool's own file."
_LOCUST = {"p50": "50%", "p95": "95%", "p99": "99%"}
_K6 = {"p50": "med", "p95": "p(95)", "p99": "p(99)"}
_LATENCY = re2.compile(r"^\s*(50|95|99)%{1,2} in ([0-9]+(?:\.[0-9]+)?) secs\s*$")
_STATUS = re2.compile(r"^\s*\[([1-5][0-9]{2})\]\s+([0-9]{1,12}) responses\s*$")
_FAILED = re2.compile(r"^\s*\[([0-9]{1,12})\]\s+\S")
_RATE = re2.compile(r"^\s*Requests/sec:\s+([0-9]+(?:\.[0-9]+)?)\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A load test: number of requests, errors in per cent, latency in ms by percentile, requests per second,
    single times in ms where there are any, and where all that was read.
    """

    requests: int
    errors: float
    latency: dict[str, float]
    throughput: float | None = None
    samples: Sequence[float] = field(default=())
    source: str = ""


def tool_of(run: RunDirectory, file: str) -> Tool | None:
    """The tool that wrote a file, by its content; None for anything else. Raises BadContent, FileMissing."""
    suffix = PurePosixPath(file).suffix.lower()
    if suffix in (".csv", ".jtl"):
        header = run.read_text(file).partition("\n")[0]
        return "locust" if "Request Count" in header else "jmeter" if "elapsed" in header else None
    if suffix in (".txt", ".log", ".out"):
        return "hey" if "Latency distribution:" in run.read_text(file) else None
    if suffix != ".json":
        return None
    loaded = data.load(run, file)
    metrics = loaded.get("metrics") if isinstance(loaded, dict) else None
    return "k6" if isinstance(metrics, dict) and "http_reqs" in metrics else None


def read(run: RunDirectory, file: str, tool: Tool) -> Load:
    """A load test out of a tool's file. Raises BadContent, NotFound, FileMissing, LimitExceeded."""
    found = {"k6": _k6, "locust": _locust, "hey": _hey, "jmeter": _jmeter}[tool](run, file)
    values = list(found.latency.values())
    if values != sorted(values):
        raise BadContent(f"{file}: p50, p95 and p99 do not rise.", _ADVICE)
    return found


def _k6(run: RunDirectory, file: str) -> Load:
    loaded = data.load(run, file)
    metrics = loaded.get("metrics") if isinstance(loaded, dict) else None
    requests, failed, times = (
        _values(metrics, name, file) for name in ("http_reqs", "http_req_failed", "http_req_duration")
    )
    count = _number(requests, "count", file)
    # `passes` counts where the rate was true: these are the requests that failed
    bad, good = _number(failed, "passes", file), _number(failed, "fails", file)
    if bad + good != count:
        raise BadContent(f"{file}: {bad + good:g} requests failed or not, of {count:g}.", _ADVICE)
    names = {name: key for name, key in _K6.items() if name != "p99" or key in times}
    return _checked(
        file,
        requests=count,
        failed=bad,
        latency={name: _number(times, key, file) for name, key in names.items()},
        throughput=_number(requests, "rate", file),
        source=f"{file} (k6)",
    )


def _values(metrics: Any, name: str, file: str) -> Mapping[str, Any]:
    found = metrics.get(name) if isinstance(metrics, dict) else None
    if isinstance(found, dict) and isinstance(found.get("values"), dict):
        found = found["values"]
    if not isinstance(found, dict):
        raise NotFound(f"{file} has no metrics.{name}.", "Export the summary of an HTTP test of k6.")
    return found


def _locust(run: RunDirectory, file: str) -> Load:
    header, rows = data.read_csv(run, file)
    named = [dict(zip(header, row, strict=True)) for row in rows]
    whole = [row for row in named if row.get("Name") in ("Aggregated", "Total")]
    if len(whole) != 1:
        raise NotFound(
            f"{file} has {len(whole)} rows `Aggregated`.", "Name the file `…_stats.csv` of Locust."
        )
    parts = sum(_number(row, "Request Count", file) for row in named if row is not whole[0])
    count = _number(whole[0], "Request Count", file)
    if len(named) > 1 and parts != count:
        raise BadContent(f"{file}: the rows count {parts:g} requests, `Aggregated` {count:g}.", _ADVICE)
    return _checked(
        file,
        requests=count,
        failed=_number(whole[0], "Failure Count", file),
        latency={name: _number(whole[0], key, file) for name, key in _LOCUST.items()},
        throughput=_number(whole[0], "Requests/s", file),
        source=f"{file} (Locust)",
    )


def _jmeter(run: RunDirectory, file: str) -> Load:
    header, rows = data.read_csv(run, file)
    missing = {"timeStamp", "elapsed", "success"} - set(header)
    if missing or not rows:
        what = f"no column {min(missing)}" if missing else "no samples"
        raise NotFound(f"{file} has {what}.", "Let JMeter save its results as CSV with field names.")
    at = {name: header.index(name) for name in ("timeStamp", "elapsed", "success")}
    times, starts, failed = [], [], 0
    for number, row in enumerate(rows, 2):
        cells = {name: row[index] for name, index in at.items()}
        times.append(_number(cells, "elapsed", f"{file} row {number}"))
        starts.append(_number(cells, "timeStamp", f"{file} row {number}"))
        if cells["success"].lower() not in ("true", "false"):
            raise BadContent(f"{file} row {number}: success is {cells['success'][:40]!r}.", _ADVICE)
        failed += cells["success"].lower() == "false"
    took = max(start + time for start, time in zip(starts, times, strict=True)) - min(starts)
    return _checked(
        file,
        requests=len(times),
        failed=failed,
        latency=percentiles(times),
        throughput=1000 * len(times) / took if took > 0 else None,
        samples=times,
        source=f"{file} (JMeter, {len(times)} samples)",
    )


def _hey(run: RunDirectory, file: str) -> Load:
    latency: dict[str, float] = {}
    statuses: dict[int, int] = {}
    lost, rate, part = 0, None, ""
    for line in run.read_text(file).splitlines():
        if line and not line[0].isspace() and line.rstrip().endswith(":"):
            part = line.strip()
        elif part == "Latency distribution:" and (match := _LATENCY.match(line)):
            _once(latency, f"p{match[1]}", float(match[2]) * 1000, file)
        elif part == "Status code distribution:" and (match := _STATUS.match(line)):
            _once(statuses, int(match[1]), int(match[2]), file)
        elif part == "Error distribution:" and (match := _FAILED.match(line)):
            lost += int(match[1])
        elif match := _RATE.match(line):
            rate = float(match[1])
    if not statuses and not lost:
        raise NotFound(f"{file} counts no responses.", "Keep all that hey prints.")
    if latency.keys() != {"p50", "p95", "p99"}:
        raise NotFound(f"{file} has no p50, p95 and p99.", "Keep all that hey prints.")
    failed = lost + sum(count for status, count in statuses.items() if status >= 400)
    return _checked(
        file,
        requests=lost + sum(statuses.values()),
        failed=failed,
        latency={name: latency[name] for name in ("p50", "p95", "p99")},
        throughput=rate,
        source=f"{file} (hey)",
    )


def _once(found: dict[Any, Any], key: Any, value: float, file: str) -> None:
    if key in found:
        raise BadContent(f"{file} gives {key} twice: it holds more than one test.", "Name one test's file.")
    found[key] = value


def _number(cells: Mapping[str, Any], key: str, file: str) -> float:
    raw = cells.get(key)
    if raw is None:
        raise NotFound(f"{file} has no {key}.", _ADVICE)
    try:
        value = math.nan if isinstance(raw, bool) else float(raw)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise BadContent(f"{file}: {key} is {str(raw)[:40]!r}, not a count or a time.", _ADVICE)
    return value


def _checked(file: str, *, requests: float, failed: float, **more: Any) -> Load:
    if requests != int(requests) or failed != int(failed):
        raise BadContent(f"{file}: {requests:g} requests and {failed:g} failures are no counts.", _ADVICE)
    if failed > requests:
        raise BadContent(f"{file}: {failed:g} of {requests:g} requests failed.", _ADVICE)
    if not requests:
        raise BadContent(f"{file} counts no requests.", _ADVICE)
    return Load(requests=int(requests), errors=100 * failed / requests, **more)
