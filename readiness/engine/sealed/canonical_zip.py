"""The one ZIP form of a bundle: stored, in the order of the names, without dates, comments or extras.

The same files are the same bytes, so whoever verifies a bundle writes it again and compares. Written here
and not by `zipfile`, whose headers differ between versions and platforms.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO

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


def check_path(path: str) -> None:
    """Names of plain parts only, nothing hidden, nothing that leads out. Raises BadContent."""
    if len(path) > 200 or not _PATH.fullmatch(path):
        raise BadContent(f"{path[:200]!r} cannot be a name in a bundle.", "")


def write(files: Mapping[str, bytes], out: BinaryIO) -> None:
    """Write the archive. Raises BadContent for names and sizes that the form does not hold."""
    out.writelines(parts(files))


def parts(files: Mapping[str, bytes]) -> Iterator[bytes | memoryview]:
    """The archive's bytes, in pieces."""
    if len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_BYTES:
        raise BadContent("The bundle would be larger than 4 GB.", "Choose less evidence.")
    central: list[bytes] = []
    offset = 0
    for name in sorted(files):
        check_path(name)
        data, raw = files[name], name.encode("ascii")
        fields = (0, 0, 0, _DAY, zlib.crc32(data), len(data), len(data), len(raw), 0)
        local = _LOCAL.pack(b"PK\x03\x04", _VERSION, *fields) + raw
        head = (b"PK\x01\x02", _MADE_BY, _VERSION, *fields, 0, 0, 0, _MODE, offset)
        central.append(_CENTRAL.pack(*head) + raw)
        yield local
        yield memoryview(data)
        offset += len(local) + len(data)
    directory = b"".join(central)
    yield directory
    count = len(central)
    yield _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), offset, 0)


def read(data: bytes, place: str) -> dict[str, memoryview]:
    """The files of an archive in exactly this form. Raises BadContent, also for one byte more or less."""
    problem = BadContent(
        f"{place} is no bundle in its canonical form: it was packed again, or changed.",
        "Verify the file as it was downloaded.",
    )
    view, found = memoryview(data), dict[str, memoryview]()
    position = 0
    try:
        while bytes(view[position : position + 4]) == b"PK\x03\x04":
            fields = _LOCAL.unpack_from(view, position)
            size, length = fields[8], fields[9]
            start = position + _LOCAL.size + length
            name = bytes(view[position + _LOCAL.size : start]).decode("ascii")
            if name in found or len(found) >= MAX_FILES:
                raise problem
            found[name] = view[start : start + size]
            position = start + size
        same, place_now = True, 0
        for part in parts(found):  # type: ignore[arg-type]  # a view is as good as bytes here
            same = same and view[place_now : place_now + len(part)] == part
            place_now += len(part)
    except (struct.error, UnicodeDecodeError, BadContent):
        raise problem from None
    if not same or place_now != len(data):
        raise problem
    return found
