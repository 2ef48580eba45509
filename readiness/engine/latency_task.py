"""The child's side of `inference`: time an ONNX model on one thread (run by engine/child.py)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from readiness.engine.accuracy_task import load_arrays
from readiness.engine.errors import BadContent
from readiness.engine.onnx_tasks import element_type, open_checked, run_once, single_input, words

if TYPE_CHECKING:
    import numpy as np

_MAX_INPUT = 1 << 28
_BINS = 24


def measure(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """Run a model many times on one input and time each run.

    `fds`: the model, then the sample `.npz` if any. `payload`: name, sample, images, runs, warmup, seconds
    (stop early after that many). Returns `{shape, finite, runs, p50, p95, p99, mean, edges, counts, peak,
    fed}` with times in milliseconds and `peak` memory in bytes (None where unknown).
    """
    session = open_checked(fds[0], payload["name"])
    port = single_input(session, payload["name"])
    sample, fed = _sample(payload, fds, port)
    feed = {port.name: sample}
    output = run_once(session, feed, payload["name"])
    times = _time(session, feed, payload)
    return {
        "fed": fed,
        "shape": list(output.shape),
        "finite": _finite(output),
        "peak": _peak(),
        **_spread(times),
    }


def _finite(output: np.ndarray) -> bool:
    import numpy as np  # heavy: only in the child

    return bool(np.isfinite(output).all())


def _sample(payload: dict[str, Any], fds: list[int], port: Any) -> tuple[np.ndarray, str]:
    import numpy as np  # heavy: only in the child

    wanted = element_type(port, payload["name"])
    shape = [length if isinstance(length, int) else 1 for length in port.shape]
    if len(fds) > 1:
        images = load_arrays(fds[1], payload["sample"], [payload["images"]])[0]
        if images.ndim != len(shape) or len(images) < shape[0] or not _fits(images.shape[1:], port.shape[1:]):
            raise BadContent(
                f"{payload['sample']} does not fit the model: it takes {words([None, *port.shape[1:]])}, "
                f"found {words(images.shape)} ({payload['images']}).",
                "Save the sample in the model's own layout.",
            )
        return np.ascontiguousarray(images[: shape[0]]).astype(wanted), f"the first of {payload['sample']}"
    if np.prod([float(length) for length in shape]) > _MAX_INPUT:
        raise BadContent(f"{payload['name']} takes {words(shape)}: too large to make up.", "Name a `sample`.")
    numbers = np.random.default_rng(0).random(shape)
    return numbers.astype(wanted), "made-up numbers"


def _fits(found: tuple[int, ...], wanted: list[Any]) -> bool:
    return all(not isinstance(w, int) or w == f for f, w in zip(found, wanted, strict=True))


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
