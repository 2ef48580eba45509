"""Results of load tests as their tools write them: k6, Locust, hey, JMeter.

    k6       `--summary-export` and `handleSummary` as JSON, also the machine-readable form of k6 1.5 and 2
    Locust   `--csv`: the file that ends with `_stats.csv`, row "Aggregated"
    hey      what it prints (its CSV leaves out requests without an answer, and is refused)
    JMeter   `.jtl` with a header, as CSV; percentiles are computed from its samples, without transactions

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
from readiness.engine.readers import data, jmeter, k6
from readiness.engine.target import RunDirectory

Tool = Literal["k6", "locust", "hey", "jmeter"]
_ADVICE = "Record the load test again, and keep the tool's own file."
_LOCUST = {"p50": "50%", "p95": "95%", "p99": "99%"}
_K6 = {"p50": ("med", "p(50)"), "p95": ("p(95)",), "p99": ("p(99)",)}
_HEY_CSV = "response-time,DNS+dialup"
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
        if header.startswith(_HEY_CSV):
            raise BadContent(
                f"{file} is hey's CSV, which does not count requests without an answer.",
                "Keep what hey prints without `-o csv`; the kind `latency` reads the times.",
            )
        if header.lstrip().startswith("<"):
            raise BadContent(f"{file} is JMeter's XML.", "Let JMeter save its results as CSV.")
        return "locust" if "Request Count" in header else "jmeter" if "elapsed" in header else None
    if suffix in (".txt", ".log", ".out"):
        return "hey" if "Latency distribution:" in run.read_text(file) else None
    if suffix != ".json":
        return None
    return "k6" if k6.is_summary(data.load(run, file)) else None


def read(run: RunDirectory, file: str, tool: Tool) -> Load:
    """A load test out of a tool's file. Raises BadContent, NotFound, FileMissing, LimitExceeded."""
    found = {"k6": _k6, "locust": _locust, "hey": _hey, "jmeter": _jmeter}[tool](run, file)
    values = list(found.latency.values())
    if values != sorted(values):
        raise BadContent(f"{file}: p50, p95 and p99 do not rise.", _ADVICE)
    return found


def _k6(run: RunDirectory, file: str) -> Load:
    loaded = data.load(run, file)
    requests, failed, times = (
        k6.values(loaded, name, file) for name in ("http_reqs", "http_req_failed", "http_req_duration")
    )
    count = _number(requests, "count", file)
    bad, asked = _k6_failed(failed, file)
    if asked != count:
        raise BadContent(f"{file}: {asked:g} requests failed or not, of {count:g}.", _ADVICE)
    if not k6.agrees(failed, bad, count):
        raise BadContent(
            f"{file}: {bad:g} of {count:g} requests failed, which is not the stated rate.", _ADVICE
        )
    given = {name: next((key for key in keys if key in times), keys[0]) for name, keys in _K6.items()}
    return _checked(
        file,
        requests=count,
        failed=bad,
        latency={n: _number(times, key, file) for n, key in given.items() if n == "p95" or key in times},
        throughput=_k6_throughput(loaded, requests, count, file),
        source=f"{file} (k6)",
    )


def _k6_failed(failed: Mapping[str, Any], file: str) -> tuple[float, float]:
    newer = k6.failed_of(failed)
    if newer:
        return _number(failed, newer[0], file), _number(failed, newer[1], file)
    # `passes` counts where the rate was true: these are the requests that failed
    bad = _number(failed, "passes", file)
    return bad, bad + _number(failed, "fails", file)


def _k6_throughput(loaded: Any, requests: Mapping[str, Any], count: float, file: str) -> float | None:
    if "rate" in requests:
        return _number(requests, "rate", file)
    config = loaded.get("config")
    seconds = _number(config, "duration", file) if isinstance(config, dict) and "duration" in config else 0
    return count / seconds if seconds > 0 else None


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
        latency={
            n: _number(whole[0], key, file) for n, key in _LOCUST.items() if n == "p95" or key in header
        },
        throughput=_number(whole[0], "Requests/s", file),
        source=f"{file} (Locust)",
    )


def _jmeter(run: RunDirectory, file: str) -> Load:
    header, rows = data.read_csv(run, file)
    missing = {"timeStamp", "elapsed", "success"} - set(header)
    if missing or not rows:
        what = f"no column {min(missing)}" if missing else "no samples"
        raise NotFound(f"{file} has {what}.", "Let JMeter save its results as CSV with field names.")
    named = [dict(zip(header, row, strict=True)) for row in rows]
    for number, row in enumerate(named, 2):
        _number(row, "elapsed", f"{file} row {number}")
        if row["success"].lower() not in ("true", "false"):
            raise BadContent(f"{file} row {number}: success is {row['success'][:40]!r}.", _ADVICE)
    samples = jmeter.requests_only(named)
    times = [float(row["elapsed"]) for row in samples]
    return _checked(
        file,
        requests=len(times),
        failed=sum(row["success"].lower() == "false" for row in samples),
        latency=percentiles(times),
        throughput=_jmeter_throughput(samples, times, file),
        samples=times,
        source=f"{file} (JMeter, {len(times)} samples)",
    )


def _jmeter_throughput(samples: list[dict[str, str]], times: list[float], file: str) -> float | None:
    if not any(row["timeStamp"].strip().replace(".", "", 1).lstrip("-").isdecimal() for row in samples):
        return None  # a date in a format of the user's own; the times themselves are good
    starts = [_number(row, "timeStamp", file) for row in samples]
    took = max(start + time for start, time in zip(starts, times, strict=True)) - min(starts)
    return 1000 * len(times) / took if took > 0 else None


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
    # of fewer than 100 answers hey prints no p99
    if not latency.keys() >= {"p50", "p95"}:
        raise NotFound(f"{file} has no p50 and p95.", "Keep all that hey prints.")
    failed = lost + sum(count for status, count in statuses.items() if status >= 400)
    return _checked(
        file,
        requests=lost + sum(statuses.values()),
        failed=failed,
        latency={name: latency[name] for name in ("p50", "p95", "p99") if name in latency},
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
