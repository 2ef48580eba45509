"""What a checkpoint's pickle may name, and what each name would make: descriptions, never the real thing."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Pairs:
    """A dictionary as written: (key, value) in order. No hashing, so hostile keys cost nothing."""

    items: list[tuple[Any, Any]] = field(default_factory=list)

    def named(self) -> dict[str, Any]:
        """Entries whose key is text; the last one counts, as in a dictionary."""
        return {key: value for key, value in self.items if isinstance(key, str)}


@dataclass(frozen=True, slots=True)
class Dtype:
    """A tensor element type: name ("float32") and bytes per element."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Storage:
    """A tensor's bytes: the archive member `data/<key>` with `count` elements."""

    key: str
    dtype: Dtype
    count: int

    @property
    def bytes(self) -> int:
        """The bytes that the member must have."""
        return self.count * self.dtype.size


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor: shape, element type, storage, and the first and last byte used in the storage."""

    shape: tuple[int, ...]
    dtype: Dtype
    storage: Storage
    last_byte: int

    @property
    def numbers(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)


@dataclass(slots=True)
class NumpyDtype:
    """A NumPy element type: kind and size ("f8"), byte order "<" or ">"."""

    code: str
    order: str = "<"


@dataclass(slots=True, eq=False)
class Opaque:
    """Something harmless of which only the state matters here: it may hold tensors."""

    name: str = ""
    state: Any = None


@dataclass(frozen=True, slots=True)
class Global:
    """A name that the pickle imports, with the description of what calling it makes.

    `new`: what `cls.__new__(cls)` makes where that differs from a call; only this is harmless for classes.
    """

    module: str
    name: str
    makes: Any
    new: Any = None

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


_SIZES = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int64": 8, "int32": 4, "int16": 2, "int8": 1,
    "uint8": 1, "uint16": 2, "uint32": 4, "uint64": 8, "bool": 1, "complex64": 8, "complex128": 16,
    "complex32": 4, "float8_e4m3fn": 1, "float8_e5m2": 1, "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1,
    "float8_e8m0fnu": 1, "float4_e2m1fn_x2": 1,
    "qint8": 1, "quint8": 1, "qint32": 4,
}  # fmt: skip
_STORAGES = {
    "DoubleStorage": "float64", "FloatStorage": "float32", "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16", "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16",
    "CharStorage": "int8", "ByteStorage": "uint8", "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64", "ComplexDoubleStorage": "complex128", "QInt8Storage": "qint8",
    "QUInt8Storage": "quint8", "QInt32Storage": "qint32",
}  # fmt: skip
_RAW = Dtype("uint8", 1)
_TELLING = frozenset(("__setstate__", "__class__", "__dict__"))


def find_global(module: str, name: str) -> Global | None:
    """The listed global of that name, or None."""
    if module == "torch" and name in _SIZES:
        return Global(module, name, Dtype(name, _SIZES[name]))
    if module == "torch" and name in _STORAGES:
        dtype = _STORAGES[name]
        return Global(module, name, Dtype(dtype, _SIZES[dtype]))
    if (module, name) in (("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage")):
        return Global(module, name, _RAW)
    makes = _CALLS.get((module.replace("numpy._core", "numpy.core"), name))
    return Global(module, name, makes) if makes else None


def call(function: Global, arguments: tuple[Any, ...], *, new: bool = False) -> Any:
    """What `function(*arguments)` would make, as a description; None when the call makes no sense."""
    makes = (function.new if new else None) or function.makes
    if makes is Opaque:
        return Opaque(str(function))
    if not callable(makes):
        return None
    try:
        return makes(*arguments)
    except (TypeError, ValueError, struct.error):
        return None


def persistent(pid: Any) -> Storage | None:
    """The storage that a persistent id names: ("storage", type, key, location, count)."""
    match pid:
        case ("storage", Global(makes=Dtype() as dtype), str(key), str(), int(count)) if _whole(count):
            return Storage(key, dtype, count)
    return None


def set_state(target: Any, state: Any) -> bool:
    """Whether the opcode BUILD is harmless on this target; NumPy's byte order is taken over."""
    if not _plain_state(state):
        return False
    if isinstance(target, NumpyDtype):
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "|", "="):
            target.order = ">" if state[1] == ">" else "<"
        return True
    if isinstance(target, Opaque):
        return _merge(target, state)
    return isinstance(target, Pairs | Tensor)


