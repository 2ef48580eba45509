"""Evidence that a pipeline attaches to items: small files, beside the results."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from readiness.client.session import ServerRefused, Session
from readiness.engine.errors import ReadinessError

MAX_BYTES = 100 << 20  # the server's own limit is lower


def parse(pairs: Iterable[str]) -> list[tuple[str, Path]]:
    """`ITEM=FILE` each. Raises ReadinessError."""
    found = []
    for pair in pairs:
        item, equals, file = pair.partition("=")
        if not (item and equals and file):
            raise ReadinessError(f"{pair!r} is not ITEM=FILE.", "Write it like code-review=review.pdf.")
        path = Path(file)
        if not path.is_file():
            raise ReadinessError(f"There is no file {file}.", "Check the path.")
        found.append((item, path))
    return found


def attach(session: Session, gate: int, pieces: Iterable[tuple[str, Path]]) -> int:
    """Attach files to items of a gate; how many. One that is attached already is left as it is."""
    made = 0
    for item, path in pieces:
        try:
            _send(session, f"gates/{gate}/items/{quote(item, safe='')}/evidence", path)
            made += 1
        except ServerRefused as error:
            if "already attached" not in error.message:
                raise
    return made


def _send(session: Session, address: str, path: Path) -> None:
    if path.stat().st_size > MAX_BYTES:
        raise ReadinessError(f"{path} is too large for evidence.", "Attach a link to where it is kept.")
    boundary = secrets.token_hex(16)
    name = path.name.replace("\\", "_").replace('"', "_").replace("\r", "_").replace("\n", "_")
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    data = head.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    session.send("POST", address, lambda: [data], len(data), kind)
