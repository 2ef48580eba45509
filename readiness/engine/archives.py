"""A run that comes as one archive (zip, tar, compressed tar): its plain files, one after another.

Nothing is ever written under a name of the archive: whoever reads gets path, size and bytes. Whatever could
mean something else to another tool is refused, with the entry's name: paths that leave, absolute ones, links,
devices, sparse files, doubled names, encryption, headers that disagree, and more bytes than were announced.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from readiness.engine import archive_tar, archive_zip
from readiness.engine.archive_tar import Found
from readiness.engine.errors import BadContent, LimitExceeded, ReadinessError
from readiness.engine.file_index import IndexRefused, refuse_path
from readiness.engine.guard import legible
from readiness.engine.indexing import MAX_FILES
from readiness.engine.sizes import size_words
from readiness.engine.target import OpenFile
from readiness.engine.unpacking import FREE, MAX_RATIO, Unpacked

AGAIN = "Pack the run again with a usual tool, without links: tar --dereference, or zip."
KINDS = {"gzip", "bz2", "xz"}


class ArchiveRefused(ReadinessError):
    """An archive that cannot be taken; the message names the entry."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One plain file of an archive. `chunks` must be read before the next file is asked for."""

    path: str
    size: int
    chunks: Iterable[bytes]


def read(fd: int, name: str, *, most: int) -> Iterator[Packed]:
    """The files of an archive whose bytes are read from a descriptor; at most `most` bytes in all.

    Raises ArchiveRefused.
    """
    file = OpenFile(name, fd)
    size = os.fstat(fd).st_size
    limit = min(most, max(FREE, MAX_RATIO * size))
    try:
        yield from _sound(_found(file), limit)
    except (BadContent, LimitExceeded) as error:
        raise ArchiveRefused(error.message, AGAIN) from None


def _found(file: OpenFile) -> Iterator[Found]:
    start = os.pread(file.fd, 512, 0)
    if start[:4] == b"PK\x03\x04":
        return archive_zip.members(file)
    if start[:4] == b"PK\x05\x06":
        return iter(())
    if archive_tar.is_header(start):
        return archive_tar.members(_Plain(file.fd))
    unpacked = Unpacked(file.fd, file.path)
    if unpacked.method not in KINDS:
        raise ArchiveRefused(
            f"{legible(file.path)[:200]} is no zip archive and no tar archive.",
            "Upload a .zip, .tar or .tar.gz of the run directory.",
        )
    return archive_tar.members(unpacked)


class _Plain:
    def __init__(self, fd: int) -> None:
        self._fd, self._at = fd, 0

    def read(self, count: int) -> bytes:
        data = os.pread(self._fd, count, self._at)
        self._at += len(data)
        return data


def _sound(found: Iterable[Found], limit: int) -> Iterator[Packed]:
    seen, total = set[str](), 0
    for entry in found:
        path = _path(entry.name)
        if entry.problem:
            raise _refused(path, entry.problem)
        if entry.folder:
            if path not in ("", "."):
                _refuse_path(path.rstrip("/"))
            continue
        _refuse_path(path)
        if path in seen:
            raise _refused(path, "is there twice")
        seen.add(path)
        total += entry.size
        if len(seen) > MAX_FILES:
            raise ArchiveRefused(f"The archive holds more than {MAX_FILES} files.", AGAIN)
        if total > limit:
            raise ArchiveRefused(
                f"The archive unpacks to more than {size_words(limit)} ({legible(path)[:200]} goes over it).",
                "Leave out what no check reads.",
            )
        yield Packed(path, entry.size, _counted(path, entry))
    if not seen:
        raise ArchiveRefused("The archive holds no files.", "Pack the directory that holds the run's files.")


def _path(name: bytes) -> str:
    try:
        path = name.decode()
    except UnicodeDecodeError:
        raise ArchiveRefused(f"The name {name[:200]!r} in the archive is not UTF-8.", "Rename it.") from None
    while path.startswith("./"):
        path = path[2:]
    return path


def _refuse_path(path: str) -> None:
    if "\\" in path:
        raise _refused(path, "has a backslash in its name")
    try:
        refuse_path(path)
    except IndexRefused as error:
        raise ArchiveRefused(f"In the archive, {error.message}", error.advice) from None


def _counted(path: str, entry: Found) -> Iterator[bytes]:
    left = entry.size
    try:
        for chunk in entry.chunks:
            left -= len(chunk)
            if left < 0:
                raise _refused(path, "unpacks to more bytes than the archive says")
            yield chunk
    except (BadContent, LimitExceeded) as error:
        raise ArchiveRefused(error.message, AGAIN) from None
    if left:
        raise _refused(path, "has fewer bytes than the archive says")


def _refused(path: str, why: str) -> ArchiveRefused:
    return ArchiveRefused(f"In the archive, {legible(path)[:200]!r} {why}.", AGAIN)
