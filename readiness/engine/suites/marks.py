"""The mark in the environment of everything that one attempt started, and how its processes are found."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

MARK = "READINESS_ATTEMPT_ID"


def marked(env: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The environment with one mark more, and the mark: a run inside a run carries both."""
    mark = uuid.uuid4().hex
    return {**env, MARK: f"{env.get(MARK, '')}:{mark}"}, mark


def others(leader: int, mark: str) -> Iterator[int]:
    """Processes other than the leader that carry the mark; none where there is no /proc."""
    for place in Path("/proc").glob("[0-9]*/environ"):
        pid = int(place.parent.name)
        with contextlib.suppress(OSError):
            if pid != leader and _carries(place.read_bytes(), mark):
                yield pid


def _carries(environ: bytes, mark: str) -> bool:
    found = [entry for entry in environ.split(b"\0") if entry.startswith(f"{MARK}=".encode())]
    return any(mark.encode() in entry.partition(b"=")[2].split(b":") for entry in found)
