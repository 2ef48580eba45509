"""Load test: several kept connections send single images as fast as the service answers."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dataset import Part
    from settings import RunSettings

WARM_UP = 20
HISTOGRAM_BINS = 12
HEADERS = {"Content-Type": "application/json"}


def run(port: int, test: Part, settings: RunSettings) -> dict[str, Any]:
    """Send `load_requests` requests over `load_connections` connections; latencies in milliseconds."""
    bodies = [json.dumps({"images": [image[0].tolist()]}).encode() for image in test.images]
    _connection(port, bodies[:WARM_UP])
    workers = settings.load_connections
    shares = [
        [bodies[number % len(bodies)] for number in range(worker, settings.load_requests, workers)]
        for worker in range(workers)
    ]
    started_at, start = datetime.now(UTC), time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        answers = [
            answer for part in pool.map(lambda share: _connection(port, share), shares) for answer in part
        ]
    duration = time.perf_counter() - start
    latencies = np.array([latency for latency, _ in answers])
    errors = sum(not good for _, good in answers)
    return {
        "schema_version": 1,
        "run_id": settings.run_id,
        "started_at": started_at.isoformat(timespec="seconds"),
        "requests": len(answers),
        "errors": errors,
        "error_rate": errors / len(answers),
        "concurrency": workers,
        "duration_s": round(duration, 3),
        "throughput_rps": round(len(answers) / duration, 1),
        "latency_ms": _percentiles(latencies),
        "latency_histogram_ms": _histogram(latencies),
    }


def _connection(port: int, bodies: list[bytes]) -> list[tuple[float, bool]]:
    """Latency in milliseconds of each request on one connection, and whether its answer was good."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    answers = []
    for body in bodies:
        start = time.perf_counter()
        good = _request(connection, body)
        answers.append(((time.perf_counter() - start) * 1000, good))
    connection.close()
    return answers


def _request(connection: HTTPConnection, body: bytes) -> bool:
    try:
        connection.request("POST", "/predict", body, HEADERS)
        response = connection.getresponse()
        content = response.read()
    except (OSError, HTTPException):
        connection.close()
        return False
    return response.status == HTTPStatus.OK and b'"label"' in content


def _percentiles(latencies: np.ndarray) -> dict[str, float]:
    values = {f"p{share}": np.percentile(latencies, share) for share in (50, 95, 99)}
    values |= {"mean": latencies.mean(), "max": latencies.max()}
    return {name: round(float(value), 3) for name, value in values.items()}


def _histogram(latencies: np.ndarray) -> dict[str, list[float]]:
    """Counts between evenly spaced edges up to the 99th percentile; the last bin holds the tail."""
    edges = np.linspace(0, np.percentile(latencies, 99), HISTOGRAM_BINS)
    counts, _ = np.histogram(latencies, np.append(edges, np.inf))
    return {"edges": [round(float(edge), 3) for edge in edges], "counts": [int(count) for count in counts]}
