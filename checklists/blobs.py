"""Content-addressed storage: bytes are kept under their SHA-256, written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, default_storage

from readiness.engine import atomic
from readiness.engine.errors import ReadinessError
from readiness.engine.target import CHUNK

WRITING = ".writing-"  # files under such a name are nobody's yet
FULL = "Ask the operator of this installation for room, then try again."
BROKEN = "Ask the operator of this installation to look at its storage, then try again."


class BlobError(ReadinessError):
    """Stored bytes that are missing or no longer match their name."""


class StoreError(ReadinessError):
    """Bytes that could not be stored; nothing was kept."""


class WholeFiles(FileSystemStorage):
    """Files appear under their name whole or not at all, and are there after a power cut."""

    permissions = 0o644

    def _save(self, name: str, content: File[bytes]) -> str:
        final = Path(self.path(name))
        with _stored(final) as temporary:
            with temporary.open("wb") as out:
                for chunk in content.chunks():
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            temporary.chmod(self.permissions)
            temporary.replace(final)
        return name


class BlobStorage(WholeFiles):
    """Files named `ab/abcdef…`. What is there already stays: the same name means the same bytes."""

    permissions = atomic.PRIVATE

    def _save(self, name: str, content: File[bytes]) -> str:
        return name if _renewed(Path(self.path(name)), content.size) else super()._save(name, content)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself: content-addressed names never clash."""
        return name


@contextmanager
def _stored(final: Path) -> Iterator[Path]:
    """A temporary file in the folder of the final name; it is gone afterwards. Raises StoreError."""
    temporary = None
    try:
        _folder(final.parent)
        handle, name = tempfile.mkstemp(dir=final.parent, prefix=WRITING)
        temporary = Path(name)
        os.close(handle)
        yield temporary
        atomic.sync(final.parent)
    except OSError as error:
        raise refused(error) from error
    finally:
        if temporary:
            temporary.unlink(missing_ok=True)


def _renewed(final: Path, size: int) -> bool:
    """Whether that file is there; then it counts as stored now, so that nobody takes it for unused."""
    try:
        os.utime(final)
        if final.stat().st_size != size:
            return False
        atomic.sync(final.parent)  # whoever wrote it may not have come to that yet
    except FileNotFoundError:
        return False
    except OSError as error:
        raise refused(error) from error
    return True


def refused(error: OSError) -> StoreError:
    """What to tell whoever sent bytes that the disk did not take."""
    advice = FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else BROKEN
    return StoreError(f"The file could not be stored: {error.strerror}. Nothing was kept.", advice)


def _folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        atomic.sync(folder.parent)


def path_of(sha256: str) -> str:
    """The storage name of a digest."""
    return f"{sha256[:2]}/{sha256}"


def put(content: bytes | IO[bytes] | File[bytes]) -> tuple[str, int]:
    """Store bytes; returns (sha256 hex, size). Storing the same bytes again changes nothing.

    Raises StoreError when the disk does not take them.
    """
    file = _as_file(content)
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(file):
        digest.update(chunk)
        size += len(chunk)
    file.seek(0)
    default_storage.save(path_of(digest.hexdigest()), file)
    return digest.hexdigest(), size


def put_chunks(chunks: Iterable[bytes]) -> str:
    """Store bytes as they come; their digest. What raises on the way leaves nothing. Raises StoreError."""
    digest = hashlib.sha256()
    with _stored(Path(default_storage.path("")) / WRITING) as temporary:
        with temporary.open("wb") as out:
            for chunk in chunks:
                digest.update(chunk)
                out.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        adopt(temporary, digest.hexdigest())
    return digest.hexdigest()


def adopt(path: Path, sha256: str) -> None:
    """Move a file that is written and synced, and has that digest, into the store; its old name goes.

    Raises StoreError; then it is still under its old name.
    """
    final = Path(default_storage.path(path_of(sha256)))
    try:
        _folder(final.parent)
        path.replace(final)
        atomic.sync(final.parent)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise refused(error) from error
        with path.open("rb") as file:  # the store lies on another file system
            default_storage.save(path_of(sha256), File(file))
        path.unlink()


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


def chunks(sha256: str) -> Iterator[bytes]:
    """The bytes of a digest in pieces; they are not compared with it. Raises BlobError when missing."""
    try:
        with default_storage.open(path_of(sha256)) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except FileNotFoundError:
        raise BlobError(f"The stored file {sha256[:12]}… is missing.", "Restore it from a backup.") from None


def _as_file(content: bytes | IO[bytes] | File[bytes]) -> File[bytes]:
    if isinstance(content, bytes):
        return ContentFile(content)
    return content if isinstance(content, File) else File(content)


def _chunks(file: File[bytes]) -> Iterable[bytes]:
    file.seek(0)
    return file.chunks()
