"""What the operator of an installation allows checks to do. A checklist cannot widen it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Limits and permissions of one run.

    `allowed_hosts`: names that `http` may ask, "host", "host:port" or "host:port+private" (engine/hosts.py);
    empty: none. Times in seconds, memory in bytes.
    `interrupts`: exceptions that end the whole run instead of becoming a finding (a worker's time limit).
    """

    allowed_hosts: tuple[str, ...] = ()
    child_seconds: float = 60.0
    child_memory: int = 4 << 30
    http_seconds: float = 10.0
    interrupts: tuple[type[Exception], ...] = ()
