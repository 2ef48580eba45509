"""Limits of requests per minute, shared by all processes through the cache.

A process takes its share in blocks: `add` of the cache writes a key only once, also between processes, so
that the blocks of all together never exceed the limit, at one write a block instead of one a request.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from django.core.cache import cache

WINDOW = 60
BLOCKS = 20
MOST_KEPT = 10_000


@dataclass(slots=True)
class _Share:
    """What this process holds of one key's present window."""

    window: int
    block: int = 0
    left: int = 0


class Limiter:
    """At most `rate` per key and minute, over all processes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._shares: dict[str, _Share] = {}
        self._lock = threading.Lock()

    def take(self, key: str, rate: int) -> int:
        """Take one; 0 when there was one, else the seconds until there are more."""
        now = int(time.time())
        window, wait = now // WINDOW, WINDOW - now % WINDOW
        with self._lock:
            if len(self._shares) > MOST_KEPT:
                self._shares.clear()
            share = self._shares.get(key)
            if share is None or share.window != window:
                share = self._shares[key] = _Share(window)
            if not share.left and not self._refill(key, share, rate):
                return wait
            share.left -= 1
            return 0

    def _refill(self, key: str, share: _Share, rate: int) -> bool:
        size = max(1, rate // BLOCKS)
        while share.block * size < rate:
            block = share.block
            share.block += 1
            if cache.add(f"rate-{self.name}-{key}-{share.window}-{block}", 1, 2 * WINDOW):
                share.left = min(size, rate - block * size)
                return True
        return False

    def forget(self) -> None:
        """Drop what this process holds, for tests."""
        self._shares.clear()


requests = Limiter("token")
failures = Limiter("address")
