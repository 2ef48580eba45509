"""The bundle's ZIP: one form, read back whole, refused with any byte changed."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.engine.errors import BadContent
from readiness.engine.sealed import canonical_zip

NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9_])?(/[a-z0-9]{1,6}){0,3}", fullmatch=True)
FILES = st.dictionaries(NAMES, st.binary(max_size=200), max_size=8)


@dataclass
class Pieces:
    """A kept file that comes in small pieces; `late` is what it is by the time it is written."""

    data: bytes
    late: bytes | None = None
    size: int = 0
    crc: int = 0

    def __post_init__(self) -> None:
        self.size, self.crc = len(self.data), zlib.crc32(self.data)

    def pieces(self):
        """Seven bytes at a time."""
        data = self.data if self.late is None else self.late
        yield from (data[place : place + 7] for place in range(0, len(data), 7))


def packed(files) -> bytes:
    """The archive as bytes."""
    return b"".join(bytes(part) for part in canonical_zip.parts(files))


@given(FILES)
def test_read_gives_what_was_written(files):
    """What is read is what was written, and the system's own ZIP reader agrees."""
    data = packed(files)
    assert {name: bytes(found) for name, found in canonical_zip.read(data, "it").items()} == files
    with zipfile.ZipFile(io.BytesIO(data)) as known:
        assert known.testzip() is None
        assert {name: known.read(name) for name in known.namelist()} == files


@given(FILES)
def test_same_files_same_bytes(files):
    """Neither the order in which they are given nor where the bytes lie changes a byte."""
    turned = dict(reversed(files.items()))
    kept = {name: Pieces(data) for name, data in files.items()}
    assert packed(files) == packed(turned) == packed(kept)


@settings(max_examples=300)
@given(FILES.filter(bool), st.data())
def test_any_change_is_refused(files, data):
    """One byte changed, left out or added anywhere: it is no bundle."""
    whole = packed(files)
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = data.draw(st.integers(1, 255))
    flipped = whole[:place] + bytes([whole[place] ^ changed]) + whole[place + 1 :]
    for bad in (flipped, whole[:place] + whole[place + 1 :], whole[:place] + b"\0" + whole[place:]):
        if bad != whole:
            with pytest.raises(BadContent):
                canonical_zip.read(bad, "it")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_packed_by_others_is_refused(compression):
    """The same files in an archive of another program are no bundle, however they are packed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as other:
        other.writestr("a.txt", b"same")
    with pytest.raises(BadContent, match="packed again"):
        canonical_zip.read(made.getvalue(), "it")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a/",
        "../a",
        "a/../b",
        ".a",
        "a/.b",
        "a//b",
        "a\\b",
        "C:a",
        "a b",
        "ä",
        "a\n",
        "a.",
        "-a",
        "a" * 201,
    ],
)
def test_names_that_lead_elsewhere(name):
    """Hidden names, absolute ones, ones that climb, and what some system reads otherwise."""
    with pytest.raises(BadContent):
        packed({name: b""})


def test_order_counts():
    """Files in another order are refused, though each entry is right by itself."""
    one, two = packed({"a": b"1"}), packed({"b": b"2"})
    local = 30 + 1 + 1
    turned = two[:local] + one[:local] + packed({"a": b"1", "b": b"2"})[2 * local :]
    with pytest.raises(BadContent):
        canonical_zip.read(turned, "it")


@pytest.mark.parametrize("late", [b"another file!", b"short", b"a file that grew"])
def test_kept_file_that_changes(late):
    """A file that is another one when it is written than when it was measured ends the writing."""
    with pytest.raises(BadContent, match="changed while"):
        packed({"a": Pieces(b"one file here", late=late)})


def test_too_large(monkeypatch):
    """More than the form holds is refused before a byte is written."""
    monkeypatch.setattr(canonical_zip, "MAX_BYTES", 10)
    with pytest.raises(BadContent, match="larger than 4 GB"):
        packed({"a": b"12345678901"})
    monkeypatch.setattr(canonical_zip, "MAX_FILES", 1)
    with pytest.raises(BadContent):
        packed({"a": b"1", "b": b"2"})
