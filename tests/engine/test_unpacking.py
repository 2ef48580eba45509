"""Compressed streams: what comes out is what went in, in pieces of any size; broken ones say so."""

import bz2
import gzip
import lzma
import os
import struct
import zlib
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.engine import lz4_frame, unpacking
from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.unpacking import Unpacked


@contextmanager
def opened(data):
    fd = os.memfd_create("packed")
    os.write(fd, data)
    try:
        yield Unpacked(fd, "m.pkl")
    finally:
        os.close(fd)


PACKERS = {
    None: bytes, "zlib": zlib.compress, "gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
}  # fmt: skip


@pytest.mark.parametrize("method", PACKERS)
@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=3000), st.lists(st.integers(0, 400), max_size=12))
def test_pieces_of_any_size(method, data, sizes):
    """Reading in pieces gives the bytes in order; `tell` counts them; the method is recognised."""
    data = b"\x80\x04" + data
    with opened(PACKERS[method](data)) as stream:
        assert stream.method == method
        parts = [stream.read(size) for size in sizes]
        assert stream.tell() == sum(map(len, parts))
        assert b"".join([*parts, stream.read(1 << 20)]) == data
        assert stream.read(1) == b""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=50).map(lambda b: b.replace(b"\n", b"")), max_size=20))
def test_lines(lines):
    """Lines come with their ends, the last one without."""
    with opened(zlib.compress(b"\n".join(lines))) as stream:
        read = [stream.readline() for _ in range(max(len(lines), 1))]
        assert b"".join(read) == b"\n".join(lines)
        assert all(line.endswith(b"\n") for line in read[:-1])
        assert stream.readline() == b""


@pytest.mark.parametrize("method", [name for name in PACKERS if name])
def test_cut_off_and_lengthened(method):
    """Each form says that it is cut off, or that something follows it."""
    packed = PACKERS[method](os.urandom(500))
    for data in (packed[:-5], packed[: len(packed) // 2], packed + b"xyz"):
        with opened(data) as stream, pytest.raises(BadContent, match="cut off or broken"):
            stream.read(1 << 20)


def test_bombs_end_at_the_limit(monkeypatch):
    """What unpacks to far more than its size is refused at the limit, not at the end."""
    monkeypatch.setattr(unpacking, "FREE", 1 << 20)
    with opened(zlib.compress(bytes(30 << 20), 9)) as stream, pytest.raises(LimitExceeded) as problem:
        stream.read(1 << 40)
    assert "which no model needs" in problem.value.message
    assert stream.tell() < 9 << 20


def frame(*blocks, flags=0x60, size=0x40):
    """An LZ4 frame: (bytes, stored as they are) for each block."""
    parts = [lz4_frame.MAGIC, bytes([flags, size, 0])]
    for data, raw in blocks:
        parts.append(struct.pack("<I", len(data) | (0x80000000 if raw else 0)) + data)
    return b"".join([*parts, bytes(4)])


LZ4 = {
    "nothing": (frame(), b""),
    "stored": (frame((b"hello", True)), b"hello"),
    "text alone": (frame((b"\x50hello", False)), b"hello"),
    "a run": (frame((b"\x1fa\x01\x00\x05\x00", False)), b"a" * 25),
    "an overlap": (frame((b"\x32abc\x03\x00\x00", False)), b"abcabcabc"),
    "long text": (frame((b"\xf0\x05" + b"x" * 20, False)), b"x" * 20),
    "longer text": (frame((b"\xf0\xff\x00" + b"x" * 270, False)), b"x" * 270),
    "linked": (frame((b"abcd", True), (b"\x00\x04\x00\x00", False), flags=0x40), b"abcdabcd"),
    "content size": (
        frame((b"x", True))[:6].replace(b"\x60", b"\x68") + bytes(9) + frame((b"x", True))[7:],
        b"x",
    ),
}


@pytest.mark.parametrize("case", LZ4)
def test_lz4_by_hand(case):
    """Stored blocks, texts, copies that overlap themselves, blocks that reach into the last one."""
    data, expected = LZ4[case]
    with opened(data) as stream:
        assert (stream.method, stream.read(1 << 20)) == ("lz4", expected)


BROKEN = {
    "no end": frame((b"hello", True))[:-4],
    "behind": frame((b"hello", True)) + b"x",
    "too far back": frame((b"\x10a\x02\x00\x00", False)),
    "no distance": frame((b"\x10a\x00\x00\x00", False)),
    "not linked": frame((b"abcd", True), (b"\x00\x04\x00\x00", False)),
    "text missing": frame((b"\x50hel", False)),
    "length missing": frame((b"\xf0\xff", False)),
    "offset missing": frame((b"\x10a\x01", False)),
    "huge block": frame((b"x" * 70_000, True)),
    "huge run": frame((b"\x1fa\x01\x00" + b"\xff" * 600 + b"\x00", False)),
    "dictionary": frame(flags=0x61),
    "version": frame(flags=0x20),
    "unknown size": frame(size=0x00),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_lz4_says_so(case):
    """Copies from nowhere, blocks over their size and missing ends are refused."""
    with opened(BROKEN[case]) as stream, pytest.raises(BadContent, match="broken"):
        stream.read(1 << 30)
