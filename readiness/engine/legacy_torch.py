"""PyTorch's format from before version 1.6: five pickles in a row, then the storages' bytes.

Magic number, protocol version, system, the object, the list of storage keys; behind them each storage as an
8-byte count of its elements and the elements. Storages are measured, never read.
"""

from __future__ import annotations

import io
import os
import struct
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.pickle_globals import Dtype, Global, Pairs, Storage
from readiness.engine.pickle_reader import MAX_PICKLE, Rules, Unverified, read_one
from readiness.engine.target import OpenFile

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
_MAGIC_BYTES = MAGIC.to_bytes(10, "little")
_AGAIN = "Save it again with torch.save, and copy it whole."


def is_legacy(head: bytes) -> bool:
    """Whether a file that begins so was written by torch.save in the old format, in any pickle protocol."""
    text = str(MAGIC).encode()
    return _MAGIC_BYTES in head[:24] or head.startswith((b"L" + text, b"\x80\x01L" + text))


def refuse_tar(file: OpenFile) -> None:
    """Raise BadContent for the tar form of PyTorch 0.1 (2016 to 2017), which is too old to be verified.

    PyTorch tries this form before all others but zip, and the first block of any file can be made a valid
    one: then it would load another pickle than the one that was looked at.
    """
    import tarfile  # slow to import, and most files are zip

    try:
        tarfile.TarInfo.frombuf(os.pread(file.fd, tarfile.BLOCKSIZE, 0), "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        tar = os.pread(file.fd, 5, 257) == b"ustar"
    else:
        tar = True
    if tar:
        raise BadContent(
            f"{file.path} is a tar archive: PyTorch 0.1 wrote such files, which is too old. Not verified.",
            "Load it where it is trusted and save it with torch.save of PyTorch 1.6 or newer.",
        )


def read_legacy(file: OpenFile) -> Any:
    """The described object. Raises BadContent (cut off, lacking or doubled storages, bytes behind the end),
    Unverified (a global that is not on the list, a whole model), LimitExceeded.
    """
    stream = io.BytesIO(os.pread(file.fd, MAX_PICKLE, 0))
    storages = _Storages(file.path)
    rules = Rules(persistent=storages.find)
    magic, version, system = (read_one(stream, file.path, rules) for _ in range(3))
    if magic != MAGIC or version != VERSION:
        raise BadContent(f"{file.path} is not a PyTorch file of a known version: not verified.", _AGAIN)
    if not isinstance(system, Pairs) or system.named().get("little_endian") is not True:
        raise BadContent(f"{file.path} was not written on a little-endian machine: not verified.", _AGAIN)
    value = read_one(stream, file.path, rules)
    keys = read_one(stream, file.path, rules)
    _measure(file, storages.known, keys, stream.tell())
    return value


class _Storages:
    """The storages that the pickle names, by key; the same key must mean the same storage."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.known: dict[str, Storage] = {}

    def find(self, pid: Any) -> Storage | None:
        """What ("storage", type, key, location, count, view) stands for; a whole model is refused by name."""
        match pid:
            case ("module", Global() as cls, *_):
                raise Unverified(
                    f"{self.path} is not verified: it holds a whole model ({str(cls)[:120]!r}).",
                    "Save plain data: torch.save({'model_state_dict': model.state_dict()}, path).",
                )
            case ("storage", Global(makes=Dtype() as dtype), str(key), str(), int(count), None) if (
                0 <= count < 1 << 48 and not isinstance(count, bool)
            ):
                storage = self.known.setdefault(key, Storage(key, dtype, count))
                return storage if (storage.dtype, storage.count) == (dtype, count) else None
        return None


def _measure(file: OpenFile, known: dict[str, Storage], keys: Any, start: int) -> None:
    listed = keys if isinstance(keys, list) and all(isinstance(key, str) for key in keys) else []
    if len(set(listed)) != len(listed) or set(listed) != set(known):
        raise BadContent(
            f"{file.path} lists {len(listed)} storages, its tensors need {len(known)} others or more.", _AGAIN
        )
    for key in listed:
        head = os.pread(file.fd, 8, start)
        storage = known[key]
        if len(head) < 8 or start + 8 + storage.bytes > file.size:
            raise BadContent(
                f"{file.path} is cut off: storage {key[:40]} needs {storage.bytes} bytes, "
                f"{max(file.size - start - 8, 0)} are left.",
                _AGAIN,
            )
        if struct.unpack("<q", head)[0] != storage.count:
            raise BadContent(f"{file.path} contradicts itself about the size of storage {key[:40]}.", _AGAIN)
        start += 8 + storage.bytes
    if start != file.size:
        raise BadContent(f"{file.path} has {file.size - start} bytes behind its last storage.", _AGAIN)
