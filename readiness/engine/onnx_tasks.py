"""What the child process does with ONNX models and test sets (run by engine/child.py, nowhere else).

Every function takes `(payload, fds)`: `fds[0]` is the model. Libraries load here, late, after the process
gave up its rights. No custom-operator library is ever registered, and no file is opened by its path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from readiness.engine.errors import BadContent, ExtraMissing
from readiness.engine.onnx_outside import Needs, asks, take_in

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime

_DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}
_QUANTISED = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinear", "QGemm")
_EXPORT = "Export the model again, and load the result once before publishing it."


@asks
def inspect(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """What the file declares, after a session was made of it.

    `{opset, ir_version, producer, quantised, metadata, outside, inputs: [{name, type, shape}], outputs}`;
    unknown lengths are names, `outside` counts the bytes of weights in other files.
    """
    data, declared = _whole(payload, fds, 0)
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


def open_checked(payload: dict[str, Any], fds: list[int], number: int = 0) -> onnxruntime.InferenceSession:
    """A session of the model on descriptor `number`, named `payload["name"]` or `["names"][number]`.

    Raises BadContent, ExtraMissing, Needs (see engine/onnx_outside.py).
    """
    name = payload["names"][number] if "names" in payload else payload["name"]
    return open_session(_whole(payload, fds, number)[0], name)


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


def _whole(payload: dict[str, Any], fds: list[int], number: int) -> tuple[bytes, dict[str, Any]]:
    """The model as one piece of bytes that needs nothing else, and what it declares."""
    name = payload["names"][number] if "names" in payload else payload["name"]
    held = payload.get("outside") or [{}]
    data = read_fd(fds[number])
    model = _parse(data, name)
    tensors = [tensor for graph in _graphs(model) for tensor in _constants(graph)]
    try:
        outside = take_in(tensors, name, {place: fds[at] for place, at in held[number].items()})
    except Needs as needs:
        needs.model = number
        raise
    _refuse_foreign_operators(model, name)
    return model.SerializeToString() if outside else data, _declared(model) | {"outside": outside}


def _declared(model: Any) -> dict[str, Any]:
    opsets = {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}
    producer = f"{model.producer_name} {model.producer_version}".strip()
    operators = {node.op_type for graph in _graphs(model) for node in graph.node}
    return {
        "opset": opsets.get("ai.onnx"),
        "opsets": dict(sorted(opsets.items())[:20]),
        "ir_version": model.ir_version,
        "producer": producer[:80],
        "quantised": any(name.startswith(_QUANTISED) or name.endswith("Integer") for name in operators),
        "metadata": {prop.key[:80]: prop.value[:2000] for prop in model.metadata_props[:50]},
    }


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
    return f"it begins with {data[:8].hex(' ')}, or it is cut off"


def _graphs(model: Any) -> Iterator[Any]:
    """The graph, the bodies of loops and branches, and the model's own functions."""
    open_ = [model.graph, *model.functions]
    while open_:
        graph = open_.pop()
        yield graph
        for attribute in _attributes(graph):
            open_ += [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]


def _attributes(graph: Any) -> Iterator[Any]:
    """Attributes of the nodes, and the defaults that a function has for its own."""
    for node in graph.node:
        yield from node.attribute
    yield from getattr(graph, "attribute_proto", ())


def _constants(graph: Any) -> Iterator[Any]:
    """Every tensor that stands in a graph, sparse ones and attributes included."""
    for sparse in getattr(graph, "sparse_initializer", ()):
        yield from (sparse.values, sparse.indices)
    yield from getattr(graph, "initializer", ())
    for attribute in _attributes(graph):
        yield from ([attribute.t] if attribute.HasField("t") else [])
        yield from attribute.tensors
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)


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


def run_all(session: onnxruntime.InferenceSession, feed: dict[str, np.ndarray], name: str) -> dict[str, Any]:
    """Every output by name. Raises BadContent with the runtime's reason."""
    try:
        return dict(zip((port.name for port in session.get_outputs()), session.run(None, feed), strict=True))
    except runtime_errors() as error:
        raise BadContent(f"{name} does not run: {reason(error)}.", _EXPORT) from None


def run_once(
    session: onnxruntime.InferenceSession, feed: dict[str, np.ndarray], name: str, output: str | None = None
) -> np.ndarray:
    """One output, the first unless named. Raises BadContent with the runtime's reason, or when it is no array
    of numbers or text.
    """
    import numpy as np  # heavy: only in the child

    answers = run_all(session, feed, name)
    if output is not None and output not in answers:
        has = ", ".join(answers)[:200]
        raise BadContent(f"{name} has no output {output[:80]!r}; it has {has}.", "Name one of its outputs.")
    answer = answers[output] if output is not None else next(iter(answers.values()))
    if not isinstance(answer, np.ndarray) or answer.dtype.kind not in "fiubUO":
        raise BadContent(
            f"{name} does not answer with numbers.",
            "Name another `output`, or export without the list of dictionaries (zipmap=False).",
        )
    return answer
