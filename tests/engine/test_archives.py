"""Archives: what usual tools pack comes out the same; whatever is hostile is refused by name."""

from __future__ import annotations

import io
import os
import shutil
import stat
import struct
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.engine import archives
from readiness.engine.archives import ArchiveRefused

FILES = {
    "model.bin": b"weights" * 1000,
    "deep/er/metrics.json": b"{}",
    "empty": b"",
    "naïve/ü.txt": "ä".encode(),
    "long/" + "n" * 150: b"1",
    "xgb.json": b"begins like zlib",
}
GB = 1 << 30


def unpack(data: bytes, most: int = GB) -> dict[str, bytes]:
    """Every file of an archive."""
    with open_bytes(data) as fd:
        return {one.path: b"".join(one.chunks) for one in archives.read(fd, "run.zip", most=most)}


class open_bytes:
    """The descriptor of a file with these bytes."""

    def __init__(self, data: bytes) -> None:
        self.fd = os.memfd_create("archive")
        os.write(self.fd, data)

    def __enter__(self) -> int:
        return self.fd

    def __exit__(self, *details: object) -> None:
        os.close(self.fd)


def tar(*entries: tuple[str, bytes] | tarfile.TarInfo, mode: str = "w", form=tarfile.PAX_FORMAT) -> bytes:
    """A tar of names with bytes, or of raw entries."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=form) as made:  # type: ignore[call-overload]
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                made.addfile(entry, io.BytesIO(b"\0" * entry.size))
                continue
            info = tarfile.TarInfo(entry[0])
            info.size = len(entry[1])
            made.addfile(info, io.BytesIO(entry[1]))
    return out.getvalue()


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of names with bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, data in entries:
            made.writestr(name, data)
    return out.getvalue()


def odd(name: str, kind: bytes, **more: object) -> tarfile.TarInfo:
    """A tar entry of some kind."""
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in more.items():
        setattr(info, key, value)
    return info


def zip_mode(name: str, mode: int) -> zipfile.ZipInfo:
    """A zip entry with a Unix mode."""
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


GOOD = {
    "tar-pax": tar(*FILES.items()),
    "tar-gnu": tar(*FILES.items(), form=tarfile.GNU_FORMAT),
    "tar-dot": tar(*((f"./{name}", data) for name, data in FILES.items())),
    "tar-gz": tar(*FILES.items(), mode="w:gz"),
    "tar-bz2": tar(*FILES.items(), mode="w:bz2"),
    "tar-xz": tar(*FILES.items(), mode="w:xz"),
    "zip": zipped(*FILES.items()),
    "zip-stored": zipped(*FILES.items(), method=zipfile.ZIP_STORED),
}


@pytest.mark.parametrize("name", GOOD)
def test_usual_archives(name):
    """Each usual form gives the files back, byte for byte."""
    assert unpack(GOOD[name]) == FILES


@pytest.mark.parametrize("command", [["tar", "-cf"], ["tar", "-czf"], ["zip", "-qr"]])
def test_tools_of_the_machine(tmp_path, command):
    """What tar and zip themselves write of a directory is understood."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    root = tmp_path / "run"
    for name, data in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    subprocess.run([*command, str(tmp_path / "made"), "."], cwd=root, check=True)
    made = next(path for path in tmp_path.iterdir() if path.name.startswith("made"))
    assert unpack(made.read_bytes()) == FILES


ESCAPES = [
    "../evil",
    "a/../../evil",
    "/etc/passwd",
    "a/./b",
    "a//b",
    "C:\\x",
    "a\\b",
    "e\u0301",
    "a\u202eb",
    "a\nb",
]


@pytest.mark.parametrize("name", ESCAPES, ids=ascii)
@pytest.mark.parametrize("pack", [tar, zipped])
def test_names_that_are_refused(name, pack):
    """Names that leave, are absolute, hide something or mean two things are refused, and named."""
    with pytest.raises(ArchiveRefused, match="In the archive"):
        unpack(pack(("good", b"1"), (name, b"2")))


def with_bytes(data: bytes, old: bytes, new: bytes) -> bytes:
    """The archive with one text exchanged for another of the same length, wherever it stands."""
    assert len(old) == len(new)
    assert old in data
    return data.replace(old, new)


def flagged(data: bytes) -> bytes:
    """A zip whose member says that it is encrypted."""
    local, central = data.index(b"PK\x03\x04"), data.index(b"PK\x01\x02")
    out = bytearray(data)
    out[local + 6] |= 1
    out[central + 8] |= 1
    return bytes(out)


def lying_size(data: bytes, size: int) -> bytes:
    """A zip whose headers claim another unpacked size."""
    out = bytearray(data)
    struct.pack_into("<I", out, data.index(b"PK\x03\x04") + 22, size)
    struct.pack_into("<I", out, data.index(b"PK\x01\x02") + 24, size)
    return bytes(out)


def overlapping() -> bytes:
    """A zip whose second directory entry leads to the first member's bytes."""
    data = zipped(("aaaa", b"0" * 1000), ("bbbb", b"1" * 1000))
    central = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", central + 4)
    out = bytearray(data)
    struct.pack_into("<I", out, second + 42, 0)
    return bytes(out)


def negative_size() -> bytes:
    """A tar whose size field is a negative binary number."""
    out = bytearray(tar(("a", b"")))
    out[124:136] = b"\xff" * 12
    return rechecked(out)


def rechecked(block: bytearray) -> bytes:
    """The tar with its first header's checksum made right."""
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    return bytes(block)


def claimed(size: int) -> bytes:
    """A tar whose first entry claims more bytes than there are."""
    out = bytearray(tar(("a", b"12")))
    out[124:136] = b"%011o\0" % size
    return rechecked(out)


