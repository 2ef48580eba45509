"""What may lie where a file is expected: nothing, rubbish, bombs, traps, links; each made by a function."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import random
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

Maker = Callable[[Path, bytes], object]
CANARY = "canary-was-written"


class _Payload:
    """Unpickled, it writes a file: proof that something was executed."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self):
        return (os.system, (f"touch {self.canary}",))


def _bytes(content: bytes) -> Maker:
    return lambda path, good: path.write_bytes(content)


def _of(change: Callable[[bytes], bytes]) -> Maker:
    return lambda path, good: path.write_bytes(change(good))


def _pickle(path: Path, good: bytes) -> None:
    path.write_bytes(pickle.dumps(_Payload(path.parent / CANARY)))


def _torch_zip(path: Path, good: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(_Payload(path.parent / CANARY), protocol=2))
        archive.writestr("archive/version", "3\n")


def _zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\0" * (200 << 20))
    return out.getvalue()


def _missing(path: Path, good: bytes) -> None:
    path.unlink(missing_ok=True)


def _directory(path: Path, good: bytes) -> None:
    path.mkdir()


def _link_out(path: Path, good: bytes) -> None:
    target = _outside(path) / path.name
    target.write_bytes(good)
    path.symlink_to(target)


def _outside(path: Path) -> Path:
    """A folder beside the run directory, whose root holds the marker that the test wrote."""
    root = next(parent for parent in path.parents if parent.name == "run")
    folder = root.parent / "outside"
    folder.mkdir(exist_ok=True)
    return folder


def _folder_link_out(path: Path, good: bytes) -> None:
    """The file's own folder becomes a link to one outside that holds the good file."""
    root = next(parent for parent in path.parents if parent.name == "run")
    if path.parent == root:
        _link_out(path, good)
        return
    target = _outside(path) / "folder"
    path.parent.rename(target)
    (target / path.name).write_bytes(good)
    path.parent.symlink_to(target)


def _loop(path: Path, good: bytes) -> None:
    path.symlink_to(path.name)


def _dangling(path: Path, good: bytes) -> None:
    path.symlink_to("nothing-there")


def _device(path: Path, good: bytes) -> None:
    path.symlink_to("/dev/zero")


def _fifo(path: Path, good: bytes) -> None:
    os.mkfifo(path)


def _socket(path: Path, good: bytes) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may have about 100 bytes
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def _hard_link(path: Path, good: bytes) -> None:
    target = _outside(path) / "hard"
    target.write_bytes(good)
    os.link(target, path)


def _sparse(path: Path, good: bytes) -> None:
    with path.open("wb") as file:
        file.truncate(100 << 20)


_XML_BOMB = (
    "<!DOCTYPE t [<!ENTITY a 'aaaaaaaaaa'>"
    + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9))
    + "]><testsuite>&j;</testsuite>"
)
_YAML_BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
_LOGIN = "<!doctype html><html><head><title>Sign in</title></head><body><form>Password</form></body></html>"
_LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "4d" * 32 + "\nsize 12345\n"
_CONFLICT = b"<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n"

# Never a pass, whatever the kind.
HOSTILE: dict[str, Maker] = {
    "nothing": _missing,
    "an empty file": _bytes(b""),
    "blank lines": _bytes(b" \n\t\r\n \n"),
    "one byte": _bytes(b"\x00"),
    "zeros": _bytes(bytes(4096)),
    "a byte order mark alone": _bytes(b"\xef\xbb\xbf"),
    "random bytes": _bytes(random.Random(7).randbytes(5000)),
    "Latin-1": _bytes("Prüfung: bestanden, größer als erwartet\n".encode("latin-1")),
    "UTF-16 without a mark": _bytes("accuracy: 0.9\n".encode("utf-16-le")),
    "a lone surrogate": _bytes(b'{"a": "\\ud800", "b": "\xed\xa0\x80"}'),
    "the word null": _bytes(b"null"),
    "an empty list": _bytes(b"[]"),
    "an empty object": _bytes(b"{}"),
    "a string": _bytes(b'"PASS"'),
    "the word true": _bytes(b"true"),
    "a huge number": _bytes(b"1" * 10_000),
    "infinity": _bytes(b'{"test": {"accuracy": 1e999}, "value": Infinity}'),
    "twice the same key": _bytes(b'{"test": {"accuracy": 0.1}, "test": {"accuracy": 0.99}}'),
    "lists in lists": _bytes(b"[" * 100_000),
    "objects in objects": _bytes(b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "mappings in mappings": _bytes(b"{a: " * 5_000),
    "aliases of aliases": _bytes(_YAML_BOMB.encode()),
    "a YAML object": _bytes(b"!!python/object/apply:os.system ['touch canary-was-written']\n"),
    "entities of entities": _bytes(_XML_BOMB.encode()),
    "an entity from a file": _bytes(
        b"<!DOCTYPE t [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><testsuite tests='9'>&x;</testsuite>"
    ),
    "tags in tags": _bytes(b"<testsuite>" * 60_000),
    "a line of 3 MB": _bytes(b"x" * (3 << 20)),
    "a sign-in page": _bytes(_LOGIN.encode()),
    "a Git LFS pointer": _bytes(_LFS.encode()),
    "a merge conflict": _bytes(_CONFLICT),
    "gzip": _of(gzip.compress),
    "a zip bomb": _bytes(_zip_bomb()),
    "a pickle that runs a program": _pickle,
    "a checkpoint that runs a program": _torch_zip,
    "the first half": _of(lambda good: good[: len(good) // 2]),
    "the second half": _of(lambda good: good[len(good) // 2 + 1 :]),
    "100 MB of nothing": _sparse,
    "a folder": _directory,
    "a link that leaves": _link_out,
    "a folder that is a link that leaves": _folder_link_out,
    "a link to itself": _loop,
    "a link to nothing": _dangling,
    "a link to a device": _device,
    "a pipe": _fifo,
    "a socket": _socket,
    "a second name of a file outside": _hard_link,
}

# Those that are text, or packed text, in which nothing is secret.
PLAIN_TEXTS = (
    "an empty file", "blank lines", "a byte order mark alone", "Latin-1", "a lone surrogate", "the word null",
    "an empty list", "an empty object", "a string", "the word true", "a huge number", "infinity",
    "twice the same key", "lists in lists", "objects in objects", "mappings in mappings",
    "aliases of aliases", "a YAML object", "entities of entities", "an entity from a file", "tags in tags",
    "a line of 3 MB", "a sign-in page", "a merge conflict", "gzip", "the first half", "the second half",
)  # fmt: skip

# Odd, and still the same text: the outcome stays.
ODD: dict[str, Callable[[bytes], bytes]] = {
    "a byte order mark in front": lambda good: b"\xef\xbb\xbf" + good,
    "UTF-16 with its mark": lambda good: good.decode().encode("utf-16"),
    "line ends of Windows": lambda good: good.replace(b"\n", b"\r\n"),
}