def _plain_state(state: Any) -> bool:
    """Whether no name in a state would change what the next state does: pickle calls an object's own
    `__setstate__`, and text that NumPy makes is as good a name as any.
    """
    for part in state if isinstance(state, tuple) else (state,):
        if isinstance(part, Pairs):
            for key, _ in part.items:
                if isinstance(key, Opaque) or (isinstance(key, str) and key in _TELLING):
                    return False
    return True


def _merge(target: Opaque, state: Any) -> bool:
    """Take the state over as it is now: what is written into the same dictionary later does not count."""
    if target.state is None:
        target.state = Pairs(list(state.items)) if isinstance(state, Pairs) else state
    elif isinstance(target.state, Pairs) and isinstance(state, Pairs):
        target.state.items.extend(state.items)
    else:
        return False
    return True


def _tensor(storage: Any, offset: Any, shape: Any, stride: Any, *_rest: Any) -> Tensor:
    if not isinstance(storage, Storage) or not _whole(offset):
        raise ValueError
    return _shaped(storage, storage.dtype, offset, shape, stride)


def _tensor_v3(
    storage: Any, offset: Any, shape: Any, stride: Any, _grad: Any, _hooks: Any, dtype: Any, *_rest: Any
) -> Tensor:
    if not isinstance(storage, Storage) or not _whole(offset) or not isinstance(dtype, Global):
        raise ValueError
    if not isinstance(dtype.makes, Dtype):
        raise TypeError
    return _shaped(storage, dtype.makes, offset, shape, stride)


def _shaped(storage: Storage, dtype: Dtype, offset: int, shape: Any, stride: Any) -> Tensor:
    numbers = (*shape, *stride) if isinstance(shape, tuple) and isinstance(stride, tuple) else (None,)
    if len(numbers) > 128 or not all(_whole(n) for n in numbers) or len(shape) != len(stride):
        raise ValueError
    reach = sum((length - 1) * step for length, step in zip(shape, stride, strict=True))
    last = (offset + reach + 1) * dtype.size if 0 not in shape else 0
    return Tensor(shape, dtype, storage, last)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _parameter(data: Any, *_rest: Any) -> Any:
    if not isinstance(data, Tensor):
        raise TypeError
    return data


def _from_type(function: Any, _kind: Any, arguments: Any, *_rest: Any) -> Any:
    if not isinstance(function, Global) or not isinstance(arguments, tuple):
        raise TypeError
    return call(function, arguments) if function.makes is not _from_type else None


def ordered(*arguments: Any) -> Pairs:
    """What dict() and OrderedDict() make of nothing, of a list of pairs or of a dictionary."""
    match arguments:
        case ():
            return Pairs()
        case (list(pairs),) if all(isinstance(p, list | tuple) and len(p) == 2 for p in pairs):
            return Pairs([(p[0], p[1]) for p in pairs])
        case (Pairs() as pairs,):
            return Pairs(list(pairs.items))  # a copy: what is written into one later is not in the other
    raise ValueError


def _default_dict(_factory: Any = None, *arguments: Any) -> Pairs:
    return ordered(*arguments)


def _collected(items: Any = ()) -> list[Any]:
    if not isinstance(items, list | tuple):
        raise TypeError
    return list(items)


def _size(items: Any = ()) -> tuple[Any, ...]:
    return tuple(_collected(items))


def text_bytes(text: Any, encoding: Any) -> bytes:
    """What `_codecs.encode` makes, which protocols below 3 store bytes with."""
    if not isinstance(text, str) or encoding != "latin1":
        raise ValueError
    return text.encode("latin1")


