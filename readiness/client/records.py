"""What a pipeline registers with a release: scorecards and a release manifest, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from readiness.client.session import Answer, Session
from readiness.client.target import Target
from readiness.engine.errors import ReadinessError

MAX_BYTES = 64 << 20  # the server's own limits are lower
SCORECARDS, MANIFESTS = "scorecards", "manifests"


def readable(files: Iterable[Path]) -> list[bytes]:
    """The bytes of each file, before anything is sent. Raises ReadinessError."""
    return [_bytes(path) for path in files]


def register(session: Session, release: Target, kind: str, documents: Iterable[bytes]) -> int:
    """Send each document; how many. The same bytes again change nothing. Raises ServerRefused."""
    sent = [_send(session, f"{release.path}/{kind}", data) for data in documents]
    return len(sent)


def _send(session: Session, path: str, data: bytes) -> Answer:
    return session.send("POST", path, lambda: [data], len(data), {"Content-Type": "application/json"})


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ReadinessError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from None
    if len(data) > MAX_BYTES:
        raise ReadinessError(f"{path} is larger than {MAX_BYTES >> 20} MiB.", "Give the right file.")
    return data
