"""The directory of a zip archive as PyTorch writes it, no tricks.

Deliberately narrower than zip: what two readers could understand differently (bytes behind the end,
overlapping members, headers that disagree, doubled names) is refused, so that what is
inspected here is what PyTorch would load.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from readiness.engine.errors import BadContent
from readiness.engine.target import OpenFile

MAX_DIRECTORY = 32 << 20
MAX_MEMBERS = 100_000
_END, _END64, _LOCATOR = struct.Struct("<4s4H2IH"), struct.Struct("<4sQ2H2I4Q"), struct.Struct("<4sIQI")
_CENTRAL, _LOCAL = struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s5H3I2H")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED, _SIZES_FOLLOW = 1, 8
_STORED, _DEFLATED = 0, 8


@dataclass(frozen=True, slots=True)
class Member:
    """One member: where its bytes start in the file, how many they are there, and unpacked.

    `attributes` are the directory's external ones (of a Unix archive, its mode in the upper half).
    """

    name: str
    start: int
    packed: int
    size: int
    stored: bool
    crc: int = 0
    attributes: int = 0


@dataclass(frozen=True, slots=True)
class _Header:
    name: bytes
    flags: int
    method: int
    packed: int
    size: int
    offset: int
    crc: int
    attributes: int


def read_members(file: OpenFile) -> dict[str, Member]:
    """Name to Member of every member. Reads the directory and the members' headers, never their bytes.

    Raises BadContent for a truncated archive and for everything named in the module's docstring.
    """
    start, end, count = _find_directory(file)
    if end - start > MAX_DIRECTORY or count > MAX_MEMBERS:
        raise _odd(file, f"its directory names {count} members")
    headers = _central(file, os.pread(file.fd, end - start, start), count)
    headers.sort(key=lambda header: header.offset)
    members: dict[str, Member] = {}
    ends = [*(header.offset for header in headers[1:]), start]
    for header, bound in zip(headers, ends, strict=True):
        member = _member(file, header)
        if member.start + member.packed > bound:
            raise _odd(file, f"{member.name} overlaps what follows it")
        if member.name in members:
            raise _odd(file, f"it holds {member.name} twice")
        members[member.name] = member
    return members


def _odd(file: OpenFile, what: str) -> BadContent:
    error = BadContent(
        f"{file.path} is a zip archive that PyTorch would not write: {what}. Not verified.",
        "Save it again with torch.save or torch.jit.save, and do not repack it.",
    )
    error.add_note(what)  # in words for any archive
    return error


def _cut(file: OpenFile) -> BadContent:
    error = BadContent(
        f"{file.path} is cut off: its {file.size} bytes begin like a zip archive, and the end is missing.",
        "Copy or save it again, and compare the sizes.",
    )
    error.add_note("it is cut off, or ends in a comment")
    return error


def _find_directory(file: OpenFile) -> tuple[int, int, int]:
    place = file.size - _END.size
    if place < 0:
        raise _cut(file)
    sign, disk, first, here, count, size, start, comment = _END.unpack(os.pread(file.fd, _END.size, place))
    if sign != b"PK\x05\x06" or comment:
        raise _cut(file)
    end = place
    locator = os.pread(file.fd, _LOCATOR.size, max(place - _LOCATOR.size, 0))
    if len(locator) == _LOCATOR.size and locator[:4] == b"PK\x06\x07":
        end = _LOCATOR.unpack(locator)[2]
        record = os.pread(file.fd, _END64.size, end) if end < place else b""
        if len(record) < _END64.size or record[:4] != b"PK\x06\x06":
            raise _odd(file, "its end does not lead to its directory")
        small = (count, size, start)
        _, _, _, _, disk, first, here, count, size, start = _END64.unpack(record)
        agree = zip(small, (count, size, start), (_FULL16, _FULL32, _FULL32), strict=True)
        if any(short not in (long, full) for short, long, full in agree):
            raise _odd(file, "its two ends disagree")
    if disk or first or here != count:
        raise _odd(file, "it claims to be one of several")
    if start + size != end:
        raise _odd(file, "its directory is not where its end says")
    return start, end, count


def _central(file: OpenFile, data: bytes, count: int) -> list[_Header]:
    headers, at = [], 0
    for _ in range(count):
        if len(data) - at < _CENTRAL.size:
            raise _odd(file, "its directory is shorter than it says")
        fields = _CENTRAL.unpack_from(data, at)
        sign, flags, method, packed, size = fields[0], fields[3], fields[4], fields[8], fields[9]
        name_size, extra_size, comment_size, offset = fields[10], fields[11], fields[12], fields[16]
        at += _CENTRAL.size
        name = data[at : at + name_size]
        extra = data[at + name_size : at + name_size + extra_size]
        at += name_size + extra_size + comment_size
        if sign != b"PK\x01\x02" or at > len(data):
            raise _odd(file, "its directory is broken")
        size, packed, offset = _widen(file, extra, [size, packed, offset])
        if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED) or (method == _STORED and packed != size):
            raise _odd(file, f"{name[:80]!r} is encrypted or packed in an unusual way")
        headers.append(_Header(name, flags, method, packed, size, offset, fields[7], fields[15]))
    if at != len(data):
        raise _odd(file, "its directory is longer than it says")
    return headers


def _widen(file: OpenFile, extra: bytes, values: list[int]) -> list[int]:
    """Sizes and offsets over 4 GB stand in an extra field, in this order, each only where it is needed."""
    if _FULL32 not in values:
        return values
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        body, extra = extra[4 : 4 + length], extra[4 + length :]
        needed = values.count(_FULL32)
        if kind == 1 and len(body) >= 8 * needed:
            wide = iter(struct.unpack_from(f"<{needed}Q", body))
            return [next(wide) if value == _FULL32 else value for value in values]
    raise _odd(file, "a size is missing from its directory")


def _member(file: OpenFile, header: _Header) -> Member:
    head = os.pread(file.fd, _LOCAL.size + len(header.name), header.offset)
    if len(head) < _LOCAL.size + len(header.name) or head[:4] != b"PK\x03\x04":
        raise _odd(file, f"{header.name[:80]!r} is not where the directory says")
    _, _, flags, method, _, _, _, _, size, name_size, extra_size = _LOCAL.unpack_from(head)
    same_size = size in (header.size, _FULL32) or (flags & _SIZES_FOLLOW and size == 0)
    same_name = head[_LOCAL.size :] == header.name and name_size == len(header.name)
    if not (same_name and same_size and method == header.method):
        raise _odd(file, f"the two headers of {header.name[:80]!r} disagree")
    try:
        name = header.name.decode("utf-8")
    except UnicodeDecodeError:
        raise _odd(file, f"{header.name[:80]!r} is not text") from None
    start = header.offset + _LOCAL.size + name_size + extra_size
    stored = header.method == _STORED
    return Member(name, start, header.packed, header.size, stored, header.crc, header.attributes)
