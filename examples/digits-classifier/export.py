"""Export to ONNX and TorchScript, and how fast and how right the exported model is."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import torch
from settings import IMAGE_SIZE, ONNX, TORCHSCRIPT, RunPaths, RunSettings

if TYPE_CHECKING:
    from pathlib import Path

    from dataset import Part
    from model import Normalised
    from torch import nn

WARM_UP, SINGLE_RUNS, BATCH, BATCH_RUNS = 50, 2000, 32, 200


@dataclass(frozen=True)
class Measured:
    """The exported model, measured: accuracies are fractions of 1, latencies are milliseconds."""

    onnx_accuracy: float
    torchscript_accuracy: float
    p50_ms: float
    p95_ms: float
    batch_images_per_s: float


def export(model: Normalised, settings: RunSettings, paths: RunPaths) -> None:
    """Write both formats: input `image` float32 [N, 1, 8, 8] in 0..1, output `logits` [N, 4]."""
    deployed = (model if settings.normalisation_in_export else model.network).eval()
    example = torch.zeros(1, 1, IMAGE_SIZE, IMAGE_SIZE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        _to_onnx(deployed, example, settings.opset, paths.file(ONNX))
        torch.jit.trace(deployed, example).save(str(paths.file(TORCHSCRIPT)))


def measure(test: Part, paths: RunPaths) -> Measured:
    """Load the exported files again and run them on the test set."""
    session = open_session(paths.file(ONNX))
    scripted = torch.jit.load(str(paths.file(TORCHSCRIPT)))
    with torch.no_grad():
        by_script = scripted(torch.from_numpy(test.images)).numpy()
    by_onnx = session.run(None, {"image": test.images})[0]
    singles = _durations(session, test.images[:1], SINGLE_RUNS)
    batches = _durations(session, test.images[:BATCH], BATCH_RUNS)
    return Measured(
        onnx_accuracy=float((by_onnx.argmax(1) == test.labels).mean()),
        torchscript_accuracy=float((by_script.argmax(1) == test.labels).mean()),
        p50_ms=float(np.percentile(singles, 50)),
        p95_ms=float(np.percentile(singles, 95)),
        batch_images_per_s=float(BATCH / (np.median(batches) / 1000)),
    )


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """A session with one thread, as the service uses it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _to_onnx(deployed: nn.Module, example: torch.Tensor, opset: int, path: Path) -> None:
    torch.onnx.export(
        deployed,
        (example,),
        str(path),
        dynamo=False,
        opset_version=opset,
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
    )
    onnx.checker.check_model(onnx.load(path), full_check=True)


def _durations(session: onnxruntime.InferenceSession, images: np.ndarray, runs: int) -> list[float]:
    """Milliseconds for each of `runs` calls, after a warm-up."""
    durations = []
    for number in range(WARM_UP + runs):
        start = time.perf_counter()
        session.run(None, {"image": images})
        if number >= WARM_UP:
            durations.append((time.perf_counter() - start) * 1000)
    return durations
