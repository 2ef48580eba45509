"""Levels of isolation of a child process: their names, and what a demand for one means.

A child tries every layer (engine/confine.py) and names those that hold: "rlimit+seccomp+landlock+userns".
A demand names one layer and means it and all before it: `landlock` demands rlimit, seccomp and landlock.

    rlimit    limits on time, memory, files and processes
    seccomp   no sockets, no signals to others, no kernel interfaces; no programs unless it is a command
    landlock  no file but its own, and nothing written
    userns    a network of its own that leads nowhere
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Level = Literal["rlimit", "seccomp", "landlock", "userns"]
LEVELS: tuple[Level, ...] = ("rlimit", "seccomp", "landlock", "userns")


def stricter(*demands: str) -> str:
    """The demand that includes all the others; empty when nothing is demanded.

    Raises ValueError for a name that is no level.
    """
    ranks = [_rank(demand) for demand in demands if demand]
    return LEVELS[max(ranks)] if ranks else ""


def lacking(reached: str, demanded: str) -> list[str]:
    """The demanded layers that are not among those reached ("rlimit+seccomp"), in order."""
    held = reached.split("+")
    return [level for level in required(demanded) if level not in held]


def required(demanded: str) -> Iterable[str]:
    """Every layer that a demand means. Raises ValueError for a name that is no level."""
    return LEVELS[: _rank(demanded) + 1] if demanded else ()


def _rank(demanded: str) -> int:
    if demanded not in LEVELS:
        raise ValueError(f"{demanded!r} is no level of isolation; there are: {', '.join(LEVELS)}")
    return LEVELS.index(demanded)
