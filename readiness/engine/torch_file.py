"""Reads PyTorch's files without PyTorch: what a checkpoint holds, and whether all of it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.legacy_torch import is_legacy, read_legacy, refuse_tar
from readiness.engine.pickle_globals import Opaque, Pairs, Storage, Tensor
from readiness.engine.pickle_reader import MAX_PICKLE, read_pickle
from readiness.engine.readers.lfs import refuse_pointer
from readiness.engine.sizes import size_words
from readiness.engine.target import OpenFile
from readiness.engine.zip_directory import Member, read_members

_TORCHSCRIPT = ("__torch__", "torch.jit")


@dataclass(frozen=True, slots=True)
class TorchFile:
    """A PyTorch file: the described object, the archive's members (none in the old form).

    `form`: "zip" (PyTorch 1.6 and newer) or "legacy".
    """

    value: Any
    members: dict[str, Member]
    torchscript: bool
    form: str = "zip"

    @property
    def entries(self) -> dict[str, Any]:
        """The top-level dictionary's text keys and values; empty when the file holds something else."""
        return self.value.named() if isinstance(self.value, Pairs) else {}


def read_torch_file(file: OpenFile) -> TorchFile:
    """Inspect a file written by torch.save or torch.jit.save. Tensor bytes are never read.

    Raises BadContent (empty, cut off, a Git LFS pointer, another format, broken, lacking tensor bytes),
    Unverified for a pickle that names something unknown, LimitExceeded.
    """
    refuse_pointer(file)
    if is_legacy(os.pread(file.fd, 64, 0)):
        refuse_tar(file)
        value = read_legacy(file)
        for tensor in tensors(value):
            _reach(file, tensor)
        return TorchFile(value, {}, torchscript=False, form="legacy")
    _refuse_other_formats(file)
    members = read_members(file)
    prefix = _prefix(file, members)
    code = any(name.startswith(f"{prefix}/code/") for name in members)
    torchscript = code and f"{prefix}/constants.pkl" in members
    value = _described(file, members, prefix, torchscript)
    for tensor in tensors(value):
        _complete(file, tensor, members.get(f"{prefix}/data/{tensor.storage.key}"))
    if torchscript:
        constants = _described(file, members, prefix, torchscript, "constants")
        for tensor in tensors(constants):
            _complete(file, tensor, members.get(f"{prefix}/constants/{tensor.storage.key}"))
        value = [value, constants]
    return TorchFile(value, members, torchscript)


def _described(
    file: OpenFile,
    members: dict[str, Member],
    prefix: str,
    torchscript: bool,  # noqa: FBT001
    name: str = "data",
) -> Any:
    pickle = members[f"{prefix}/{name}.pkl"]
    packed = [name for name, m in members.items() if not m.stored and not name.startswith(f"{prefix}/code/")]
    if packed:
        raise BadContent(
            f"{file.path} was repacked: {packed[0][:80]} is compressed, which PyTorch does not do.",
            "Save it again with torch.save or torch.jit.save.",
        )
    if pickle.size > MAX_PICKLE:
        raise LimitExceeded(
            f"{file.path} has a pickle of {size_words(pickle.size)}; {size_words(MAX_PICKLE)} are read.",
            "Save tensors, not Python objects.",
        )
    data = os.pread(file.fd, pickle.size, pickle.start)
    return read_pickle(data, file.path, foreign=_TORCHSCRIPT if torchscript else ())


def tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor beneath a described value; shared containers are visited once."""
    seen: set[int] = set()
    open_: list[Any] = [value]
    while open_:
        here = open_.pop()
        if isinstance(here, Tensor):
            yield here
        if not isinstance(here, Pairs | Opaque | list | tuple) or id(here) in seen:
            continue
        seen.add(id(here))
        open_.extend(reversed(_inside(here)))


def _inside(value: Pairs | Opaque | list[Any] | tuple[Any, ...]) -> Sequence[Any]:
    if isinstance(value, Pairs):
        return [held for _, held in value.items]
    return [value.state] if isinstance(value, Opaque) else value


def _refuse_other_formats(file: OpenFile) -> None:
    head = os.pread(file.fd, 64, 0)
    if not head:
        raise BadContent(f"{file.path} is empty (0 bytes).", "Save the checkpoint again.")
    if head.startswith(b"PK\x03\x04"):
        return
    refuse_tar(file)
    if head.startswith((b"\x80\x01", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")):
        raise BadContent(
            f"{file.path} is a bare pickle, which torch.save does not write: not verified.",
            "Load it where it is trusted and save it with torch.save; for scikit-learn models, "
            "use the check `sklearn`.",
        )
    if head[8:10] == b'{"':
        raise BadContent(f"{file.path} looks like safetensors, not PyTorch.", "Use the check `safetensors`.")
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
    _reach(file, tensor)


def _reach(file: OpenFile, tensor: Tensor) -> None:
    if tensor.last_byte > tensor.storage.bytes:
        raise BadContent(
            f"{file.path} has a tensor that reaches beyond its storage {tensor.storage.key[:40]}.",
            "Save the checkpoint again.",
        )
