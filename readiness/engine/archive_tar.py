"""Tar archives, read forwards: plain ustar, GNU long names, pax paths and sizes; nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from readiness.engine.errors import BadContent

BLOCK = 512
CHUNK = 1 << 18
MAX_EXTRA = 1 << 20
_ZEROS = b"\0" * BLOCK
_FILES, _FOLDER = (b"0", b"\0", b"7"), b"5"
_WORDS = {
    b"1": "is a hard link",
    b"2": "is a link",
    b"3": "is a device",
    b"4": "is a device",
    b"6": "is a pipe",
    b"S": "is a sparse file",
    b"K": "is a link",
}


class Source(Protocol):
    """Where the bytes come from."""

    def read(self, count: int) -> bytes:
        """The next bytes, fewer at the end."""


@dataclass(frozen=True, slots=True)
class Found:
    """One entry of an archive. `problem` says why it cannot be taken, whatever it holds."""

    name: bytes
    size: int
    chunks: Iterable[bytes]
    folder: bool = False
    problem: str = ""


def is_header(block: bytes) -> bool:
    """Whether a block is the header of an entry: its checksum says so."""
    if len(block) < BLOCK or block == _ZEROS:
        return False
    try:
        return _octal(block[148:156]) == sum(block[:148]) + 8 * 32 + sum(block[156:BLOCK])
    except BadContent:
        return False


def members(source: Source) -> Iterator[Found]:
    """Every entry in order. Raises BadContent for what is cut off, broken or goes on behind its end."""
    extra: dict[str, bytes] = {}
    while (block := _exactly(source, BLOCK)) != _ZEROS:
        if not is_header(block):
            raise BadContent("The archive is broken: a header is damaged.")
        kind, size = block[156:157], _number(block[124:136])
        if kind in (b"x", b"g", b"L"):
            data = _exactly(source, _bounded(size))
            _exactly(source, -size % BLOCK)
            if kind == b"L":
                extra["path"] = data.rstrip(b"\0")
            else:
                extra |= _pax(data, everywhere=kind == b"g")
            continue
        yield from _entry(source, kind, extra.get("path") or _name(block), _size(size, extra), extra)
        extra = {}
    _require_end(source)


def _entry(source: Source, kind: bytes, name: bytes, size: int, extra: dict[str, bytes]) -> Iterator[Found]:
    folder = kind == _FOLDER or (kind in _FILES and name.endswith(b"/"))
    problem = _WORDS.get(kind, "" if kind in (*_FILES, _FOLDER) else f"is of the unknown kind {kind!r}")
    if any(key.startswith("GNU.sparse") for key in extra):
        problem = _WORDS[b"S"]
    if folder and size and not problem:
        problem = "is a folder with content"
    body = _body(source, size)
    yield Found(name, size, body, folder=folder, problem=problem)
    for _ in body:  # what nobody read
        pass
    _exactly(source, -size % BLOCK)


def _body(source: Source, size: int) -> Iterator[bytes]:
    while size > 0:
        chunk = _exactly(source, min(size, CHUNK))
        size -= len(chunk)
        yield chunk


def _exactly(source: Source, count: int) -> bytes:
    data = source.read(count) if count else b""
    if len(data) != count:
        raise BadContent("The archive is cut off: its end is missing.")
    return data


def _bounded(size: int) -> int:
    if size > MAX_EXTRA:
        raise BadContent(f"The archive is broken: a header has more than {MAX_EXTRA >> 20} MB.")
    return size


def _name(block: bytes) -> bytes:
    name, prefix = block[:100].split(b"\0", 1)[0], block[345:500].split(b"\0", 1)[0]
    return prefix + b"/" + name if prefix and block[257:263] == b"ustar\0" else name


def _number(field: bytes) -> int:
    """Octal digits, or GNU's binary form for what does not fit."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        if field[0] & 0x40:
            raise BadContent("The archive is broken: a size is negative.")
        return value
    return _octal(field)


def _octal(field: bytes) -> int:
    digits = field.split(b"\0", 1)[0].strip()
    if not all(48 <= digit < 56 for digit in digits):
        raise BadContent("The archive is broken: a number is damaged.")
    return int(digits or b"0", 8)


def _size(size: int, extra: dict[str, bytes]) -> int:
    if "size" not in extra:
        return size
    if not (extra["size"].isdigit() and len(extra["size"]) < 20):
        raise BadContent("The archive is broken: a size is damaged.")
    return int(extra["size"])


def _pax(data: bytes, *, everywhere: bool) -> dict[str, bytes]:
    """The records `length key=value` of a pax header."""
    found: dict[str, bytes] = {}
    while data:
        length, space, _ = data.partition(b" ")
        if not (space and length.isdigit() and 0 < len(length) < 8 and int(length) <= len(data)):
            raise BadContent("The archive is broken: a pax header is damaged.")
        record, data = data[len(length) + 1 : int(length)], data[int(length) :]
        key, equals, value = record.partition(b"=")
        if not equals or not value.endswith(b"\n"):
            raise BadContent("The archive is broken: a pax header is damaged.")
        found[key.decode("latin-1")] = value[:-1]
    if everywhere and found.keys() & {"path", "size"}:
        raise BadContent("The archive gives all its files the same name or size.")
    return {} if everywhere else found


def _require_end(source: Source) -> None:
    # Tools write zeros up to a full record; anything else would be seen by some readers only.
    while chunk := source.read(CHUNK):
        if chunk.strip(b"\0"):
            raise BadContent("The archive holds something behind its end.")
