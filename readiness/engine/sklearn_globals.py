"""What a scikit-learn model's pickle may name, and what each name would make.

A class of scikit-learn may be made empty (`cls.__new__(cls)`) and given its state; functions of scikit-learn
are not called, except the few that its compiled types are rebuilt with. Not on the list, though common:
`scipy.stats` (its distributions run source text out of their state), `functools.partial`, `getattr`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from readiness.engine.numpy_arrays import array, element_type, from_buffer, scalar
from readiness.engine.pickle_globals import Global, Opaque, Pairs, ordered, plain_value, text_bytes

_CLASS = re.compile(r"_{0,2}[A-Z][A-Za-z0-9_]*")
_CLOSED = frozenset(("tests", "_testing", "externals", "datasets", "conftest", "experimental", "_joblib"))
_FUNCTIONS = (
    "sklearn.metrics.",
    "sklearn.feature_selection.",
    "sklearn.preprocessing.",
    "sklearn.utils.extmath",
)
_UFUNCS = frozenset((
    "abs", "absolute", "cbrt", "ceil", "cos", "exp", "exp2", "expm1", "floor", "log", "log10", "log1p",
    "log2", "negative", "reciprocal", "rint", "sign", "sin", "sqrt", "square", "tan", "tanh",
))  # fmt: skip
_SCALARS = frozenset((
    "bool_", "bool", "str_", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "intp",
    "uint8", "uint16", "uint32", "uint64", "object_", "float", "int",
))  # fmt: skip


def finder(trusted: frozenset[str], seen: set[str]) -> Callable[[str, str], Global | None]:
    """The look-up for one file: also the full names in `trusted`; every name found is noted in `seen`."""

    def find(module: str, name: str) -> Global | None:
        full = f"{module}.{name}"
        found = _find(module, name)
        if found is None and full in trusted:
            found = _class(module, name)
        if found is not None:
            seen.add(full)
        return found

    return find


def _find(module: str, name: str) -> Global | None:
    if module == "sklearn" or module.startswith("sklearn."):
        return _sklearn(module, name)
    if module.startswith("scipy.sparse.") and re.fullmatch(r"[a-z]{3}_(matrix|array)", name):
        return _class(module, name)
    if module.startswith("numpy"):
        return _numpy(module.replace("numpy._core", "numpy.core"), name)
    makes = _PLAIN.get((module, name))
    return Global(module, name, makes) if makes else None


def _sklearn(module: str, name: str) -> Global | None:
    if _CLOSED & set(module.split(".")):
        return None
    if _CLASS.fullmatch(name):
        return _class(module, name)
    if name == "newObj" or name.startswith("__pyx_unpickle_"):
        return Global(module, name, _rebuilt)
    if module.startswith(_FUNCTIONS) and name.isidentifier() and not name.startswith("__"):
        return Global(module, name, None)
    return None


def _class(module: str, name: str) -> Global:
    full = f"{module}.{name}"
    return Global(module, name, partial(_called, full), partial(_empty, full))


def _numpy(module: str, name: str) -> Global | None:
    if module in ("numpy", "numpy.core._multiarray_umath", "numpy.core.umath") and name in _UFUNCS:
        return Global(module, name, None)
    if module == "numpy" and name in _SCALARS:
        return Global(module, name, None)
    if module.startswith("numpy.random.") and name in _RANDOM:
        return Global(module, name, _RANDOM[name])
    makes = _NUMPY.get((module, name))
    return Global(module, name, makes) if makes else None


def _empty(full: str) -> Opaque:
    return Opaque(full)


def _called(full: str, *arguments: Any) -> Opaque:
    """A constructor, as compiled types are made: with numbers and arrays, never with text or functions."""
    if not all(isinstance(a, int | float | Opaque | None) for a in arguments):
        raise TypeError
    return Opaque(full, None)


def _rebuilt(cls: Any, *rest: Any) -> Opaque:
    """What a compiled type's own function makes: `newObj(cls)`, `__pyx_unpickle_X(cls, checksum, state)`."""
    if not isinstance(cls, Global) or cls.new is None or len(rest) not in (0, 2):
        raise TypeError
    return Opaque(str(cls), rest[1] if rest else None)


def _reconstructed(cls: Any, base: Any, state: Any) -> Opaque:
    """What copyreg's `_reconstructor(cls, object, None)` makes, which protocols 0 and 1 use."""
    plain = isinstance(base, Global) and str(base) in ("builtins.object", "__builtin__.object")
    if not isinstance(cls, Global) or cls.new is None or not plain or state is not None:
        raise TypeError
    made: Opaque = cls.new()
    return made


def _generator(*arguments: Any) -> Opaque:
    # NumPy calls a class that is given here, so it may only be one of its own
    given = (str(a).startswith("numpy.random.") for a in arguments if isinstance(a, Global))
    if not all(isinstance(a, str | int | Opaque | Global | None) for a in arguments) or not all(given):
        raise TypeError
    return Opaque("numpy.random")


def _masked(*_arguments: Any) -> Opaque:
    return Opaque("numpy.ma.MaskedArray")


def _marked(*_arguments: Any) -> None:
    raise TypeError  # a name that is only passed on, never called


_RANDOM: dict[str, Callable[..., Any]] = {
    "__randomstate_ctor": _generator,
    "__generator_ctor": _generator,
    "__bit_generator_ctor": _generator,
    "__pyx_unpickle_SeedSequence": _generator,
    "SeedSequence": _generator,
    "MT19937": _marked,
    "PCG64": _marked,
    "Philox": _marked,
    "SFC64": _marked,
}
_NUMPY: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "dtype"): element_type,
    ("numpy", "ndarray"): _marked,
    ("numpy", "matrix"): _marked,
    ("numpy.core.multiarray", "_reconstruct"): array,
    ("numpy.core.multiarray", "scalar"): scalar,
    ("numpy.core.numeric", "_frombuffer"): from_buffer,
    ("numpy.ma", "MaskedArray"): _marked,
    ("numpy.ma.core", "MaskedArray"): _marked,
    ("numpy.ma.core", "_mareconstruct"): _masked,
}
_PLAIN: dict[tuple[str, str], Callable[..., Any]] = {
    ("_codecs", "encode"): text_bytes,
    ("collections", "OrderedDict"): ordered,
    ("collections", "defaultdict"): lambda _factory=None, *rest: ordered(*rest),
    ("collections", "deque"): lambda items=(), *_rest: list(items),
    ("datetime", "datetime"): plain_value,
    ("datetime", "date"): plain_value,
    ("copyreg", "_reconstructor"): _reconstructed,
    ("copy_reg", "_reconstructor"): _reconstructed,
}
_BUILTINS: dict[str, Callable[..., Any]] = {
    "object": _marked, "int": _marked, "float": _marked, "str": _marked, "bool": _marked,
    "slice": plain_value, "range": plain_value, "complex": plain_value, "bytearray": plain_value,
    "set": lambda items=(): list(items), "frozenset": lambda items=(): list(items),
    "dict": ordered, "list": lambda items=(): list(items),
}  # fmt: skip
_PLAIN |= {(m, name): makes for m in ("builtins", "__builtin__") for name, makes in _BUILTINS.items()}


def attributes(value: Any) -> dict[str, Any]:
    """An object's attributes by name, out of the state that was set."""
    state = value.state if isinstance(value, Opaque) else value
    held = [part for part in (state if isinstance(state, tuple) else (state,)) if isinstance(part, Pairs)]
    return {key: found for part in held for key, found in part.named().items()}
