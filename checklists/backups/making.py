"""Making a backup: the rows of one moment, the stored files that they name, and what proves them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.core.files.storage import default_storage
from django.db import connections

import readiness
from checklists import blob_uses, blobs, clock, keys
from checklists.backups import manifest, rows
from checklists.backups.moment import moment
from checklists.models import AuditStream
from readiness.engine import atomic, seal
from readiness.engine.sealed import checkpoint, tar
from readiness.engine.sealed.keys import SigningKey


@dataclass(slots=True)
class Made:
    """What went into a backup."""

    members: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    blobs: int = 0
    bytes: int = 0
    streams: int = 0


def make(target: Path, *, with_keys: bool) -> Made:
    """Write a backup to that file, whole or not at all; it may be replaced.

    The private keys go into it only `with_keys`. Raises RunDirectoryError (it cannot be written), BlobError
    (a stored file is missing), KeyMissing.
    """
    key = keys.signer()  # a first one is made before the moment that is kept
    made = Made()
    with moment() as using:
        atomic.stream(target, lambda out: _write(out, target.parent, made, key, using, with_keys))
    return made


def _write(out: IO[bytes], beside: Path, made: Made, key: SigningKey, using: str, with_keys: bool) -> None:  # noqa: FBT001, PLR0917  # one caller
    at = clock.now()
    heads = list(AuditStream.objects.using(using).filter(length__gt=0).order_by("name"))
    for model in rows.tables():
        _rows(out, beside, made, rows.meta(model).label_lower, rows.lines(model, using))
    for sha256 in blob_uses.used(using):
        path = blobs.path_of(sha256)
        size = default_storage.size(path) if default_storage.exists(path) else 0
        _add(out, made, f"blobs/{sha256}", size, blobs.chunks(sha256))
        made.blobs += 1
    for file in sorted(keys.directory().glob("*.pem")) if with_keys else ():
        pem = file.read_bytes()
        _add(out, made, f"keys/{file.name}", len(pem), [pem])
    said = {
        "kind": manifest.KIND,
        "schema_version": manifest.SCHEMA_VERSION,
        "installation": keys.installation(),
        "made_at": at.isoformat(),
        "release": readiness.__version__,
        "database": connections[using].vendor,
        "migrations": rows.migrations(connections[using]),
        "with_keys": with_keys,
        "checkpoints": [_note(head, key, at) for head in heads],
        "members": made.members,
    }
    made.streams = len(heads)
    data = seal.canonical(said)
    envelope = manifest.statement(data, said, key)
    tar.write(out, manifest.MANIFEST, len(data), [data])
    tar.write(out, manifest.STATEMENT, len(envelope), [envelope])
    tar.end(out)


def _rows(out: IO[bytes], beside: Path, made: Made, label: str, lines: Iterable[bytes]) -> None:
    # Their size must be known first, so they wait in a file without a name.
    with tempfile.TemporaryFile(dir=beside) as waiting:
        made.rows -= 1  # the line that names the columns
        for line in lines:
            waiting.write(line)
            made.rows += 1
        size = waiting.tell()
        waiting.seek(0)
        _add(out, made, f"rows/{label}.jsonl", size, _pieces(waiting))


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(tar.CHUNK):
        yield piece


def _add(out: IO[bytes], made: Made, name: str, size: int, chunks: Iterable[bytes]) -> None:
    sha256 = tar.write(out, name, size, chunks)
    if name.startswith("blobs/") and not name.endswith(sha256):
        raise blobs.BlobError(
            f"The stored file {name[6:18]}… was changed.", "Restore it from an older backup."
        )
    made.members.append({"name": name, "size": size, "sha256": sha256})
    made.bytes += size


def _note(head: AuditStream, key: SigningKey, at: datetime) -> str:
    said = checkpoint.Checkpoint(
        installation=keys.installation(), stream=head.name, length=head.length, head=head.head, at=at
    )
    return checkpoint.sign(said, key, key.public).decode()
