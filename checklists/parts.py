"""Files that are still arriving: a part file each, beneath the data directory, until all bytes are there."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from checklists import blobs
from readiness.engine import atomic
from readiness.engine.errors import ReadinessError
from readiness.engine.target import CHUNK

BUSY = "Another connection is writing this file at the moment."
WRONG_BYTES = "The bytes that came are not those of the index; they were dropped."
WRONG_BYTES_ADVICE = "The file changed while it was pushed, or was damaged on the way: push again."
TOO_MANY = "More bytes came than the index says; they were dropped."


class PartMismatch(ReadinessError):
    """The next bytes do not go where they were sent; `received` is how many are there."""

    def __init__(self, message: str, received: int) -> None:
        super().__init__(message, "Go on behind the bytes that are there.")
        self.received = received


class PartBusy(PartMismatch):
    """Somebody else writes the file now."""


class PartDropped(ReadinessError):
    """The bytes that came are not those of the index."""


def folder_of(upload: int) -> Path:
    """Where an upload's part files lie."""
    return Path(settings.DATA_DIR) / "uploads" / str(upload)


def received(upload: int) -> dict[str, int]:
    """How many bytes of which unfinished file are there."""
    folder = folder_of(upload)
    if not folder.is_dir():
        return {}
    return {path.name: path.stat().st_size for path in sorted(folder.iterdir())}


def drop(upload: int) -> None:
    """Remove an upload's part files."""
    shutil.rmtree(folder_of(upload), ignore_errors=True)


def append(upload: int, sha256: str, *, size: int, offset: int, chunks: Iterable[bytes]) -> int:
    """Append to a file; whole, it is moved into the blob store. Returns how many bytes are there now.

    What came before a connection broke stays. Raises PartMismatch for another offset than the bytes that are
    there (or while somebody else writes), PartDropped when the bytes are not those of `sha256` and `size`,
    StoreError when the disk does not take them.
    """
    path = folder_of(upload) / sha256
    atomic.folder(path.parent, mode=0o700)
    with _held(path) as fd:
        there = os.fstat(fd).st_size
        if offset != there:
            raise PartMismatch(f"{there} bytes of this file are there, not {offset}.", there)
        digest = hashlib.sha256() if offset == 0 else None
        for chunk in chunks:
            there += len(chunk)
            if there > size:
                path.unlink()
                raise PartDropped(TOO_MANY, WRONG_BYTES_ADVICE)
            _write(fd, chunk)
            if digest:
                digest.update(chunk)
        _sync(fd)
        if there == size:
            if (digest.hexdigest() if digest else _hash(fd)) != sha256:
                path.unlink()
                raise PartDropped(WRONG_BYTES, WRONG_BYTES_ADVICE)
            blobs.adopt(path, sha256)
    return there


@contextmanager
def _held(path: Path) -> Iterator[int]:
    """The part file for one writer, at its end. Raises PartMismatch while another one holds it."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise blobs.refused(error) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PartBusy(BUSY, os.fstat(fd).st_size) from None
        # Whole files are moved away: what was opened just before that is a blob now and must not be written.
        if not path.exists() or not os.path.samestat(os.fstat(fd), path.stat()):
            raise PartBusy(BUSY, os.fstat(fd).st_size)
        yield fd
    finally:
        os.close(fd)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError as error:
        raise blobs.refused(error) from error


def _sync(fd: int) -> None:
    try:
        os.fsync(fd)
    except OSError as error:
        # The kernel may have dropped the bytes and calls them written from now on: nothing of it counts.
        os.ftruncate(fd, 0)
        raise blobs.refused(error) from error


def _hash(fd: int) -> str:
    digest, at = hashlib.sha256(), 0
    while chunk := os.pread(fd, CHUNK, at):
        digest.update(chunk)
        at += len(chunk)
    return digest.hexdigest()
