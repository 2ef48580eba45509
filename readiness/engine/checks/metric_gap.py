"""`metric-gap`: two values that must not lie far apart."""

from __future__ import annotations

from readiness.engine.checks.metric import label_of
from readiness.engine.errors import BadContent
from readiness.engine.outcome import Finding, Limit, Measurement, judged, quantity
from readiness.engine.readers import metrics
from readiness.engine.readers.metrics import Pick, Wanted
from readiness.engine.readers.numbers import Scale
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory


class MetricGapParams(Params, frozen=True):
    """Keys `first` and `second` in `file` (the second may lie in `second_file`); `below` in points."""

    file: str
    first: str
    second: str
    second_file: str | None = None
    unit: str = "%"
    scale: Scale | None = None
    pick: Pick | None = None
    below: float = 5.0
    excellent: float | None = None


@check("metric-gap", title="Two values lie close together")
def metric_gap(want: MetricGapParams, run: RunDirectory) -> Finding:
    """Measures the distance between two values, such as validation and test accuracy, and compares it.

    Values of one file are on one scale: a bare 0.93 beside a bare 91.2 is refused.
    A gap at or over the limit fails: the validation set may be too easy, leaked into training, or drawn from
    other data than the test set. Compare how the splits were made, and look for duplicates between them.

    ```yaml check
    metric-gap: {file: results/production/metrics.json, first: val.accuracy, second: test.accuracy, below: 5}
    ```
    """
    first = _reading(want, want.file, want.first, run)
    second = _reading(want, want.second_file or want.file, want.second, run)
    points = "points" if want.unit == "%" else want.unit
    if want.second_file in (None, want.file) and {first.guessed, second.guessed} == {"fraction", "percent"}:
        raise BadContent(
            f"{first.source} and {second.source} are written on different scales.",
            "Declare `scale: fraction` or `scale: percent`, and write both values so.",
        )
    gap = round(abs(first.value - second.value), 10)
    limit = Limit("<", want.below)
    measured = [
        Measurement(name=label_of(want.first), value=first.value, unit=want.unit, source=first.source),
        Measurement(name=label_of(want.second), value=second.value, unit=want.unit, source=second.source),
        Measurement(name="Gap", value=gap, unit=points, limit=limit, source="computed"),
    ]
    said = f"Gap {quantity(gap, points)}, needs {limit.words(points)}{_grade(want, gap)}"
    return judged(
        measured, said, advice="Compare the splits; look for validation data that leaked into training."
    )


def _reading(want: MetricGapParams, file: str, key: str, run: RunDirectory) -> metrics.Reading:
    return metrics.read(run, Wanted(file=file, key=key, unit=want.unit, scale=want.scale, pick=want.pick))


def _grade(want: MetricGapParams, gap: float) -> str:
    if want.excellent is None or gap >= want.below:
        return ""
    return (
        " (excellent)"
        if gap < want.excellent
        else f" ({quantity(want.excellent)}–{quantity(want.below)}: acceptable)"
    )
