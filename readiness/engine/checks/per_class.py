"""`per-class`: no class is left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.outcome import Chart, Finding, Limit, Measurement, judged, quantity
from readiness.engine.readers import data, numbers
from readiness.engine.registry import Params, check
from readiness.engine.target import RunDirectory

AVERAGES = {"accuracy", "micro avg", "macro avg", "weighted avg", "samples avg"}
MAX_CLASSES = 1000
TOLERANCE = 0.01
HEADER = ["precision", "recall", "f1-score", "support"]


class PerClassParams(Params, frozen=True):
    """Per-class results under `key` of `file` (or the whole file); a confusion matrix under `confusion`."""

    file: str
    key: str = ""
    f1_above: float = 0.7
    recall_at_least: float | None = 0.5
    confusion: str = ""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class: F1 and recall as fractions."""

    name: str
    f1: float
    recall: float


@check("per-class", title="Every class performs")
def per_class(want: PerClassParams, run: RunDirectory) -> Finding:
    """Reads precision, recall and F1 of every class, from a classification report (as JSON or text) or a
    metrics file, and compares the weakest class with the limits.

    Fails when any F1 is not above its limit, when any class is recalled too seldom, or when the confusion
    matrix contradicts the report. Look at the rows of the confusion matrix of the weakest class: collect more
    examples of it, or correct their labels.

    ```yaml check
    per-class: {file: results/production/metrics.json, key: per_class, confusion: confusion_matrix}
    ```
    """
    scores = _scores(want, run)
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
    charts = [_bars(want, scores), *_matrix(want, run, scores)]
    needs = f"needs > {quantity(want.f1_above)} for every class"
    said = f"Lowest F1 {quantity(weakest.f1)} (class “{weakest.name}”), {needs}"
    recalls = [m for m in measured if m.name.startswith("Lowest recall") and m.ok is False]
    if recalls:
        lowest_recall = recalls[0]
        said = f"{lowest_recall.name} {lowest_recall.observed}, needs {lowest_recall.expected}; l{said[1:]}"
    return judged(measured, said, charts=charts, advice="Look at what the weakest class is confused with.")


def _scores(want: PerClassParams, run: RunDirectory) -> list[ClassScore]:
    if want.file.endswith(".txt"):
        rows = _text_rows(run.read_text(want.file), want.file)
    else:
        loaded = data.load(run, want.file)
        rows = data.lookup(loaded, want.key, want.file) if want.key else loaded
    if not isinstance(rows, Mapping):
        raise BadContent(f"{want.file} does not map classes to results.", "Write {class: {f1, recall, …}}.")
    scores = [_score(str(name), row, want.file) for name, row in rows.items() if str(name) not in AVERAGES]
    if not scores:
        raise NotFound(f"{want.file} names no class.", "Write one entry for each class.")
    if len(scores) > MAX_CLASSES:
        raise BadContent(f"{want.file} names {len(scores)} classes; at most {MAX_CLASSES} are read.", "")
    return scores


def _score(name: str, row: Any, file: str) -> ClassScore:
    if not isinstance(row, Mapping):
        raise BadContent(f"{file}: class {name} is not an object with recall and F1.", "")
    f1 = row.get("f1-score", row.get("f1", row.get("f1_score")))
    if f1 is None or row.get("recall") is None:
        raise NotFound(
            f"{file}: class {name} lacks {'F1' if f1 is None else 'recall'}.", "Write both for each class."
        )
    return ClassScore(
        name, _share(f1, f"{file} · {name} · F1"), _share(row["recall"], f"{file} · {name} · recall")
    )


def _share(raw: Any, where: str) -> float:
    value = numbers.read(raw, where).value
    if not 0 <= value <= 1:
        raise BadContent(f"{where} is {value:g}, expected 0 to 1.", "Write shares as fractions.")
    return value


def _text_rows(text: str, file: str) -> dict[str, dict[str, Any]]:
    # sklearn's classification_report: name, precision, recall, f1-score, support. A line that is left out
    # would leave a class out, so every line must be understood.
    rows: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        cells = line.split()
        if not cells or cells == HEADER or cells[0] == "accuracy" or " ".join(cells[:2]) in AVERAGES:
            continue
        name, where = " ".join(cells[:-4]), f"{file} line {number}"
        if not name:
            raise BadContent(f"{where} is no row of a classification report: {line.strip()[:80]!r}.", "")
        if name in rows:
            raise BadContent(f"{where} names the class {name} a second time.", "Name each class once.")
        read = [numbers.read(cell, f"{where} ({name})", text=True).value for cell in cells[-4:]]
        rows[name] = dict(zip(HEADER, read, strict=True))
    return rows


def _bars(want: PerClassParams, scores: list[ClassScore]) -> Chart:
    values = {"labels": [s.name for s in scores], "values": [s.f1 for s in scores]}
    return Chart(kind="bars", title="F1 by class", data=values, limit=Limit(">", want.f1_above))


def _matrix(want: PerClassParams, run: RunDirectory, scores: list[ClassScore]) -> list[Chart]:
    if not want.confusion:
        return []
    rows = data.lookup(data.load(run, want.file), want.confusion, want.file)
    size = len(scores)
    square = (
        isinstance(rows, list)
        and len(rows) == size
        and all(isinstance(r, list) and len(r) == size for r in rows)
    )
    if not square or not all(
        isinstance(n, int) and not isinstance(n, bool) and n >= 0 for r in rows for n in r
    ):
        raise BadContent(f"{want.file} · {want.confusion} is not a {size} × {size} table of counts.", "")
    for position, (score, row) in enumerate(zip(scores, rows, strict=True)):
        total = sum(row)
        counted = row[position] / total if total else 0.0
        if abs(counted - score.recall) > TOLERANCE:
            raise BadContent(
                f"{want.file}: the confusion matrix gives class {score.name} a recall of {counted:.3f},"
                f" the report says {score.recall:.3f}.",
                "Both must come from the same evaluation.",
            )
    shown = {"labels": [s.name for s in scores], "rows": rows}
    return [Chart(kind="matrix", title="Confusion matrix (rows: true class)", data=shown)]
