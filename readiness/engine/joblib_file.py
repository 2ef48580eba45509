"""Reads what joblib.dump and pickle.dump wrote, without unpickling: the pickle, and the arrays inside it.

joblib interrupts its pickle: behind the state of each NumpyArrayWrapper stand the array's own bytes, for an
array of objects a pickle of its own. Their length follows from the wrapper, which is read strictly.
"""

from __future__ import annotations

import math
import os
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.numpy_arrays import ElementType, NdArray, size_of
from readiness.engine.pickle_globals import Global, Opaque
from readiness.engine.pickle_reader import Rules, Stream, read_one
from readiness.engine.sklearn_globals import attributes, finder
from readiness.engine.unpacking import Unpacked

_KEPT = 16 << 10
_AGAIN = "Save the model again with joblib.dump, and copy it whole."
_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_ARRAY_CLASSES = ("numpy.ndarray", "numpy.matrix", "numpy.memmap")


@dataclass(slots=True, eq=False)
class ArrayWrapper(Opaque):
    """The stand-in of joblib for an array, whose bytes follow its state."""


@dataclass(slots=True)
class PickledModel:
    """The described object, how the file is packed, its writer ("joblib" or "pickle"), what it names."""

    value: Any
    compression: str | None
    writer: str
    names: set[str] = field(default_factory=set)


def read_model(fd: int, path: str, trusted: AbstractSet[str] = frozenset()) -> PickledModel:
    """Inspect a model file of scikit-learn. `trusted`: full names of further classes that may be named.

    Raises BadContent (cut off, broken, of joblib before 0.10), Unverified naming what is not on the list,
    LimitExceeded for a bomb.
    """
    _refuse_old(os.pread(fd, 64, 0), path)
    stream = Unpacked(fd, path)
    names: set[str] = set()
    inner = finder(frozenset(trusted), names)
    arrays = 0

    def find(module: str, name: str) -> Global | None:
        if (module, name) == _WRAPPER:
            return Global(module, name, None, lambda: ArrayWrapper(name))
        return inner(module, name)

    def unwrap(wrapper: Any, here: Stream) -> NdArray:
        nonlocal arrays
        arrays += 1
        return _array(wrapper, here, path, rules)

    rules = Rules(
        find=find, persistent=lambda _pid: None, wrapper=ArrayWrapper, unwrap=unwrap,
        advice=_AGAIN, instead="Keep to scikit-learn's own classes, or name your own under `trusted`.",
        max_opcodes=30_000_000, max_work=1 << 30,
    )  # fmt: skip
    value = read_one(stream, path, rules)
    if stream.read(1):
        raise BadContent(f"{path} has bytes behind the end of its pickle.", _AGAIN)
    return PickledModel(value, stream.method, "joblib" if arrays or stream.method else "pickle", names)


def _refuse_old(head: bytes, path: str) -> None:
    if not head:
        raise BadContent(f"{path} is empty (0 bytes).", _AGAIN)
    if head.startswith(b"ZF"):
        raise BadContent(
            f"{path} was written by joblib before version 0.10, which is too old. Not verified.", _AGAIN
        )
    if head.startswith(b"PK\x03\x04"):
        raise BadContent(
            f"{path} is a zip archive, not a pickle: not verified.", "For PyTorch, use `checkpoint`."
        )


def _array(wrapper: ArrayWrapper, stream: Stream, path: str, rules: Rules) -> NdArray:
    state = attributes(wrapper)
    dtype, shape = state.get("dtype"), state.get("shape")
    subclass = state.get("subclass")
    known = (
        isinstance(dtype, ElementType) and isinstance(subclass, Global) and str(subclass) in _ARRAY_CLASSES
    )
    if not known or not isinstance(dtype, ElementType) or state.get("order") not in ("C", "F"):
        raise ValueError("an array wrapper that makes no sense")
    size = size_of(dtype)
    if size is None:
        held = _objects(stream, path, rules)
        if not isinstance(held, NdArray):
            raise ValueError("an array of objects that is none")
        return held
    made = NdArray(state=(1, shape, dtype, state["order"] == "F", None))
    length = math.prod(made.shape) * size
    _padding(state, stream)
    if length <= _KEPT:
        made.state = (*made.state[:4], stream.read(length))
        found = len(made.state[4])
    else:
        found = _skip(stream, length)
    if found < length:
        raise BadContent(f"{path} is cut off: an array needs {length} bytes, {found} are left.", _AGAIN)
    return made


def _objects(stream: Stream, path: str, rules: Rules) -> Any:
    """The pickle inside an array of objects. joblib reads it with plain pickle, which knows no arrays behind
    wrappers: one in here would hide opcodes in the bytes that are skipped.
    """

    def find(module: str, name: str) -> Global | None:
        return None if (module, name) == _WRAPPER else rules.find(module, name)

    inner = replace(rules, find=find, wrapper=None, unwrap=None)
    held = read_one(stream, path, inner)
    rules.opcodes, rules.copied = inner.opcodes, inner.copied
    return held


def _skip(stream: Stream, length: int) -> int:
    done = 0
    while done < length and (part := stream.read(min(length - done, 1 << 20))):
        done += len(part)
    return done


def _padding(state: dict[str, Any], stream: Stream) -> None:
    """Read what joblib 1.2 and newer align arrays with: a count, then so many bytes of 0xff."""
    if state.get("numpy_array_alignment_bytes") is None:
        return
    count = stream.read(1)
    if not count or not 1 <= count[0] <= 16 or stream.read(count[0]) != b"\xff" * count[0]:
        raise ValueError("an array without its padding")
