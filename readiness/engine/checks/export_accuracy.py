"""The kind `export-accuracy`: the exported model scores what was reported."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Protocol

from readiness.engine.checks.model_export import torchscript_not_run
from readiness.engine.child import ChildResult
from readiness.engine.onnx_child import run_onnx
from readiness.engine.outcome import Chart, Finding, Limit, Measurement, judged, quantity
from readiness.engine.readers import metrics
from readiness.engine.readers.metrics import Wanted
from readiness.engine.readers.numbers import Scale
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory


class ReportedParams(Params, frozen=True):
    """Where the reported accuracy stands; `scale` says whether it is a fraction or per cent."""

    file: str
    key: str
    scale: Scale | None = None


class ExportAccuracyParams(Params, frozen=True):
    """`within` is in percentage points; `images` and `labels` name arrays of the `.npz`, `inputs` one for
    each input of the model; `axes` reorders the axes of arrays of so many axes ([0, 3, 1, 2]: NHWC to NCHW),
    `row_shape` reshapes each row, `factor` multiplies; `output`: the one to judge, else the first;
    `threshold`: above it a single score means class 1.
    """

    model: str
    data: str
    reported: ReportedParams
    within: float = 0.5
    images: str = "images"
    labels: str = "labels"
    inputs: dict[str, str] = {}
    axes: list[int] = []
    row_shape: list[int] = []
    factor: float | None = None
    output: str | None = None
    threshold: float | None = None


@check("export-accuracy", title="The exported model scores what was reported")
def export_accuracy(want: ExportAccuracyParams, run: RunDirectory) -> Finding:
    """Runs the exported ONNX model on the whole test set and compares its accuracy with the reported one. The
    model may answer with scores per class, with class numbers or names, or with one score (`threshold`).

    It fails when the two differ by more than `within` percentage points, when the test set does not fit the
    model (shape, type, labels), or when the model answers NaN. A TorchScript file is not run here: the check
    is then skipped, and the item stays open.

    To resolve: check that the export was made from the reported checkpoint, in evaluation mode, and that the
    test set is stored as the model takes it (after the same preprocessing).

    ```yaml check
    export-accuracy:
      model: models/production_model.onnx
      data: data/test_set.npz
      reported: {file: results/production/metrics.json, key: test.accuracy}
      within: 0.5
    ```
    """
    if PurePosixPath(want.model).suffix.lower() != ".onnx":
        return torchscript_not_run(want.model, run)
    reported = metrics.read(
        run, Wanted(file=want.reported.file, key=want.reported.key, unit="%", scale=want.reported.scale)
    )
    result = _measure(want, run)
    found = result.value
    measured = 100 * found["correct"] / found["images"]
    difference = round(abs(measured - reported.value), 3)
    measurements = (
        Measurement(
            name="Difference",
            value=difference,
            unit="points",
            limit=Limit("<=", want.within),
            source=want.model,
        ),
        Measurement(name="Measured accuracy", value=round(measured, 4), unit="%", source=want.data),
        Measurement(
            name="Reported accuracy", value=round(reported.value, 4), unit="%", source=reported.source
        ),
    )
    message = (
        f"Exported model scores {quantity(measured, '%')} on {found['images']} images, "
        f"reported {quantity(reported.value, '%')} "
        f"(difference {quantity(difference)} points, needs ≤ {quantity(want.within)})"
    )
    return judged(
        measurements,
        message,
        advice="Export from the reported checkpoint, in evaluation mode, with the same preprocessing.",
        charts=_charts(found),
        details={
            "isolation": result.isolation,
            "correct": found["correct"],
            "images": found["images"],
        },
    )


def _measure(want: ExportAccuracyParams, run: RunDirectory) -> ChildResult:
    payload = feeding(want) | {
        "name": want.model,
        "data": want.data,
        "labels": want.labels,
        "threshold": want.threshold,
    }
    return run_onnx("readiness.engine.accuracy_task:measure", payload, [want.model], [want.data], run)


class Feeding(Protocol):
    """Parameters that say how arrays become a model's inputs."""

    @property
    def images(self) -> str: ...
    @property
    def inputs(self) -> dict[str, str]: ...
    @property
    def axes(self) -> list[int]: ...
    @property
    def row_shape(self) -> list[int]: ...
    @property
    def factor(self) -> float | None: ...
    @property
    def output(self) -> str | None: ...


def feeding(want: Feeding) -> dict[str, Any]:
    """The part of a child's payload that engine/onnx_feed.py reads."""
    names = ("images", "inputs", "axes", "row_shape", "factor", "output")
    return {name: getattr(want, name) for name in names}


def _charts(found: dict[str, Any]) -> list[Chart]:
    if found["confusion"] is None:
        return []
    labels = [str(number) for number in range(found["classes"])]
    rows = found["confusion"]
    return [
        Chart(kind="matrix", title="Exported model on the test set", data={"labels": labels, "rows": rows})
    ]
