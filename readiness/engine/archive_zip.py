"""Zip archives: the strict directory of zip_directory, and each member's bytes unpacked and counted."""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Iterator

from readiness.engine.archive_tar import Found
from readiness.engine.errors import BadContent
from readiness.engine.target import OpenFile
from readiness.engine.zip_directory import Member, read_members

CHUNK = 1 << 18
_KINDS = {
    stat.S_IFLNK: "is a link",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
    stat.S_IFIFO: "is a pipe",
    stat.S_IFSOCK: "is a socket",
}


def members(file: OpenFile) -> Iterator[Found]:
    """Every entry, in the order of the file. Raises BadContent."""
    try:
        found = read_members(file)
    except BadContent as error:
        why = ", ".join(getattr(error, "__notes__", [])) or error.message
        raise BadContent(f"The zip archive cannot be taken: {why}.") from None
    for member in found.values():
        kind = stat.S_IFMT(member.attributes >> 16)
        folder = member.name.endswith("/")
        problem = _KINDS.get(kind, "")
        if folder and member.size:
            problem = "is a folder with content"
        yield Found(member.name.encode(), member.size, _body(file, member), folder=folder, problem=problem)


def _body(file: OpenFile, member: Member) -> Iterator[bytes]:
    crc, total = 0, 0
    for chunk in _stored(file, member) if member.stored else _inflated(file, member):
        crc, total = zlib.crc32(chunk, crc), total + len(chunk)
        if total > member.size:
            raise BadContent(f"{member.name!r} unpacks to more bytes than the archive says.")
        yield chunk
    if crc != member.crc:
        raise BadContent(f"{member.name!r} is damaged: its checksum is wrong.")


def _stored(file: OpenFile, member: Member) -> Iterator[bytes]:
    at, end = member.start, member.start + member.packed
    while at < end and (chunk := os.pread(file.fd, min(CHUNK, end - at), at)):
        at += len(chunk)
        yield chunk


def _inflated(file: OpenFile, member: Member) -> Iterator[bytes]:
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for packed in _stored(file, member):
            data = packed
            while data or machine.unconsumed_tail:
                yield machine.decompress(machine.unconsumed_tail or data, CHUNK)
                data = b""
        yield machine.flush()
    except zlib.error as error:
        raise BadContent(f"{member.name!r} is damaged: {error}.") from None
    if not machine.eof or machine.unused_data:
        raise BadContent(f"{member.name!r} is damaged: its packed bytes do not end where they should.")
