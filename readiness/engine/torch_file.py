"""Reads PyTorch's files without PyTorch: what a checkpoint holds, and whether all of it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.pickle_globals import Pairs, Storage, Tensor
from readiness.engine.pickle_reader import MAX_PICKLE, read_pickle
from readiness.engine.sizes import size_words
from readiness.engine.target import OpenFile
from readiness.engine.zip_directory import Member, read_members

_TORCHSCRIPT = ("__torch__", "torch.jit")


@dataclass(frozen=True, slots=True)
class TorchFile:
    """A PyTorch archive: the described value of its `data.pkl`, its members, whether it is TorchScript."""

    value: Any
    members: dict[str, Member]
    torchscript: bool

    @property
    def entries(self) -> dict[str, Any]:
        """The top-level dictionary's text keys and values; empty when the file holds something else."""
        return self.value.named() if isinstance(self.value, Pairs) else {}


def read_torch_file(file: OpenFile) -> TorchFile:
    """Inspect a file written by torch.save or torch.jit.save. Tensor bytes are never read.

    Raises BadContent (empty, cut off, another format, legacy format, broken, lacking tensor bytes),
    Unverified for a pickle that names something unknown, LimitExceeded.
    """
    _refuse_other_formats(file)
    members = read_members(file)
    prefix = _prefix(file, members)
    torchscript = f"{prefix}/constants.pkl" in members and any(m.startswith(f"{prefix}/code/") for m in members)
    pickle = members[f"{prefix}/data.pkl"]
    if pickle.size > MAX_PICKLE:
        raise LimitExceeded(
            f"{file.path} has a pickle of {size_words(pickle.size)}; at most {size_words(MAX_PICKLE)} are read.",
            "Save tensors, not Python objects.",
        )
    data = os.pread(file.fd, pickle.size, pickle.start)
    value = read_pickle(data, file.path, foreign=_TORCHSCRIPT if torchscript else ())
    for tensor in tensors(value):
        _complete(file, tensor, members.get(f"{prefix}/data/{tensor.storage.key}"))
    return TorchFile(value, members, torchscript)


def tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor beneath a described value; shared containers are visited once."""
    seen: set[int] = set()
    open_: list[Any] = [value]
    while open_:
        here = open_.pop()
        if isinstance(here, Tensor):
            yield here
        if not isinstance(here, Pairs | list | tuple) or id(here) in seen:
            continue
        seen.add(id(here))
        open_.extend((v for _, v in reversed(here.items)) if isinstance(here, Pairs) else reversed(here))


def _refuse_other_formats(file: OpenFile) -> None:
    head = os.pread(file.fd, 64, 0)
    if not head:
        raise BadContent(f"{file.path} is empty (0 bytes).", "Save the checkpoint again.")
    if head.startswith(b"PK\x03\x04"):
        return
    if head.startswith(b"version https://git-lfs"):
        raise BadContent(f"{file.path} is a Git LFS pointer, not the file itself.", "Run: git lfs pull.")
    if head.startswith((b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        raise BadContent(
            f"{file.path} is a bare pickle (PyTorch's legacy format, or not PyTorch at all): not verified.",
            "Load it where it is trusted and save it with torch.save of PyTorch 1.6 or newer.",
        )
    if not head.strip(b"\0"):
        raise BadContent(
            f"{file.path} begins with zeros: it was probably never written to its end.", "Save it again."
        )
    raise BadContent(
        f"{file.path} is not a PyTorch file: it begins with {head[:8].hex(' ')}.",
        "Name a file written by torch.save.",
    )


def _prefix(file: OpenFile, members: dict[str, Member]) -> str:
    prefixes = {name.partition("/")[0] for name in members}
    if len(prefixes) != 1 or f"{next(iter(prefixes))}/data.pkl" not in members:
        raise BadContent(
            f"{file.path} is a zip archive, but not one of PyTorch's: it has no data.pkl in one folder.",
            "Name a file written by torch.save or torch.jit.save.",
        )
    return prefixes.pop()


def _complete(file: OpenFile, tensor: Tensor, member: Member | None) -> None:
    storage: Storage = tensor.storage
    found = size_words(member.size) if member else "nothing"
    if member is None or member.size != storage.bytes:
        raise BadContent(
            f"{file.path} lacks tensor data: storage {storage.key[:40]} needs {size_words(storage.bytes)}, "
            f"the archive holds {found}.",
            "Save or copy the checkpoint again.",
        )
    if tensor.last_byte > storage.bytes:
        raise BadContent(
            f"{file.path} has a tensor that reaches beyond its storage {storage.key[:40]}.",
            "Save the checkpoint again.",
        )
