"""The kind `model-export`: an exported model of sane size that loads."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent, FileMissing
from readiness.engine.onnx_child import run_onnx
from readiness.engine.outcome import Finding, Limit, Measurement, Outcome
from readiness.engine.readers.lfs import refuse_pointer
from readiness.engine.registry import Params, check
from readiness.engine.sizes import Bytes, size_words
from readiness.engine.target import OpenFile, RunDirectory
from readiness.engine.torch_file import read_torch_file, tensors

_ADVICE = "Export to ONNX as well: an ONNX file is loaded and run here."


class ModelExportParams(Params, frozen=True):
    """`files` are the places where an export may lie; one is enough, each that is there is judged."""

    files: list[str]
    min_bytes: Bytes = Bytes.default(100)
    max_bytes: Bytes = Bytes.default(2 << 30)


@check("model-export", title="An exported model of sane size loads", short="files")
def model_export(want: ModelExportParams, run: RunDirectory) -> Finding:
    """Looks for the exported model, and loads it as the service would.

    An ONNX file is loaded by ONNX Runtime in a confined child process. A TorchScript file (`.pt`) is only
    inspected: its archive is whole, its pickles name nothing foreign, every tensor has its bytes; that alone
    is a warning, because its code was not run.

    It fails when none of the files is there, when one is empty, cut off, smaller than `min_bytes` or larger
    than `max_bytes`, is no model, needs custom operators, or does not load. Weights in files of the run
    beside the model are read and hashed too; weights anywhere else are refused.

    To resolve: export again, for example with `torch.onnx.export(model, example, path)`, as one file with
    standard operators.

    ```yaml check
    model-export: {files: [models/production_model.onnx, models/production_model.pt], max_bytes: 500 MB}
    ```
    """
    here = [path for path in want.files if run.exists(path)]
    if not here:
        raise FileMissing(
            f"No exported model: {' and '.join(want.files) or 'no path'} not in the run.",
            "Export the model there, or correct the paths in the checklist.",
        )
    told, sizes, details = [], [], {}
    ran = False
    for path in here:
        with run.open(path) as file:
            sizes.append(_size(want, file))
            refuse_pointer(file)
            seen = _onnx(file, run) if _is_onnx(path) else _torchscript(file)
        ran = ran or _is_onnx(path)
        told.append(f"{PurePosixPath(path).name} · {size_words(sizes[-1].value)} · {seen.pop('told')}")  # type: ignore[arg-type]
        details[path] = seen
    return Finding(
        outcome=Outcome.PASS if ran else Outcome.WARN,
        message="; ".join(told),
        advice="" if ran else _ADVICE,
        measurements=tuple(sizes),
        details=details,
    )


def _is_onnx(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() == ".onnx"


def _size(want: ModelExportParams, file: OpenFile) -> Measurement:
    limit = Limit(">=", want.min_bytes) if file.size < want.min_bytes else Limit("<=", want.max_bytes)
    measured = Measurement(name="Size", value=file.size, unit="bytes", limit=limit, source=file.path)
    if not measured.ok:
        raise BadContent(
            f"{file.path} has {size_words(file.size)}, expected {size_words(want.min_bytes)} "
            f"to {size_words(want.max_bytes)}.",
            "Export the model again, or correct the limits in the checklist.",
        )
    return measured


def _onnx(file: OpenFile, run: RunDirectory) -> dict[str, Any]:
    found = run_onnx("readiness.engine.onnx_tasks:inspect", {"name": file.path}, [file.path], [], run)
    value = found.value
    quantised = "quantised" if value["quantised"] else ""
    beside = f"{size_words(value['outside'])} of weights beside it" if value["outside"] else ""
    told = " · ".join(filter(None, (f"opset {value['opset']}", quantised, beside, "loads")))
    return {**value, "told": told, "isolation": found.isolation}


def _torchscript(file: OpenFile) -> dict[str, Any]:
    found = read_torch_file(file)
    if not found.torchscript:
        raise BadContent(
            f"{file.path} is a checkpoint (torch.save), not an exported model.",
            "Export with torch.jit.save, or better to ONNX.",
        )
    held = list(tensors(found.value))
    code = sum("/code/" in name and name.endswith(".py") for name in found.members)
    seen = f"archive whole, {len(held)} tensors, code in {code} files"
    return {
        "told": f"TorchScript ({seen}), {not_run()}",
        "members": len(found.members),
        "tensors": len(held),
        "types": sorted({tensor.dtype.name for tensor in held}),
    }


def not_run() -> str:
    """Why a TorchScript file was not run, in words."""
    why = "this check runs ONNX only" if find_spec("torch") else "PyTorch is not installed"
    return f"inspected, not run ({why})"


def torchscript_not_run(path: str, run: RunDirectory) -> Finding:
    """The finding of a check that must run a model and was given TorchScript: SKIP, never a pass."""
    with run.open(path) as file:
        told = _torchscript(file)["told"]
    return Finding(outcome=Outcome.SKIP, message=f"{path} is {told}.", advice=_ADVICE)
