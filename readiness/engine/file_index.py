"""The index of a run as it travels: every path with size and SHA-256, checked before anything believes it.

Both ends use this module: what a client sends is the canonical JSON that names the artifact snapshot.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import msgspec

from readiness.engine import seal
from readiness.engine.errors import ReadinessError
from readiness.engine.guard import legible
from readiness.engine.indexing import MAX_FILES
from readiness.engine.target import Entry

MAX_INDEX_BYTES = 64 << 20
MAX_PATH_BYTES, MAX_NAME_BYTES, MAX_DEPTH = 1000, 255, 64
MAX_SIZE = 2**53 - 1
# Control characters, marks that turn or hide text, lone surrogates, line and paragraph separators.
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class IndexRefused(ReadinessError):
    """An index, or a name in it, that cannot be taken; the message names the entry."""


def pack(entries: Iterable[Entry]) -> bytes:
    """The canonical JSON `[[path, size, sha256], …]`, sorted by path; its SHA-256 is the artifact digest."""
    return seal.canonical([[e.path, e.size, e.sha256] for e in sorted(entries, key=lambda e: e.path)])


def unpack(data: bytes) -> list[Entry]:
    """The entries of an index that somebody sent, sorted by path. Raises IndexRefused."""
    if len(data) > MAX_INDEX_BYTES:
        raise IndexRefused(f"The index is larger than {MAX_INDEX_BYTES >> 20} MB.", "Push fewer files.")
    try:
        rows = msgspec.json.decode(data, type=list[tuple[str, int, str]])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise IndexRefused(f"The index is not a list of [path, size, sha256]: {error}.") from None
    return checked(Entry(*row) for row in rows)


def checked(entries: Iterable[Entry]) -> list[Entry]:
    """The entries sorted by path, once every one of them may be taken. Raises IndexRefused."""
    found = sorted(entries, key=lambda entry: entry.path)
    if not found:
        raise IndexRefused("The index holds no files.", "Name the directory that holds the run's files.")
    if len(found) > MAX_FILES:
        raise IndexRefused(
            f"The index holds more than {MAX_FILES} files.", "Push the run, not what is above."
        )
    paths, sizes = set[str](), dict[str, int]()
    for entry in found:
        _refuse_entry(entry, sizes)
        if entry.path in paths:
            raise _refused(entry.path, "is there twice", "Keep one of them.")
        paths.add(entry.path)
    _refuse_folders(paths)
    return found


def refuse_path(path: str) -> None:
    """Raise IndexRefused for a path that is not plain, relative and readable."""
    parts = path.split("/")
    if not path or path.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise _refused(path, "is not a relative path without `.`, `..` and empty parts")
    size = len(path) if path.isascii() and path.isprintable() else _size_of_words(path)
    if size > MAX_PATH_BYTES or len(parts) > MAX_DEPTH or max(map(len, parts)) > MAX_NAME_BYTES:
        raise _refused(path, f"is longer than {MAX_PATH_BYTES} bytes, {MAX_DEPTH} folders or 255 a name")


def _size_of_words(path: str) -> int:
    if any(unicodedata.category(character) in _HIDDEN for character in path):
        raise _refused(path, "holds control or hidden characters")
    if unicodedata.normalize("NFC", path) != path:
        raise _refused(path, "is not in Unicode's composed form (NFC)")
    if max(len(part.encode()) for part in path.split("/")) > MAX_NAME_BYTES:
        raise _refused(path, f"has a name of more than {MAX_NAME_BYTES} bytes")
    return len(path.encode())


def _refuse_entry(entry: Entry, sizes: dict[str, int]) -> None:
    refuse_path(entry.path)
    if not 0 <= entry.size <= MAX_SIZE:
        raise _refused(entry.path, f"has the size {entry.size}", "Index the files again.")
    if not _SHA256.fullmatch(entry.sha256):
        raise _refused(entry.path, "has no SHA-256 of 64 lower-case digits", "Index the files again.")
    if sizes.setdefault(entry.sha256, entry.size) != entry.size:
        raise _refused(entry.path, "has the digest of a file of another size", "Index the files again.")


def _refuse_folders(paths: set[str]) -> None:
    known = set[str]()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in known:
            if folder in paths:
                raise _refused(folder, f"is a file and also the folder of {legible(path)[:80]}")
            known.add(folder)
            folder = folder.rpartition("/")[0]


def _refused(path: str, why: str, advice: str = "Rename it.") -> IndexRefused:
    shown = legible(path.encode("utf-8", "backslashreplace").decode())
    return IndexRefused(f"{shown[:200]!r} {why}.", advice)
