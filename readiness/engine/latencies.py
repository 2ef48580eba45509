"""Latencies in milliseconds: percentiles, and the picture of many."""

from __future__ import annotations

import math
from collections.abc import Sequence

from readiness.engine.outcome import Chart, Limit

PERCENTILES = (50, 95, 99)
_BINS = 30


def percentiles(samples: Sequence[float]) -> dict[str, float]:
    """p50, p95 and p99 of at least one sample, by nearest rank: each is a time that was really measured."""
    ordered = sorted(samples)
    return {f"p{p}": ordered[max(0, math.ceil(len(ordered) * p / 100) - 1)] for p in PERCENTILES}


def picture(title: str, latency: dict[str, float], samples: Sequence[float], limit: Limit | None) -> Chart:
    """A histogram of the samples with the percentiles marked; without samples, bars of the percentiles."""
    if len(samples) < 2:
        data: dict[str, object] = {"labels": list(latency), "values": list(latency.values())}
        return Chart(kind="bars", title=title, unit="ms", data=data, limit=limit, volatile=True)
    edges, counts = _bins(samples)
    data = {"edges": edges, "counts": counts, "marks": dict(latency)}
    return Chart(kind="histogram", title=title, unit="ms", data=data, limit=limit, volatile=True)


def _bins(samples: Sequence[float]) -> tuple[list[float], list[int]]:
    low, high = min(samples), max(samples)
    width = (high - low) / _BINS or 1.0
    counts = [0] * _BINS
    for sample in samples:
        counts[min(int((sample - low) / width), _BINS - 1)] += 1
    return [round(low + width * step, 6) for step in range(_BINS + 1)], counts
