"""Content-addressed storage: bytes are kept under their SHA-256, written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage

from readiness.engine.errors import ReadinessError


class BlobError(ReadinessError):
    """Stored bytes that are missing or no longer match their name."""


class BlobStorage(FileSystemStorage):
    """Files named `ab/abcdef…`, written by temporary file, fsync, rename, fsync of the folder."""

    def _save(self, name: str, content: File[bytes]) -> str:
        final = Path(self.path(name))
        if final.exists():
            return name  # same name, same bytes
        final.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=final.parent, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as out:
                for chunk in content.chunks():
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            Path(temporary).rename(final)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(final.parent)
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself: content-addressed names never clash."""
        return name


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def path_of(sha256: str) -> str:
    """The storage name of a digest."""
    return f"{sha256[:2]}/{sha256}"


def put(content: bytes | IO[bytes] | File[bytes]) -> tuple[str, int]:
    """Store bytes; returns (sha256 hex, size). Storing the same bytes again changes nothing."""
    file = _as_file(content)
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(file):
        digest.update(chunk)
        size += len(chunk)
    file.seek(0)
    name = path_of(digest.hexdigest())
    if not default_storage.exists(name):
        default_storage.save(name, file)
    return digest.hexdigest(), size


def put_chunks(chunks: Iterable[bytes]) -> str:
    """Store bytes as they come; their digest. What raises on the way leaves nothing."""
    root = Path(default_storage.path(""))
    root.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=root, prefix=".writing-")
    digest = hashlib.sha256()
    try:
        with os.fdopen(handle, "wb") as out:
            for chunk in chunks:
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        adopt(Path(temporary), digest.hexdigest())
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def adopt(path: Path, sha256: str) -> None:
    """Move a file that is written and synced, and has that digest, into the store; its old name goes."""
    name = path_of(sha256)
    if default_storage.exists(name):
        path.unlink(missing_ok=True)
        return
    final = Path(default_storage.path(name))
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.rename(final)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with path.open("rb") as file:  # the store lies on another file system
            default_storage.save(name, File(file))
        path.unlink()
    _sync_folder(final.parent)


def get(sha256: str) -> bytes:
    """The bytes of a digest. Raises BlobError when they are missing or differ from it."""
    try:
        with default_storage.open(path_of(sha256)) as file:
            data: bytes = file.read()
    except FileNotFoundError:
        raise BlobError(f"The stored file {sha256[:12]}… is missing.", "Restore it from a backup.") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BlobError(f"The stored file {sha256[:12]}… was changed.", "Restore it from a backup.")
    return data


def _as_file(content: bytes | IO[bytes] | File[bytes]) -> File[bytes]:
    if isinstance(content, bytes):
        return ContentFile(content)
    return content if isinstance(content, File) else File(content)


def _chunks(file: File[bytes]) -> Iterable[bytes]:
    file.seek(0)
    return file.chunks()
