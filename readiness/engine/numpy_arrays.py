"""NumPy arrays as a pickle describes them: element types read strictly, contents only where they are small.

What one reader takes for an array of numbers and another for an array of objects would hide a pickle: an
element type that says two things is refused.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from typing import Any

from readiness.engine.pickle_globals import Opaque, Pairs

_CODE = re.compile(r"([|<>=]?)([?biufcSUVOMm])(\d{0,9})(?:\[\w+\])?")
_FORMATS = {
    "b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
    "f2": "e", "f4": "f", "f8": "d",
}  # fmt: skip
_MAX_SHOWN = 1000


@dataclass(slots=True, eq=False)
class ElementType(Opaque):
    """A NumPy dtype: `name` is its code ("f8", "U10"), `state` what the pickle set."""


@dataclass(slots=True, eq=False)
class NdArray(Opaque):
    """A NumPy array: `state` is (version, shape, ElementType, Fortran order, bytes, list or None)."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its shape. Raises ValueError for a state that makes no sense."""
        return _parts(self.state)[0]

    def values(self) -> list[Any] | None:
        """Its elements in the order stored; None for large arrays and for contents that were left out."""
        shape, dtype, data = _parts(self.state)
        if math.prod(shape) > _MAX_SHOWN:
            return None
        if isinstance(data, list):
            return data
        return _decoded(dtype, data) if isinstance(data, bytes) else None


def element_type(code: Any, *_rest: Any) -> ElementType:
    """What numpy.dtype(code, align, copy) makes. Raises ValueError for a code of several types."""
    if not isinstance(code, str) or not _CODE.fullmatch(code) or any(not isinstance(r, int) for r in _rest):
        raise ValueError
    return ElementType(code)


def array(_cls: Any, shape: Any, _code: Any) -> NdArray:
    """What numpy's `_reconstruct(ndarray, (0,), b"b")` makes: an array whose state follows."""
    if shape != (0,):
        raise ValueError
    return NdArray()


def from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> NdArray:
    """What numpy's `_frombuffer` makes of bytes in the pickle."""
    if not isinstance(data, bytes | bytearray) or not isinstance(dtype, ElementType):
        raise TypeError
    made = NdArray(state=(1, shape, dtype, order == "F", bytes(data)))
    if size_of(dtype) is None or math.prod(made.shape) * (size_of(dtype) or 0) != len(data):
        raise ValueError
    return made


def scalar(dtype: Any, data: Any = b"") -> Any:
    """What numpy's `scalar(dtype, bytes)` makes: a plain number, or something opaque."""
    if not isinstance(dtype, ElementType) or not isinstance(data, bytes) or size_of(dtype) is None:
        raise TypeError
    found = _decoded(dtype, data)
    return found[0] if found and len(found) == 1 else Opaque(f"numpy {dtype.name}")


def size_of(dtype: ElementType) -> int | None:
    """Bytes per element; None for objects. Raises ValueError for a type that says two things."""
    match = _CODE.fullmatch(dtype.name)
    if match is None:
        raise ValueError("an unknown element type")
    kind, digits = match[2], int(match[3] or 0)
    if kind == "O":
        return None
    if kind in "biufc" and not digits:
        # "i" has four bytes to NumPy; whoever counts none would read the array's bytes as a pickle
        raise ValueError("an element type without its size")
    size = digits * 4 if kind == "U" else 1 if kind == "?" else digits or (8 if kind in "Mm" else 0)
    if dtype.state is not None:
        _agree(dtype.state, kind, size)
    return size


def _agree(state: Any, kind: str, size: int) -> None:
    """Raise ValueError unless the state is one that numpy writes for a type of this kind and size."""
    if not isinstance(state, tuple) or not 8 <= len(state) <= 9 or state[1] not in ("<", ">", "|", "="):
        raise ValueError("an element type with an unknown state")
    _, _, sub, names, fields, length, _, flags = state[:8]
    if sub is not None or not isinstance(flags, int) or flags & 1:
        raise ValueError("an element type that hides objects")
    if length != (size if kind in "SUV" else -1) or (kind != "V" and (names, fields) != (None, None)):
        raise ValueError("an element type that contradicts itself")
    if fields is not None:
        _plain_fields(fields)


def _plain_fields(fields: Any) -> None:
    held = [value[0] for _, value in fields.items if isinstance(value, tuple) and value] if isinstance(
        fields, Pairs
    ) else []  # fmt: skip
    if not held or len(held) != len(fields.items):
        raise ValueError("an element type with broken fields")
    for inner in held:
        if not isinstance(inner, ElementType) or inner.name.startswith("V") or size_of(inner) is None:
            raise ValueError("an element type with nested fields")


def _parts(state: Any) -> tuple[tuple[int, ...], ElementType, Any]:
    match state:
        case (_, tuple(shape), ElementType() as dtype, _, data) if len(shape) <= 64:
            if all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 1 << 48 for n in shape):
                return shape, dtype, data
    raise ValueError("an array without shape and type")


def _decoded(dtype: ElementType, data: bytes) -> list[Any] | None:
    match = _CODE.fullmatch(dtype.name)
    size = size_of(dtype)
    if match is None or not size or len(data) % size:
        return None
    order = ">" if ">" in (match[1], dtype.state[1] if isinstance(dtype.state, tuple) else "") else "<"
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    if match[2] == "U":
        encoding = "utf-32-be" if order == ">" else "utf-32-le"
        return [part.decode(encoding, "replace").rstrip("\0") for part in parts]
    code = _FORMATS.get("b1" if match[2] == "?" else match[2] + match[3])
    return [struct.unpack(order + code, part)[0] for part in parts] if code else None
