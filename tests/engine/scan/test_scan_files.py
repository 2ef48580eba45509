"""Files as they come: encodings, archives, huge lines; hits counted once, nothing left out silently."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import resource

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readiness.engine.scan import scan_run
from readiness.engine.scan.blocks import OVERLAP, blocks
from readiness.engine.scan.finder import find
from readiness.engine.scan.text import PIECE
from readiness.engine.scan.values import MOST_HITS, Tally

LINE = '{"mail": "jane.doe@corp.io"}\r\n'


@pytest.mark.parametrize(
    "content",
    [
        LINE.encode(),
        codecs.BOM_UTF8 + LINE.encode(),
        codecs.BOM_UTF16_LE + LINE.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + LINE.encode("utf-16-be"),
        codecs.BOM_UTF32_LE + LINE.encode("utf-32-le"),
        LINE.encode().replace(b"mail", b"m\xe4il"),
        gzip.compress(LINE.encode()),
        bz2.compress(LINE.encode()),
        lzma.compress(LINE.encode()),
        gzip.compress(codecs.BOM_UTF16_LE + LINE.encode("utf-16-le")),
        gzip.compress(b"x\n") + gzip.compress(LINE.encode()),
        bz2.compress(b"x\n") + bz2.compress(LINE.encode()),
        lzma.compress(b"x\n") + lzma.compress(LINE.encode()),
        gzip.compress(b"x" * 5 * PIECE + b"\n" + LINE.encode() + b"y\n" * PIECE, mtime=0) + bytes(512),
    ],
    ids=[
        "utf-8",
        "bom",
        "16le",
        "16be",
        "32",
        "latin-1",
        "gz",
        "bz2",
        "xz",
        "gz of 16",
        "two members",
        "two bz2",
        "two xz",
        "long",
    ],
)
def test_encodings(run, content):
    """The same address in every encoding and packing, on its line."""
    found = scan_run(run({"d.jsonl": content}), ["d.jsonl"])
    assert found.by_type == {"email": 1}
    assert found.skipped == {}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04" + bytes(30), "zip"),
        (b"PAR1" + bytes(30), "Parquet"),
        (b"a\0b\n" + LINE.encode(), "binary"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "LFS pointer"),
        (gzip.compress(LINE.encode() * 5000)[:-12], "damaged gz"),
        (b"\x1f\x8b\x08" + b"nonsense", "damaged gz"),
        (b"BZh9nonsense", "damaged bz2"),
        (lzma.compress(LINE.encode())[:-9], "damaged xz"),
        (
            lzma.compress(LINE.encode() * 99, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]),
            "emory",
        ),
        (gzip.compress(LINE.encode()) + b"rubbish", "damaged gz"),
        (gzip.compress(b"PK\x03\x04" + bytes(30)), "zip"),
    ],
)
def test_skipped(run, content, why):
    """What cannot be read to its end is named with the reason, never taken for clean."""
    found = scan_run(run({"d": content}), ["d", "absent", "../out"])
    assert why in found.skipped["d"]
    assert set(found.skipped) == {"d", "absent", "../out"}
    assert found.files == 0


def test_damaged_archive_still_counts(run):
    """What was unpacked before the damage is looked at."""
    found = scan_run(run({"d.gz": gzip.compress(LINE.encode() * 50_000)[:-4]}), ["d.gz"])
    assert found.by_type["email"] > 45_000
    assert "damaged" in found.skipped["d.gz"]


def test_unpacking_is_bounded(run, monkeypatch):
    """A small archive of much text is looked at up to the limit, and the rest is named."""
    monkeypatch.setattr("readiness.engine.scan.text.MOST_UNPACKED", 10 * PIECE)
    found = scan_run(run({"d.gz": gzip.compress(b"a\n" * 50 * PIECE)}), ["d.gz"])
    assert "unpacks to more" in found.skipped["d.gz"]
    assert found.size == 0


def test_empty_and_repeated(run):
    """An empty file is looked at; a file named twice is looked at once."""
    found = scan_run(run({"e.csv": b"", "d.csv": LINE}), ["e.csv", "d.csv", "d.csv"])
    assert (found.files, found.size, found.by_type) == (2, len(LINE), {"email": 1})


def test_counts_beyond_what_is_kept(run):
    """All hits are counted, the first are kept, high ones first."""
    text = "8.8.4.44\n" * 300 + LINE * 500
    found = scan_run(run({"d.jsonl": text}), ["d.jsonl"])
    assert found.by_type == {"email": 500}
    assert len(found.hits) == MOST_HITS
    assert (found.hits[0].line, found.hits[0].severity) == (301, "high")


def test_long_lines_in_constant_memory():
    """A line of 300 MB is searched in little memory, its values counted once each."""
    filler = b"0.5234567890123456, " * 3277
    pieces = (filler + b'"a%07d@corp.io", ' % n if n % 10 == 0 else filler for n in range(4600))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tally = Tally()
    find("d.json", pieces, tally)
    assert tally.counts("high") == {"email": 460}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 3 * PIECE),
    st.integers(1, PIECE),
    st.sampled_from(["jane.doe@corp.io", "4111 1111 1111 1111", "(555) 223-4567", "AKIAZ7Q2M4K6X8C0V1B3"]),
    st.sampled_from([b"x", b"x,", b" 0.5", b"abc\n"]),
)
def test_cut_anywhere(before, size, value, filler):
    """Wherever a piece ends, a value across the cut is found, once, on its line."""
    space = (filler * (before // len(filler) + 1))[:before]
    text = space + b" ;" + value.encode() + b"; " + filler * PIECE
    tally = Tally()
    find("d", (text[n : n + size] for n in range(0, len(text), size)) if size > 999 else iter([text]), tally)
    assert sum(tally.counts("high").values()) == 1
    assert tally.hits()[0].line == 1 + space.count(b"\n")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=40).map(lambda b: b * 400), max_size=12))
def test_blocks_cover_everything_once(parts):
    """The ranges of the blocks are the text, without a gap and without a byte twice."""
    made = list(blocks(iter(parts)))
    assert b"".join(b.data[b.low : b.high] for b in made) == b"".join(parts)
    assert all(len(b.data) <= 16_000 + 6 * OVERLAP for b in made)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.emails(),
        st.from_regex(r"\+[1-9][0-9]{2} [0-9]{3} [0-9]{3} [0-9]{4}", fullmatch=True),
        st.from_regex(r'password = "[!-~]{3,40}"', fullmatch=True),
        st.from_regex(r"AKIA[A-Z0-9]{16}", fullmatch=True),
        st.from_regex(r"ghp_[A-Za-z0-9]{36}", fullmatch=True),
        st.from_regex(r"postgres://[a-z]{1,9}:[A-Za-z0-9]{1,20}@[a-z]{1,9}\.io", fullmatch=True),
        st.from_regex(r"api_key=[A-Za-z0-9]{16,40}", fullmatch=True),
    )
)
def test_previews_never_show_the_value(text):
    """No five characters of the value stand in a preview, but for a public prefix."""
    tally = Tally()
    find("d", iter([text.encode()]), tally)
    for hit in tally.hits():
        shown = hit.preview.removeprefix("postgres://")
        secret = text.removeprefix('password = "').removeprefix("api_key=").removeprefix("postgres://")
        pieces = {secret[n : n + 5] for n in range(len(secret) - 4)}
        assert not any(piece in shown for piece in pieces)
        assert len(shown) <= 12
