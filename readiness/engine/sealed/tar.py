"""A tar file in one canonical form, written and read as a stream: any other byte anywhere is refused.

Plain files only, in the order given, each with the same owner, rights and time; two empty blocks end it. Any
tar program unpacks it. It says nothing of its files' bytes: a signed list of their digests does.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from readiness.engine.errors import BadContent

BLOCK = 512
CHUNK = 1 << 20
MAX_NAME = 99
_END = bytes(2 * BLOCK)
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)*")
_NO_TAR = "Take the file as it was written."


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside: its bytes begin at `start`."""

    name: str
    size: int
    start: int


def header(name: str, size: int) -> bytes:
    """The block before a file. Raises ValueError for a name that no member may have."""
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME:
        raise ValueError(f"{name!r} cannot be a member")
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.GNU_FORMAT)


def write(out: IO[bytes], name: str, size: int, chunks: Iterable[bytes]) -> str:
    """Append a file of exactly that size; its SHA-256. Raises BadContent when the chunks have another."""
    out.write(header(name, size))
    digest, left = hashlib.sha256(), size
    for chunk in chunks:
        digest.update(chunk)
        left -= len(chunk)
        out.write(chunk)
    if left:
        raise BadContent(f"{name} changed its size while it was written.", "Try again.")
    out.write(bytes(-size % BLOCK))
    return digest.hexdigest()


def end(out: IO[bytes]) -> None:
    """Write what ends the file."""
    out.write(_END)


def members(file: IO[bytes], place: str) -> list[Member]:
    """Every file inside, without their bytes; headers, padding and end are compared with what `write` writes.

    `file` can seek. Raises BadContent.
    """
    size = file.seek(0, 2)
    found, at = list[Member](), 0
    while (block := _at(file, at, BLOCK)) != bytes(BLOCK):
        member = _member(block, at, place)
        at = member.start + member.size
        padding = -member.size % BLOCK
        if at + padding > size or _at(file, at, padding) != bytes(padding):
            raise BadContent(f"{place} is cut off or changed in {member.name}.", _NO_TAR)
        at += padding
        found.append(member)
    if _at(file, at, len(_END) + 1) != _END:
        raise BadContent(f"{place} is cut off, or something follows its end.", _NO_TAR)
    if len({member.name for member in found}) != len(found):
        raise BadContent(f"{place} holds a name twice.", _NO_TAR)
    return found


def chunks(file: IO[bytes], member: Member) -> Iterator[bytes]:
    """The bytes of a file inside."""
    file.seek(member.start)
    left = member.size
    while left and (chunk := file.read(min(CHUNK, left))):
        left -= len(chunk)
        yield chunk


def sha256(file: IO[bytes], member: Member) -> str:
    """The SHA-256 of a file inside."""
    digest = hashlib.sha256()
    for chunk in chunks(file, member):
        digest.update(chunk)
    return digest.hexdigest()


def _at(file: IO[bytes], at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


def _member(block: bytes, at: int, place: str) -> Member:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        good = header(info.name, info.size) == block
    except (tarfile.HeaderError, ValueError):
        good = False
    if not good:
        raise BadContent(f"{place} is changed, cut off or no backup: see byte {at}.", _NO_TAR)
    return Member(info.name, info.size, at + BLOCK)
