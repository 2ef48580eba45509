"""`per-class`: no class is left behind."""

from __future__ import annotations

from readiness.engine.outcome import Chart, Finding, Limit, Measurement, judged, quantity
from readiness.engine.readers import classes, confusion, data
from readiness.engine.readers.classes import ClassScore
from readiness.engine.readers.confusion import Matrix
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory


class PerClassParams(Params, frozen=True):
    """Per-class results under `key` of `file` (or the whole file); a confusion matrix under `confusion`,
    which is a key of `file` or a CSV file of its own.

    With a key as `confusion` and no `key`, the results are computed from the matrix; `labels` names its
    classes.
    """

    file: str
    key: str = ""
    f1_above: float = 0.7
    recall_at_least: float | None = 0.5
    confusion: str = ""
    labels: str = ""

    def __post_init__(self) -> None:
        if self.labels and (self.key or not self.confusion):
            raise ValueError("`labels` names the classes of `confusion` where there is no `key`")


@check("per-class", title="Every class performs")
def per_class(want: PerClassParams, run: RunDirectory) -> Finding:
    """Reads precision, recall and F1 of every class, from scikit-learn's classification report (as dict in
    JSON, YAML or CSV, or as printed text) or a metrics file, and compares the weakest class with the limits.

    A confusion matrix alone is enough: a list under a key of the file, or a CSV file of counts, with the
    classes' names in its first row and column or without (rows: true class). Fails when any F1 is not above
    its limit, when any class is recalled too seldom, or when the confusion matrix or the averages contradict
    the classes: `macro avg` must be over as many examples, with their mean F1. Look at the rows of the
    confusion matrix of the weakest class: collect more examples of it, or correct their labels.

    ```yaml check
    per-class: {file: results/production/metrics.json, key: per_class, confusion: confusion_matrix}
    ```
    """
    scores, matrix = _results(want, run)
    weakest = min(scores, key=lambda s: s.f1)
    measured = [
        Measurement(
            name=f"F1 of class {s.name}", value=s.f1, limit=Limit(">", want.f1_above), source=want.file
        )
        for s in scores
    ]
    if want.recall_at_least is not None:
        limit = Limit(">=", want.recall_at_least)
        lowest = min(scores, key=lambda s: s.recall)
        measured.append(
            Measurement(
                name=f"Lowest recall (class {lowest.name})",
                value=lowest.recall,
                limit=limit,
                source=want.file,
            )
        )
    charts = [_bars(want, scores), *([_table(matrix, scores)] if matrix else [])]
    needs = f"needs > {quantity(want.f1_above)} for every class"
    said = f"Lowest F1 {quantity(weakest.f1)} (class “{weakest.name}”), {needs}"
    recalls = [m for m in measured if m.name.startswith("Lowest recall") and m.ok is False]
    if recalls:
        lowest_recall = recalls[0]
        said = f"{lowest_recall.name} {lowest_recall.observed}, needs {lowest_recall.expected}; l{said[1:]}"
    return judged(measured, said, charts=charts, advice="Look at what the weakest class is confused with.")


def _results(want: PerClassParams, run: RunDirectory) -> tuple[list[ClassScore], Matrix]:
    matrix, names, where = _matrix(want, run)
    if not matrix:
        return classes.report(run, want.file, want.key), []
    if where == want.file or not (want.key or classes.is_table(where)):
        named = names or classes.labels(run, want.file, want.labels, len(matrix))
        return classes.counted(matrix, named, where), matrix
    scores = classes.report(run, want.file, want.key)
    classes.check_agreement(matrix, names, scores, where)
    return scores, matrix


def _matrix(want: PerClassParams, run: RunDirectory) -> tuple[Matrix, list[str] | None, str]:
    """The matrix, the names that its own file gives, and where it stands; an empty one for none."""
    own = want.confusion if classes.is_table(want.confusion) else want.file
    if classes.is_table(own):
        rows = data.csv_rows(run, own)
        if own == want.confusion or classes.is_matrix(rows):
            matrix, names = confusion.of_table(rows, own)
            return matrix, None if names == [str(n) for n in range(len(matrix))] else names, own
    if not want.confusion:
        return [], None, ""
    return confusion.of_key(run, want.file, want.confusion), None, f"{want.file} · {want.confusion}"


def _bars(want: PerClassParams, scores: list[ClassScore]) -> Chart:
    values = {"labels": [s.name for s in scores], "values": [s.f1 for s in scores]}
    return Chart(kind="bars", title="F1 by class", data=values, limit=Limit(">", want.f1_above))


def _table(matrix: Matrix, scores: list[ClassScore]) -> Chart:
    shown = {"labels": [s.name for s in scores], "rows": matrix}
    return Chart(kind="matrix", title="Confusion matrix (rows: true class)", data=shown)
