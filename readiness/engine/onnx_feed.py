"""What a model is fed with: arrays of an `.npz`, or made-up numbers, fitted to its inputs (in the child)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from readiness.engine.errors import BadContent
from readiness.engine.onnx_tasks import words

if TYPE_CHECKING:
    import numpy as np

_MAX_INPUT = 1 << 28
_TYPES = {
    "tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16",
    "tensor(uint8)": "uint8", "tensor(int8)": "int8", "tensor(uint16)": "uint16", "tensor(int16)": "int16",
    "tensor(uint32)": "uint32", "tensor(int32)": "int32", "tensor(uint64)": "uint64",
    "tensor(int64)": "int64", "tensor(bool)": "bool", "tensor(string)": "object",
}  # fmt: skip


def plan(payload: dict[str, Any], ports: list[Any]) -> dict[str, str]:
    """Input to array: as `payload["inputs"]` says, else `images` for a single input, else each by its name.

    Raises BadContent for inputs that the model does not have, or that are left out.
    """
    names = [port.name for port in ports]
    given = payload.get("inputs") or {}
    wrong = [name for name in given if name not in names] or [
        name for name in names if given and name not in given
    ]
    if wrong:
        raise BadContent(
            f"{payload['name']} has the inputs {', '.join(names)[:200]}; "
            f"`inputs` does not fit at {wrong[0][:80]!r}.",
            "Name every input of the model in the checklist, and no other.",
        )
    if given:
        return dict(given)
    return {names[0]: payload["images"]} if len(names) == 1 else {name: name for name in names}


def fitted(payload: dict[str, Any], array: np.ndarray, key: str, port: Any) -> np.ndarray:
    """The array as the input takes it: axes and rows as declared, the number type where nothing is lost.

    Raises BadContent with expected and found shape or type.
    """
    wanted = element_type(port, payload["name"])
    ready = _arranged(payload, array, key)
    shape = [None, *port.shape[1:]]
    if ready.ndim == 1 and len(shape) == 2 and shape[1] in (1, None):
        ready = ready[:, None]  # one column of a table
    if not _fits(ready.shape, shape):
        raise BadContent(
            f"{payload['data']} does not fit the model: it takes {words(shape)}, "
            f"found {words(ready.shape)} ({key}).",
            _hint(ready.shape, shape),
        )
    if ready.dtype.kind not in ("fiub" if wanted != "object" else "U") or not len(ready):
        raise BadContent(
            f"{payload['data']} has no {key} of {'numbers' if wanted != 'object' else 'text'}: "
            f"{len(ready)} of type {ready.dtype}.",
            "Save them in the type that the model takes.",
        )
    return _converted(payload, ready, wanted)


def _arranged(payload: dict[str, Any], array: np.ndarray, key: str) -> np.ndarray:
    axes, rows = payload.get("axes"), payload.get("row_shape")
    try:
        turned: np.ndarray = array.transpose(axes) if axes and array.ndim == len(axes) else array
        made: np.ndarray = turned.reshape(len(turned), *rows) if rows and turned.ndim > 0 else turned
    except ValueError as error:
        raise BadContent(
            f"{payload['data']} cannot be arranged as declared: {key} is {words(array.shape)} ({error}).",
            "Correct `axes` or `row_shape` in the checklist.",
        ) from None
    return made


def _fits(found: tuple[int, ...], wanted: list[Any]) -> bool:
    return len(found) == len(wanted) and all(
        not isinstance(w, int) or w == f for f, w in zip(found[1:], wanted[1:], strict=True)
    )


def _hint(found: tuple[int, ...], wanted: list[Any]) -> str:
    rest = [length for length in wanted[1:] if isinstance(length, int)]
    if len(rest) == len(wanted) - 1 and math.prod(rest) == math.prod(found[1:]):
        for axes in ([0, 3, 1, 2], [0, 2, 3, 1]) if len(found) == 4 else ():
            if [found[axis] for axis in axes[1:]] == rest:
                return f"The same numbers in another order: set `axes: {axes}` in the checklist."
        return f"The same numbers in another shape: set `row_shape: {rest}` in the checklist."
    return "Save the test set in the model's own layout."


def _converted(payload: dict[str, Any], array: np.ndarray, wanted: str) -> np.ndarray:
    import numpy as np  # heavy: only in the child

    if payload.get("factor") is not None and wanted != "object":
        scaled: np.ndarray = array * payload["factor"]
        return scaled.astype(wanted)
    if array.dtype.name == wanted:
        return array
    if wanted == "object":
        return array.astype(object)
    if array.dtype.kind == "f" and wanted.startswith("float"):
        with np.errstate(over="ignore"):
            return array.astype(wanted)
    if array.dtype.kind in "iu" and "int" in wanted:
        bounds = np.iinfo(wanted)
        if bounds.min <= int(array.min()) and int(array.max()) <= bounds.max:
            return array.astype(wanted)
    raise BadContent(
        f"{payload['data']} holds {array.dtype.name}, the model takes {wanted}.",
        "Save it in that type, or set `factor` (for example 0.00392157 for bytes) in the checklist.",
    )


def element_type(port: Any, name: str) -> str:
    """NumPy's name of an input's element type. Raises BadContent for sequences and maps."""
    if port.type not in _TYPES:
        raise BadContent(
            f"{name} takes {port.type}; this check feeds numbers and text only.",
            "Export the model with plain tensors as inputs.",
        )
    return _TYPES[port.type]


def made_up(payload: dict[str, Any], port: Any) -> np.ndarray:
    """Numbers from 0 to 1 (whole ones: 0 and 1) of the declared shape; open lengths as `dims` says, or 1.

    Raises BadContent for more than 256 million elements.
    """
    import numpy as np  # heavy: only in the child

    wanted, dims = element_type(port, payload["name"]), payload.get("dims") or {}
    shape = [length if isinstance(length, int) else dims.get(length, 1) for length in port.shape]
    if math.prod(shape) > _MAX_INPUT:
        raise BadContent(f"{payload['name']} takes {words(shape)}: too large to make up.", "Name a `sample`.")
    random = np.random.default_rng(payload.get("seed", 0))
    if wanted == "object":
        return np.full(shape, "a", dtype=object)
    if wanted.startswith("float"):
        return random.random(shape).astype(wanted)
    return random.integers(0, 2, shape).astype(wanted)
