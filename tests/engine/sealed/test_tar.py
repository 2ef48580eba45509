"""The container of backups: read back as written, unpacked by any tar, and every other byte refused."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine.errors import BadContent
from readiness.engine.sealed import tar

FILES = {"rows/a.jsonl": b"[1]\n", "blobs/00ff": b"x" * 700, "empty": b"", "block": b"y" * 512}


def written(files: dict[str, bytes]) -> bytes:
    """A container."""
    out = io.BytesIO()
    for name, data in files.items():
        tar.write(out, name, len(data), [data])
    tar.end(out)
    return out.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    """What is in it."""
    file = io.BytesIO(data)
    return {member.name: b"".join(tar.chunks(file, member)) for member in tar.members(file, "it")}


def test_round_trip():
    """The same files, for us and for any tar program."""
    data = written(FILES)
    assert read(data) == FILES
    with tarfile.open(fileobj=io.BytesIO(data)) as other:
        assert other.getnames() == list(FILES)


@given(st.integers(0, len(written(FILES)) - 1), st.integers(1, 255))
def test_any_other_byte(at, change):
    """A changed byte is refused, or is one of a file's own bytes, which the manifest's digests cover."""
    data = bytearray(written(FILES))
    data[at] ^= change
    try:
        found = read(bytes(data))
    except BadContent:
        return
    assert list(found) == list(FILES)
    assert sum(a != b for name in FILES for a, b in zip(found[name], FILES[name], strict=True)) == 1


@pytest.mark.parametrize("cut", [1, 512, 1024, 1025, 2000])
def test_cut_off(cut):
    """A container that ends too early is refused."""
    with pytest.raises(BadContent):
        read(written(FILES)[:-cut])


@pytest.mark.parametrize("more", [b"\0", bytes(512), bytes(10240), b"x"])
def test_added_to(more):
    """Nothing may follow the end."""
    with pytest.raises(BadContent):
        read(written(FILES) + more)


def test_name_twice():
    """A name that comes twice is refused."""
    data = written({"a": b"1"})[:1024] + written({"a": b"2"})
    with pytest.raises(BadContent, match="twice"):
        read(data)


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../up", "a//b", "Ä", "a/..", "x" * 100])
def test_names(name):
    """Only plain names beneath the container."""
    with pytest.raises(ValueError, match="member"):
        tar.header(name, 1)


def test_wrong_size():
    """More or fewer bytes than announced are refused while writing."""
    for data in (b"12", b"1234"):
        with pytest.raises(BadContent, match="changed its size"):
            tar.write(io.BytesIO(), "a", 3, [data])
