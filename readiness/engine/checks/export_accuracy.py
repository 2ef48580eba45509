"""The kind `export-accuracy`: the exported model scores what was reported."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from readiness.engine.checks.model_export import torchscript_not_run
from readiness.engine.child import ChildLimits, ChildResult, run_in_child
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
    """`within` is in percentage points; `images` and `labels` name arrays of the `.npz`; `factor`
    multiplies the images first.
    """

    model: str
    data: str
    reported: ReportedParams
    within: float = 0.5
    images: str = "images"
    labels: str = "labels"
    factor: float | None = None


@check("export-accuracy", title="The exported model scores what was reported")
def export_accuracy(want: ExportAccuracyParams, run: RunDirectory) -> Finding:
    """Runs the exported ONNX model on the whole test set and compares its accuracy with the reported one.

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
    payload = {
        "name": want.model,
        "data": want.data,
        "images": want.images,
        "labels": want.labels,
        "factor": want.factor,
    }
    with run.open(want.model) as model, run.open(want.data) as data:
        return run_in_child(
            "readiness.engine.accuracy_task:measure",
            payload,
            files=[model, data],
            limits=ChildLimits.of(run.options),
        )


def _charts(found: dict[str, Any]) -> list[Chart]:
    if found["confusion"] is None:
        return []
    labels = [str(number) for number in range(found["classes"])]
    rows = found["confusion"]
    return [
        Chart(kind="matrix", title="Exported model on the test set", data={"labels": labels, "rows": rows})
    ]
