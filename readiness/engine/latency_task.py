"""The child's side of `inference`: time an ONNX model on one thread (run by engine/child.py)."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from readiness.engine.accuracy_task import load_arrays
from readiness.engine.errors import BadContent
from readiness.engine.onnx_feed import fitted, made_up, plan
from readiness.engine.onnx_outside import asks
from readiness.engine.onnx_tasks import open_checked, run_all, run_once

if TYPE_CHECKING:
    import numpy as np

_BINS = 24


@asks
def measure(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """Run a model many times on one input and time each run.

    `fds`: the model, then the sample `.npz` if any. `payload`: name, data (the sample's name or None),
    images, inputs, dims, output, axes, row_shape, factor, runs, warmup, seconds (stop early after that many).
    Returns `{shape, finite, runs, p50, p95, p99, mean, edges, counts, peak, fed, outputs}` with times in
    milliseconds and `peak` memory in bytes (None where unknown).
    """
    session = open_checked(payload, fds)
    feed, fed = _feed(payload, fds, session.get_inputs())
    output = run_once(session, feed, payload["name"], payload["output"])
    answers = run_all(session, feed, payload["name"])
    times = _time(session, feed, payload)
    return {
        "fed": fed,
        "shape": list(output.shape),
        "finite": all(map(_finite, answers.values())),
        "outputs": {name[:80]: _shape(answer) for name, answer in list(answers.items())[:50]},
        "peak": _peak(),
        **_spread(times),
    }


def _finite(output: Any) -> bool:
    import numpy as np  # heavy: only in the child

    if isinstance(output, np.ndarray):
        return output.dtype.kind != "f" or bool(np.isfinite(output).all())
    if isinstance(output, dict):
        return all(map(_finite, output.values()))
    if isinstance(output, list | tuple):
        return all(map(_finite, output))
    return not isinstance(output, float) or math.isfinite(output)


def _shape(output: Any) -> list[int] | None:
    shape = getattr(output, "shape", None)
    return None if shape is None else list(shape)


def _feed(payload: dict[str, Any], fds: list[int], ports: list[Any]) -> tuple[dict[str, np.ndarray], str]:
    """One batch for every input, from the sample's first rows or made up, and in words which."""
    if payload["data"] is None:
        return {port.name: made_up(payload, port) for port in ports}, "made-up numbers"
    chosen = plan(payload, ports)
    keys = list(dict.fromkeys(chosen.values()))
    arrays = dict(zip(keys, load_arrays(fds[1], payload["data"], keys), strict=True))
    feed = {port.name: _first(payload, arrays[chosen[port.name]], chosen[port.name], port) for port in ports}
    return feed, f"the first of {payload['data']}"


def _first(payload: dict[str, Any], array: np.ndarray, key: str, port: Any) -> np.ndarray:
    import numpy as np  # heavy: only in the child

    ready = fitted(payload, array, key, port)
    count = port.shape[0] if port.shape and isinstance(port.shape[0], int) and port.shape[0] > 0 else 1
    if len(ready) < count:
        raise BadContent(
            f"{payload['data']} has {len(ready)} rows of {key}; the model takes {count} at once.",
            "Save at least one whole batch.",
        )
    return np.ascontiguousarray(ready[:count])


def _time(session: Any, feed: dict[str, np.ndarray], payload: dict[str, Any]) -> list[int]:
    """Nanoseconds of each run; fewer runs than asked for when the time is up."""
    run, clock, times = session.run, time.perf_counter_ns, []
    end = clock() + int(payload["seconds"] * 1e9)
    for _ in range(payload["warmup"]):
        run(None, feed)
        if clock() > end:
            break
    for _ in range(payload["runs"]):
        start = clock()
        run(None, feed)
        stop = clock()
        times.append(stop - start)
        if stop > end:
            break
    return times


def _spread(times: list[int]) -> dict[str, Any]:
    import numpy as np  # heavy: only in the child

    spent = np.array(times) / 1e6
    p50, p95, p99 = (float(p) for p in np.percentile(spent, (50, 95, 99)))
    counts, edges = np.histogram(spent, bins=_BINS)
    return {
        "runs": len(times), "p50": p50, "p95": p95, "p99": p99, "mean": float(spent.mean()),
        "edges": [float(edge) for edge in edges], "counts": [int(count) for count in counts],
    }  # fmt: skip


def _peak() -> int | None:
    # getrusage would count what the parent had when it started this process
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)
