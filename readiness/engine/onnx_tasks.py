"""What the child process does with ONNX models and test sets (run by engine/child.py, nowhere else).

Every function takes `(payload, fds)`: `fds[0]` is the model. Libraries load here, late, after the process
gave up its rights. No custom-operator library is ever registered, no external data is ever read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from readiness.engine.errors import BadContent, ExtraMissing

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime

_DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}
_EXPORT = "Export the model again, and load the result once before publishing it."


def inspect(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """What the file declares, after a session was made of it.

    `{opset, ir_version, producer, inputs: [{name, type, shape}], outputs: […]}`; unknown lengths are names.
    """
    data = read_fd(fds[0])
    declared = _declared(data, payload["name"])
    session = open_session(data, payload["name"])
    return declared | {
        "inputs": [_port(port) for port in session.get_inputs()],
        "outputs": [_port(port) for port in session.get_outputs()],
    }


def read_fd(fd: int) -> bytes:
    """All bytes of a descriptor, whatever its position."""
    size, parts, at = os.fstat(fd).st_size, [], 0
    while at < size and (part := os.pread(fd, min(size - at, 1 << 24), at)):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def open_checked(fd: int, name: str) -> onnxruntime.InferenceSession:
    """A session of a model that needs nothing outside its file. Raises BadContent, ExtraMissing."""
    data = read_fd(fd)
    _declared(data, name)
    return open_session(data, name)


def open_session(data: bytes, name: str) -> onnxruntime.InferenceSession:
    """A single-threaded CPU session. Raises BadContent with the runtime's reason, ExtraMissing."""
    runtime = _import_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4
    try:
        return runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except runtime_errors() as error:
        raise BadContent(f"{name} does not load: {reason(error)}.", _EXPORT) from None


def runtime_errors() -> tuple[type[Exception], ...]:
    """Every exception class of the runtime, and the plain ones that its binding raises."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state  # heavy: only in the child

    own = (kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception))
    return *own, RuntimeError, ValueError, TypeError


def reason(error: Exception) -> str:
    """A library's message on one line, without its own source places, at most 200 characters."""
    text = " ".join(str(error).split())
    text = (
        text.rpartition("] : ")[2].partition(" : ")[2] or text
        if text.startswith("[ONNXRuntimeError]")
        else text
    )
    return (text or type(error).__name__)[:200].rstrip(".")


def _import_runtime() -> Any:
    try:
        import onnxruntime  # heavy: only in the child
    except ImportError:
        raise ExtraMissing("onnxruntime", "models") from None
    return onnxruntime


def _declared(data: bytes, name: str) -> dict[str, Any]:
    model = _parse(data, name)
    _refuse_outside_data(model, name)
    _refuse_foreign_operators(model, name)
    opsets = {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}
    producer = f"{model.producer_name} {model.producer_version}".strip()
    return {"opset": opsets.get("ai.onnx"), "ir_version": model.ir_version, "producer": producer[:80]}


def _parse(data: bytes, name: str) -> Any:
    try:
        import onnx  # heavy: only in the child
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    except ImportError:
        raise ExtraMissing("onnx", "models") from None
    if not data:
        raise BadContent(f"{name} is empty (0 bytes).", "Export the model again.")
    try:
        model = onnx.ModelProto.FromString(data)
    except DecodeError:
        raise BadContent(f"{name} is not ONNX: {_look(data)}.", _EXPORT) from None
    if not model.graph.node and not model.graph.output:
        raise BadContent(f"{name} is not an ONNX model: it has no graph.", _EXPORT)
    return model


def _look(data: bytes) -> str:
    if data.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer, so run git lfs pull"
    return f"it begins with {data[:8].hex(' ')}, or it is cut off"


def _graphs(model: Any) -> Iterator[Any]:
    """The graph, the bodies of loops and branches, and the model's own functions."""
    open_ = [model.graph, *model.functions]
    while open_:
        graph = open_.pop()
        yield graph
        for node in graph.node:
            for attribute in node.attribute:
                open_ += [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]


def _constants(graph: Any) -> Iterator[Any]:
    """Every tensor that stands in a graph, sparse ones and attributes included."""
    for sparse in getattr(graph, "sparse_initializer", ()):
        yield from (sparse.values, sparse.indices)
    yield from getattr(graph, "initializer", ())
    for node in graph.node:
        for attribute in node.attribute:
            yield from ([attribute.t] if attribute.HasField("t") else [])
            yield from attribute.tensors
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)


def _refuse_outside_data(model: Any, name: str) -> None:
    for graph in _graphs(model):
        for tensor in _constants(graph):
            if tensor.data_location or tensor.external_data:
                places = [entry.value for entry in tensor.external_data if entry.key == "location"]
                where = ascii(places[0][:80]) if places else "another file"
                raise BadContent(
                    f"{name} keeps weights outside itself, in {where}: not read.",
                    "Export one self-contained file (save_as_external_data=False).",
                )


def _refuse_foreign_operators(model: Any, name: str) -> None:
    known = _DOMAINS | {function.domain for function in model.functions}
    for graph in _graphs(model):
        for node in graph.node:
            if node.domain not in known:
                operator = ascii(f"{node.domain}.{node.op_type}"[:80])
                raise BadContent(
                    f"{name} needs the custom operator {operator}: such libraries are never loaded.",
                    "Export the model with standard ONNX operators.",
                )


def _port(port: Any) -> dict[str, Any]:
    return {"name": port.name[:80], "type": port.type, "shape": list(port.shape)[:16]}


def words(shape: Any) -> str:
    """A shape for people: "N × 1 × 8 × 8"; lengths left open are named."""
    return " × ".join("N" if length is None else str(length)[:20] for length in shape) or "a single number"


def single_input(session: onnxruntime.InferenceSession, name: str) -> Any:
    """The model's one input. Raises BadContent when there are several."""
    inputs = session.get_inputs()
    if len(inputs) != 1:
        names = ", ".join(port.name for port in inputs)[:120]
        raise BadContent(
            f"{name} has {len(inputs)} inputs ({names}); this check feeds exactly one.",
            "Export the model with one input.",
        )
    return inputs[0]


_TYPES = {
    "tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16",
    "tensor(uint8)": "uint8", "tensor(int8)": "int8", "tensor(uint16)": "uint16", "tensor(int16)": "int16",
    "tensor(int32)": "int32", "tensor(int64)": "int64", "tensor(bool)": "bool",
}  # fmt: skip


def element_type(port: Any, name: str) -> str:
    """NumPy's name of an input's element type. Raises BadContent for text, sequences and maps."""
    if port.type not in _TYPES:
        raise BadContent(f"{name} takes {port.type}; this check feeds numbers only.", _EXPORT)
    return _TYPES[port.type]


def run_once(session: onnxruntime.InferenceSession, feed: dict[str, np.ndarray], name: str) -> np.ndarray:
    """The first output. Raises BadContent with the runtime's reason, or when it is no array of numbers."""
    import numpy as np  # heavy: only in the child

    try:
        output = session.run(None, feed)[0]
    except runtime_errors() as error:
        raise BadContent(f"{name} does not run: {reason(error)}.", _EXPORT) from None
    if not isinstance(output, np.ndarray) or output.dtype.kind not in "fiub":
        raise BadContent(f"{name} does not answer with numbers.", _EXPORT)
    return output