def pax_bomb() -> bytes:
    """A pax header that claims a gigabyte."""
    out = bytearray(tar(odd("a", b"x")))
    out[124:136] = b"%011o\0" % GB
    return rechecked(out)


BOMB = zipped(("zeros", b"\0" * 80_000_000))
HOSTILE = {
    "tar link": (tar(odd("l", tarfile.SYMTYPE, linkname="/etc/passwd")), "'l' is a link"),
    "tar link inside": (tar(("a", b"1"), odd("l", tarfile.SYMTYPE, linkname="a")), "'l' is a link"),
    "tar hard link": (tar(("a", b"1"), odd("h", tarfile.LNKTYPE, linkname="a")), "'h' is a hard link"),
    "tar device": (tar(odd("d", tarfile.CHRTYPE, devmajor=1)), "'d' is a device"),
    "tar block": (tar(odd("d", tarfile.BLKTYPE)), "'d' is a device"),
    "tar pipe": (tar(odd("p", tarfile.FIFOTYPE)), "'p' is a pipe"),
    "tar sparse": (tar(odd("s", tarfile.GNUTYPE_SPARSE)), "'s' is a sparse file"),
    "tar pax sparse": (tar(odd("s", tarfile.REGTYPE, pax_headers={"GNU.sparse.major": "1"})), "sparse"),
    "tar unknown kind": (tar(odd("u", b"Z")), "unknown kind"),
    "tar folder that leaves": (tar(odd("../d", tarfile.DIRTYPE), ("a", b"1")), "'../d'"),
    "tar twice": (tar(("a", b"1"), ("a", b"2")), "'a' is there twice"),
    "tar twice by dot": (tar(("a", b"1"), ("./a", b"2")), "'a' is there twice"),
    "tar not utf-8": (tar(("a\udcffb", b"1"), form=tarfile.GNU_FORMAT), "is not UTF-8"),
    "tar cut": (tar(("a", b"1" * 5000))[:2000], "cut off"),
    "tar without end": (tar(("a", b"1"))[:1024], "cut off"),
    "tar more behind": (tar(("a", b"1")) + b"x" * 512, "behind its end"),
    "tar size": (claimed(10**6), "cut off"),
    "tar negative": (negative_size(), "negative"),
    "tar pax bomb": (pax_bomb(), "a header has more than"),
    "tar gz cut": (GOOD["tar-gz"][:-40], "cut off or broken"),
    "tar gz damaged": (with_bytes(GOOD["tar-gz"], GOOD["tar-gz"][60:70], b"0123456789"), "broken"),
    "tar gz bomb": (tar(("zeros", b"\0" * 80_000_000), mode="w:gz"), "unpacks to more than"),
    "zip link": (zipped((zip_mode("l", stat.S_IFLNK | 0o777), b"/etc/passwd")), "'l' is a link"),
    "zip device": (zipped((zip_mode("d", stat.S_IFCHR), b"")), "'d' is a device"),
    "zip encrypted": (flagged(zipped(("a", b"1" * 99))), "encrypted"),
    "zip bomb": (BOMB, "unpacks to more than"),
    "zip that unpacks to more": (lying_size(zipped(("a", b"1" * 5000)), 10), "more bytes than"),
    "zip that unpacks to less": (lying_size(zipped(("a", b"1" * 50)), 60), "fewer bytes than"),
    "zip overlap": (overlapping(), "overlap|disagree|twice"),
    "zip cut": (GOOD["zip"][:-30], "cut off"),
    "zip behind": (GOOD["zip"] + b"\0" * 30, "cut off"),
    "zip damaged": (with_bytes(GOOD["zip-stored"], b"weightsweights", b"weightsWEIGHTS"), "damaged"),
    "zip names disagree": (GOOD["zip"].replace(b"empty", b"EMPTY", 1), "disagree"),
    "zip bzip2": (zipped(("a", b"1" * 999), method=zipfile.ZIP_BZIP2), "unusual"),
    "zip folder with content": (zipped(("d/", b"x")), "folder with content"),
    "empty zip": (zipped(), "holds no files"),
    "empty tar": (tar(), "no zip archive and no tar|holds no files"),
    "only folders": (tar(odd("d", tarfile.DIRTYPE)), "holds no files"),
    "nothing": (b"", "no zip archive and no tar"),
    "text": (b"hello" * 500, "no zip archive and no tar"),
    "gzip of text": (__import__("gzip").compress(b"hello" * 500), "damaged|cut off"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(name):
    """Each is refused with words that say what is wrong; none is a crash."""
    data, words = HOSTILE[name]
    with pytest.raises(ArchiveRefused, match=words):
        unpack(data)


def test_zip_twice():
    """A name that is in a zip twice is refused."""
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped(("a", b"1"), ("a", b"2"))
    with pytest.raises(ArchiveRefused, match="twice"):
        unpack(data)


def test_total_is_limited():
    """The announced sizes are added up before any byte of the file that goes over is read."""
    data = zipped(("a", os.urandom(600)), ("b", os.urandom(600)))
    assert len(unpack(data, most=1200)) == 2
    with pytest.raises(ArchiveRefused, match=r"\(b goes over it\)"):
        unpack(data, most=1199)


@given(st.data())
def test_damage_never_crashes(data):
    """Any byte of a good archive changed or cut: the same files, other bytes, or a refusal; never a crash."""
    whole = bytearray(GOOD[data.draw(st.sampled_from(sorted(GOOD)))])
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        whole[place] = data.draw(st.integers(0, 255))
    else:
        del whole[place:]
    try:
        found = unpack(bytes(whole))
    except ArchiveRefused:
        return
    assert all(not path.startswith("/") and ".." not in Path(path).parts for path in found)
