"""The one ZIP form of a bundle: stored, in the order of the names, without dates, comments or extras.

The same files are the same bytes, so whoever verifies a bundle writes it again and compares. Written here
and not by `zipfile`, whose headers differ between versions and platforms. A file that should not be held in
memory is a `Kept`, which is read twice: once for its checksum, which stands before its bytes, and once when
it is written.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Protocol

from readiness.engine.errors import BadContent

MAX_FILES = 60_000
MAX_BYTES = 2**32 - 2**20  # what the form without ZIP64 can hold
_PATH = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?(?:/[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?)*"
)
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION, _MADE_BY, _DAY = 20, (3 << 8) | 20, 0x21  # Unix; 1980-01-01, the first day that ZIP knows
_MODE = 0o100644 << 16


class Kept(Protocol):
    """A file that lies elsewhere: its size in bytes, the CRC-32 of its bytes, and the bytes in pieces."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def crc(self) -> int:
        """CRC-32 as `zlib.crc32` gives it."""

    def pieces(self) -> Iterator[bytes]:
        """The bytes from the beginning; a new iterator at each call."""


Content = bytes | memoryview | Kept


def check_path(path: str) -> None:
    """Names of plain parts only, nothing hidden, nothing that leads out. Raises BadContent."""
    if len(path) > 200 or not _PATH.fullmatch(path):
        raise BadContent(f"{path[:200]!r} cannot be a name in a bundle.", "")


def write(files: Mapping[str, Content], out: BinaryIO) -> None:
    """Write the archive. Raises BadContent for names and sizes that the form does not hold."""
    out.writelines(parts(files))


def size_of(content: Content) -> int:
    """How many bytes a file has."""
    return len(content) if isinstance(content, bytes | memoryview) else content.size


def parts(files: Mapping[str, Content]) -> Iterator[bytes | memoryview]:
    """The archive's bytes, in pieces. Raises BadContent, also for a kept file that changed meanwhile."""
    if len(files) > MAX_FILES or sum(map(size_of, files.values())) > MAX_BYTES:
        raise BadContent("The bundle would be larger than 4 GB.", "Choose less evidence.")
    central: list[bytes] = []
    offset = 0
    for name in sorted(files):
        check_path(name)
        local, entry = _headers(name, files[name], offset)
        central.append(entry)
        yield local
        yield from _bytes_of(files[name], name)
        offset += len(local) + size_of(files[name])
    directory = b"".join(central)
    yield directory
    count = len(central)
    yield _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), offset, 0)


def _headers(name: str, data: Content, offset: int) -> tuple[bytes, bytes]:
    """What stands before a file, and its line in the directory."""
    raw, size = name.encode("ascii"), size_of(data)
    crc = zlib.crc32(data) if isinstance(data, bytes | memoryview) else data.crc
    fields = (0, 0, 0, _DAY, crc, size, size, len(raw), 0)
    head = (b"PK\x01\x02", _MADE_BY, _VERSION, *fields, 0, 0, 0, _MODE, offset)
    return _LOCAL.pack(b"PK\x03\x04", _VERSION, *fields) + raw, _CENTRAL.pack(*head) + raw


def _bytes_of(data: Content, name: str) -> Iterator[bytes | memoryview]:
    if isinstance(data, bytes | memoryview):
        yield memoryview(data)
        return
    crc, size = 0, 0
    for piece in data.pieces():
        crc, size = zlib.crc32(piece, crc), size + len(piece)
        yield piece
    if (crc, size) != (data.crc, data.size):
        raise BadContent(f"{name} changed while the bundle was written.", "Ask for the bundle again.")


def read(data: bytes, place: str) -> dict[str, memoryview]:
    """The files of an archive in exactly this form. Raises BadContent, also for one byte more or less."""
    problem = BadContent(
        f"{place} is no bundle in its canonical form: it was packed again, or changed.",
        "Verify the file as it was downloaded.",
    )
    view, found = memoryview(data), dict[str, memoryview]()
    position, starts = 0, list[int]()
    try:
        while bytes(view[position : position + 4]) == b"PK\x03\x04":
            fields = _LOCAL.unpack_from(view, position)
            size, length = fields[8], fields[9]
            start = position + _LOCAL.size + length
            name = bytes(view[position + _LOCAL.size : start]).decode("ascii")
            if name in found or len(found) >= MAX_FILES:
                raise problem
            found[name] = view[start : start + size]
            starts.append(start)
            position = start + size
        same = _same(view, found, starts)
    except (struct.error, UnicodeDecodeError, BadContent):
        raise problem from None
    if not same:
        raise problem
    return found


def _same(view: memoryview, found: Mapping[str, memoryview], starts: list[int]) -> bool:
    """Whether writing the found files gives exactly these bytes. A file is compared by its place alone, at
    which `view` holds the very same bytes.
    """
    if list(found) != sorted(found):
        return False
    place, contents = 0, iter(starts)
    for part in parts(found):
        if isinstance(part, memoryview):
            if place != next(contents):
                return False
        elif view[place : place + len(part)] != part:
            return False
        place += len(part)
    return place == len(view)
