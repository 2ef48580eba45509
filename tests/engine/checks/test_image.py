"""`image`: a picture is decoded whole, in the limited child."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from readiness.engine.image_task import FORMATS

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"/>'


def picture(width=64, height=48, kind="PNG"):
    """The bytes of a picture with some structure."""
    image = Image.new("RGB", (width, height))
    image.putdata([(x * 7 % 256, y * 5 % 256, 9) for y in range(height) for x in range(width)])
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def chunk(name, data):
    """One PNG chunk with a true checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def declared(width, height, extra=b""):
    """A PNG that declares a size and holds next to nothing."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + extra
        + chunk(b"IDAT", zlib.compress(b"\0" * 99))
        + chunk(b"IEND", b"")
    )


BOMB_OF_TEXT = chunk(b"zTXt", b"note\0\0" + zlib.compress(b"\0" * 200_000_000, 9))


@pytest.mark.parametrize("kind", FORMATS)
def test_formats(finding, kind):
    """Each format that browsers show, measured."""
    found = finding("image", "a.img", {"a.img": picture(kind=kind)})
    assert found.outcome == "PASS"
    assert found.message.startswith(f"a.img · {kind}, 64 × 48 px, ")
    assert [m.value for m in found.measurements] == [64, 48]


@pytest.mark.parametrize(
    ("content", "params", "words"),
    [
        (picture(20, 48), {}, "a.png · PNG, 20 × 48 px"),
        (picture(64, 20), {}, "64 × 20 px"),
        (picture(), {"min_width": 65}, "64 × 48 px"),
        (b"", {}, "a.png is empty"),
        (picture()[:-40], {}, "cannot be decoded"),
        (picture()[:60], {}, "cannot be decoded"),
        (picture(kind="JPEG")[:-200], {}, "cannot be decoded"),
        (picture()[:8], {}, "no picture"),
        (b"not a picture", {}, "no picture"),
        (SVG, {}, "no picture"),
        (picture(kind="BMP"), {}, "no picture"),
        (picture().replace(b"IDAT", b"IDAX"), {}, "a.png"),
        (declared(60_000, 60_000), {}, "exceeds limit"),
        (declared(13_000, 13_000), {}, "exceeds limit"),
        (declared(64, 64, BOMB_OF_TEXT), {}, "cannot be decoded"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1\n", {}, "git lfs pull"),
    ],
    ids=[
        "narrow", "low", "limit", "empty", "cut", "cut early", "cut jpeg", "signature", "text", "svg", "bmp",
        "renamed chunk", "bomb", "large", "text bomb", "pointer",
    ],
)  # fmt: skip
def test_fails(finding, content, params, words):
    """Too small, cut off, no picture, bombs: each FAILs by name."""
    found = finding("image", {"file": "a.png"} | params, {"a.png": content})
    assert found.outcome == "FAIL"
    assert words in f"{found.message} {found.advice}"


def test_too_small_says_what_is_needed(finding):
    """Observed against expected."""
    found = finding("image", {"file": "a.png", "min_width": 200}, {"a.png": picture()})
    assert found.message.endswith("; width needs ≥ 200 px")


@pytest.mark.parametrize("at", [16, 20, 24, 25, 26, 29, 41, 60])
def test_damaged_bytes(finding, at):
    """Every damaged header is judged or refused by name, and never breaks the check."""
    good = picture()
    found = finding("image", "a.png", {"a.png": good[:at] + b"\xff\xff\xff" + good[at + 3 :]})
    assert found.outcome == "FAIL"
    assert found.details["problem"] == "BadContent"


def test_absent(finding):
    """Missing for a mandatory item, skipped for the others."""
    assert finding("image", "a.png", {}).outcome == "FAIL"
    assert finding("image", "a.png", {}, required=False).outcome == "SKIP"
