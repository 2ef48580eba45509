"""One line for one figure, the same for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable


def say(what: str, measured: str, *, against: str, ratio: float, limit: str, holds: bool) -> int:
    """Print what was measured, the baseline of the same run, their ratio and the limit; 0 when it holds."""
    verdict = "ok" if holds else "TOO SLOW"
    print(f"{what}: {measured} | {against} | ratio {ratio:.2f} | {limit} | {verdict}", flush=True)
    return 0 if holds else 1


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
