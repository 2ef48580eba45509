"""The header of a safetensors file, read strictly: every byte belongs to exactly one tensor."""

from __future__ import annotations

import math
import os
import struct
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent, LimitExceeded
from readiness.engine.readers import plain_json
from readiness.engine.sizes import size_words

MAX_HEADER = 100_000_000
_METADATA = "__metadata__"
_AGAIN = "Save it again with safetensors, and copy it whole."
BITS = {
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32,
    "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """One tensor: element type, shape, and where its bytes begin and end in the file."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def numbers(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)


def read_header(fd: int, path: str) -> tuple[dict[str, Stored], dict[str, str]]:
    """Tensors by name and the metadata, out of the header alone.

    Raises BadContent (cut off, another format, holes, overlaps, wrong lengths), LimitExceeded for a header
    over 100 MB.
    """
    size = os.fstat(fd).st_size
    head = os.pread(fd, 8, 0)
    if len(head) < 8:
        raise BadContent(f"{path} is cut off: it has {size} bytes, a header needs more.", _AGAIN)
    length = struct.unpack("<Q", head)[0]
    if os.pread(fd, 1, 8) != b"{":
        raise BadContent(
            f"{path} is not safetensors: it begins with {head.hex(' ')}.", "Save it with safetensors."
        )
    if length > MAX_HEADER:
        raise LimitExceeded(f"{path} claims a header of {size_words(length)}; 100 MB are allowed.", _AGAIN)
    if length > size - 8:
        raise BadContent(
            f"{path} is cut off: its header has {size_words(length)}, the file {size_words(size)}.", _AGAIN
        )
    told = _parsed(os.pread(fd, length, 8), path)
    metadata = _metadata(told.pop(_METADATA, {}), path)
    tensors = {name: _tensor(name, value, path, 8 + length) for name, value in told.items()}
    _refuse_gaps(tensors, path, 8 + length, size)
    return tensors, metadata


def _parsed(data: bytes, path: str) -> dict[str, Any]:
    try:
        told = plain_json.parse(data.decode("utf-8"), f"The header of {path}")
    except UnicodeDecodeError as error:
        raise BadContent(f"The header of {path} is not UTF-8 at byte {error.start}.", _AGAIN) from None
    if not isinstance(told, dict):
        raise BadContent(f"The header of {path} is no JSON object.", _AGAIN)
    return told


def _metadata(value: Any, path: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise BadContent(f"{path} has metadata that is not text.", _AGAIN)
    return value


def _tensor(name: str, value: Any, path: str, data: int) -> Stored:
    match value:
        case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [start, end], **rest} if not rest:
            if all(_whole(n) for n in (*shape, start, end)) and len(shape) <= 64 and start <= end:
                return _measured(name, Stored(dtype, tuple(shape), data + start, data + end), path)
    raise BadContent(f"{path} describes tensor {name[:80]!r} in a way that safetensors does not.", _AGAIN)


def _measured(name: str, tensor: Stored, path: str) -> Stored:
    if tensor.dtype not in BITS:
        raise BadContent(
            f"{path} has tensor {name[:80]!r} of the unknown type {tensor.dtype[:20]!r}: not verified.",
            _AGAIN,
        )
    if tensor.numbers * BITS[tensor.dtype] != 8 * (tensor.end - tensor.start):
        raise BadContent(
            f"{path} has tensor {name[:80]!r} of {tensor.end - tensor.start} bytes; "
            f"its shape and type {tensor.dtype} need {tensor.numbers * BITS[tensor.dtype] / 8:g}.",
            _AGAIN,
        )
    return tensor


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _refuse_gaps(tensors: dict[str, Stored], path: str, start: int, size: int) -> None:
    at = start
    for name, tensor in sorted(tensors.items(), key=lambda pair: (pair[1].start, pair[1].end)):
        if tensor.start != at:
            what = "overlaps what stands before it" if tensor.start < at else "leaves a hole before it"
            raise BadContent(f"{path} is not sound: tensor {name[:80]!r} {what}.", _AGAIN)
        at = tensor.end
    if at != size:
        what = (
            f"{size - at} bytes stand behind its tensors" if at < size else f"{at - size} bytes are missing"
        )
        raise BadContent(f"{path} is cut off or was changed: {what}.", _AGAIN)
