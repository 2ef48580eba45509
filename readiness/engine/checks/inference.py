"""The kind `inference`: the exported model answers in the right shape, in time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Annotated, Any

from msgspec import Meta

from readiness.engine.checks.export_accuracy import feeding
from readiness.engine.checks.model_export import torchscript_not_run
from readiness.engine.child import ChildResult
from readiness.engine.onnx_child import run_onnx
from readiness.engine.outcome import Chart, Finding, Limit, Measurement, judged, quantity
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

_TIMING_SHARE = 0.5  # of the child's time; the rest is for loading


class InferenceParams(Params, frozen=True):
    """`sample`: an `.npz` whose first row is fed (else made-up numbers, open lengths as in `dims`); `inputs`:
    model input to array; `axes`, `row_shape`, `factor` as for `export-accuracy`; `output_shape`: for batch 1.
    """

    model: str
    sample: str | None = None
    images: str = "images"
    inputs: dict[str, str] = {}
    dims: dict[str, Annotated[int, Meta(ge=1, le=1_000_000)]] = {}
    axes: list[int] = []
    row_shape: list[int] = []
    factor: float | None = None
    output: str | None = None
    output_shape: list[int] | None = None
    p95_below_ms: float | None = None
    runs: Annotated[int, Meta(ge=20, le=20_000)] = 200
    warmup: Annotated[int, Meta(ge=0, le=1000)] = 20


@check("inference", title="The exported model answers in time", short="model")
def inference(want: InferenceParams, run: RunDirectory) -> Finding:
    """Runs the exported ONNX model again and again on one input, on one thread, and times each run. Models
    with several inputs, of tables, text or token numbers are fed from arrays of the inputs' names.

    It fails when the output (the first, or `output`) has another shape than `output_shape`, when any output
    holds NaN or infinity, or when 95 % of the runs are not faster than `p95_below_ms`. A TorchScript file is
    not run here: the check is then skipped, and the item stays open. The times are this machine's; a busy
    machine measures slower.

    To resolve: make the model smaller (quantise, prune), export with a fixed input size, or run the check
    on a machine like the one that will serve.

    ```yaml check
    inference: {model: models/production_model.onnx, sample: data/test_set.npz, output_shape: [1, 4],
                p95_below_ms: 100}
    ```
    """
    if PurePosixPath(want.model).suffix.lower() != ".onnx":
        return torchscript_not_run(want.model, run)
    result = _measure(want, run)
    found = result.value
    return judged(
        _measurements(want, found),
        _message(want, found),
        advice="Look at the output first; for time, make the model smaller or measure on a quieter machine.",
        charts=[_histogram(want, found)],
        details={
            "isolation": result.isolation,
            "fed": found["fed"],
            "outputs": found["outputs"],
            "runs": found["runs"],
            "threads": 1,
        },
    )


def _measure(want: InferenceParams, run: RunDirectory) -> ChildResult:
    payload = feeding(want) | {
        "name": want.model,
        "data": want.sample,
        "dims": want.dims,
        "runs": want.runs,
        "warmup": want.warmup,
        "seconds": run.options.child_seconds * _TIMING_SHARE,
    }
    data = [] if want.sample is None else [want.sample]
    return run_onnx("readiness.engine.latency_task:measure", payload, [want.model], data, run)


def _measurements(want: InferenceParams, found: dict[str, Any]) -> Iterator[Measurement]:
    limit = None if want.p95_below_ms is None else Limit("<", want.p95_below_ms)
    shape = None if want.output_shape is None else Limit("==", _words(want.output_shape))
    yield Measurement(name="Output shape", value=_words(found["shape"]), limit=shape, source=want.model)
    yield Measurement(
        name="Output is finite", value=found["finite"], limit=Limit("==", True), source=want.model
    )
    for name in ("p50", "p95", "p99"):
        bound = limit if name == "p95" else None
        yield Measurement(name=name, value=round(found[name], 4), unit="ms", limit=bound, volatile=True)
    rate = round(1000 / found["mean"], 1) if found["mean"] else None
    yield Measurement(name="Throughput", value=rate, unit="runs/s", volatile=True)
    if found["peak"] is not None:
        yield Measurement(name="Peak memory", value=round(found["peak"] / 1e6, 1), unit="MB", volatile=True)


def _words(shape: list[int]) -> str:
    return " × ".join(map(str, shape)) or "a single number"


def _message(want: InferenceParams, found: dict[str, Any]) -> str:
    needs = "" if want.p95_below_ms is None else f", needs < {quantity(want.p95_below_ms)} ms"
    parts = [f"p95 {quantity(found['p95'])} ms{needs}", f"output {_words(found['shape'])}"]
    if want.output_shape is not None and found["shape"] != want.output_shape:
        parts[1] += f", needs {_words(want.output_shape)}"
    if not found["finite"]:
        parts.append("the output holds NaN or infinity")
    return "; ".join(parts)


def _histogram(want: InferenceParams, found: dict[str, Any]) -> Chart:
    return Chart(
        kind="histogram",
        title=f"Latency of {found['runs']} runs on one thread",
        data={
            "edges": found["edges"],
            "counts": found["counts"],
            "marks": {name: found[name] for name in ("p50", "p95", "p99")},
        },
        unit="ms",
        limit=None if want.p95_below_ms is None else Limit("<", want.p95_below_ms),
        volatile=True,
    )
