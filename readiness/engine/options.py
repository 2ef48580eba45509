"""What the operator of an installation allows checks to do. A checklist cannot widen it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Limits and permissions of one run.

    `allowed_hosts`: names that checks may ask, "host", "host:port" or "host:port+private" (engine/hosts.py);
    empty: none. `allowed_commands`: what `command` may run, as first words ("ruff check") or, with "=" in
    front, as the whole command (engine/commands.py); empty: nothing. `tokens`: bearer tokens by host, as
    "host:port=token"; only that host ever sees its own.
    `min_isolation`: least level of a child process (engine/isolation.py); empty: whatever the machine grants.
    Times in seconds, memory in bytes.
    `now`: the time that `freshness` counts from; None: that of the clock.
    `interrupts`: exceptions that end the whole run instead of becoming a finding (a worker's time limit).
    """

    allowed_hosts: tuple[str, ...] = ()
    allowed_commands: tuple[str, ...] = ()
    tokens: tuple[str, ...] = field(default=(), repr=False)
    min_isolation: str = ""
    child_seconds: float = 60.0
    child_memory: int = 4 << 30
    http_seconds: float = 10.0
    now: datetime | None = None
    interrupts: tuple[type[Exception], ...] = ()