def _numpy_dtype(code: Any, *_rest: Any) -> NumpyDtype:
    if not isinstance(code, str) or len(code) > 16:
        raise TypeError
    return NumpyDtype(code.lstrip("<>|="), ">" if code.startswith(">") else "<")


_FORMATS = {
    "f8": "d", "f4": "f", "f2": "e", "i8": "q", "i4": "i", "i2": "h", "i1": "b",
    "u8": "Q", "u4": "I", "u2": "H", "u1": "B", "b1": "?",
}  # fmt: skip


def _numpy_scalar(dtype: Any, data: Any = b"") -> Any:
    if not isinstance(dtype, NumpyDtype) or not isinstance(data, bytes):
        raise TypeError
    if dtype.code not in _FORMATS:
        return Opaque(f"numpy {dtype.code}")
    return struct.unpack(dtype.order + _FORMATS[dtype.code], data)[0]


def _opaque(*_arguments: Any) -> Opaque:
    return Opaque()


def _layout(name: Any) -> Opaque:
    if name not in ("torch.sparse_coo", "torch.sparse_csr", "torch.sparse_csc", "torch.strided"):
        raise ValueError
    return Opaque(name)


def _sparse(_layout: Any, parts: Any) -> Opaque:
    if not isinstance(parts, tuple) or len(parts) < 3:
        raise TypeError
    return Opaque("sparse tensor", parts)


def _quantised(storage: Any, offset: Any, shape: Any, stride: Any, scheme: Any, *_rest: Any) -> Tensor:
    if not isinstance(scheme, tuple):
        raise TypeError
    return _tensor(storage, offset, shape, stride)


def plain_value(*arguments: Any) -> Opaque:
    """A value object made of text and numbers only, whose constructor does nothing else."""
    if not all(isinstance(a, str | bytes | int | float | Opaque | None) for a in arguments):
        raise TypeError
    return Opaque(state=list(arguments))


_CALLS: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _tensor_v3,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
    ("torch._tensor", "_rebuild_from_type_v2"): _from_type,
    ("torch._tensor", "Tensor"): _opaque,
    ("torch", "Tensor"): _opaque,
    ("torch.nn.parameter", "Parameter"): _parameter,
    ("torch._utils", "_rebuild_sparse_tensor"): _sparse,
    ("torch._utils", "_rebuild_qtensor"): _quantised,
    ("torch.serialization", "_get_layout"): _layout,
    ("torch", "Size"): _size,
    ("torch.torch_version", "TorchVersion"): plain_value,
    ("torch", "device"): _opaque,
    ("collections", "OrderedDict"): ordered,
    ("collections", "defaultdict"): _default_dict,
    ("collections", "Counter"): ordered,
    ("_codecs", "encode"): text_bytes,
    ("argparse", "Namespace"): Opaque,
    ("datetime", "datetime"): plain_value,
    ("datetime", "date"): plain_value,
    ("datetime", "timedelta"): plain_value,
    ("numpy", "dtype"): _numpy_dtype,
    ("numpy", "ndarray"): _opaque,
    ("numpy.core.multiarray", "scalar"): _numpy_scalar,
    ("numpy.core.multiarray", "_reconstruct"): _opaque,
}
_CALLS |= {
    ("pathlib", name): plain_value
    for name in ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
}
_CALLS |= {
    ("pathlib._local", name): plain_value for name in ("Path", "PosixPath", "WindowsPath")
}  # Python 3.13
_CALLS |= {("torch", name): Opaque for name in ("per_tensor_affine", "per_channel_affine", "strided")}
_CALLS |= {
    # Lightning's dictionary of hyper-parameters; it moved with each major version.
    (module, "AttributeDict"): ordered
    for module in (
        "pytorch_lightning.utilities.parsing",
        "lightning.pytorch.utilities.parsing",
        "lightning_fabric.utilities.data",
        "lightning.fabric.utilities.data",
    )
}
_CALLS |= {
    (module, name): makes
    for module in ("builtins", "__builtin__")
    for name, makes in dict.fromkeys(("set", "frozenset", "list"), _collected).items() | {("dict", ordered)}
}
