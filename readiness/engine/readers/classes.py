"""Results by class: from a classification report (JSON, YAML or text), or from a confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import data, numbers
from readiness.engine.target import RunDirectory

AVERAGES = {"accuracy", "micro avg", "macro avg", "weighted avg", "samples avg"}
MAX_CLASSES = 1000
TOLERANCE = 0.01
HEADER = ["precision", "recall", "f1-score", "support"]

Matrix = list[list[int]]


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class: F1 and recall as fractions."""

    name: str
    f1: float
    recall: float


def report(run: RunDirectory, file: str, key: str) -> list[ClassScore]:
    """The classes of a report under `key` (or the whole file); a `.txt` file is sklearn's printed report.

    Raises BadContent for what is no report, NotFound for missing classes, F1 or recall.
    """
    if file.endswith(".txt"):
        rows = _text_rows(run.read_text(file), file)
    else:
        loaded = data.load(run, file)
        rows = data.lookup(loaded, key, file) if key else loaded
    if not isinstance(rows, Mapping):
        raise BadContent(f"{file} does not map classes to results.", "Write {class: {f1, recall, …}}.")
    scores = [_score(str(name), row, file) for name, row in rows.items() if str(name) not in AVERAGES]
    if not scores:
        raise NotFound(f"{file} names no class.", "Write one entry for each class.")
    _check_count(len(scores), file)
    return scores


def _check_count(count: int, file: str) -> None:
    if count > MAX_CLASSES:
        raise BadContent(f"{file} names {count} classes; at most {MAX_CLASSES} are read.", "")


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


def matrix(run: RunDirectory, file: str, key: str) -> Matrix:
    """A confusion matrix (rows: true class, columns: predicted class). Raises BadContent, NotFound."""
    rows = data.lookup(data.load(run, file), key, file)
    square = isinstance(rows, list) and all(isinstance(r, list) and len(r) == len(rows) for r in rows)
    if not (square and rows):
        raise BadContent(f"{file} · {key} is not a square table of counts.", "")
    _check_count(len(rows), file)
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for row in rows for n in row):
        raise BadContent(f"{file} · {key} is not a square table of counts.", "Write whole numbers from 0.")
    return [list(row) for row in rows]


def labels(run: RunDirectory, file: str, key: str, count: int) -> list[str]:
    """`count` different names under `key`, or "0", "1", … without a key. Raises BadContent, NotFound."""
    if not key:
        return [str(position) for position in range(count)]
    names = data.lookup(data.load(run, file), key, file)
    if not (isinstance(names, list) and len(names) == count == len({str(name) for name in names})):
        raise BadContent(f"{file} · {key} does not name {count} classes.", "Write one name for each class.")
    return [str(name) for name in names]


def counted(rows: Matrix, names: list[str], where: str) -> list[ClassScore]:
    """F1 and recall of every class of a confusion matrix. Raises BadContent for one without examples."""
    scores = []
    for position, (name, row) in enumerate(zip(names, rows, strict=True)):
        if not sum(row):
            raise BadContent(f"{where} has no example of class {name}.", "Evaluate on all classes.")
        right = row[position]
        f1 = 2 * right / (sum(row) + sum(other[position] for other in rows))
        scores.append(ClassScore(name, f1, right / sum(row)))
    return scores


def check_agreement(rows: Matrix, scores: list[ClassScore], file: str) -> None:
    """Raise BadContent when a confusion matrix does not give the report's recalls."""
    if len(rows) != len(scores):
        raise BadContent(
            f"{file}: the confusion matrix has {len(rows)} classes, the report {len(scores)}.",
            "Both must come from the same evaluation.",
        )
    for position, (score, row) in enumerate(zip(scores, rows, strict=True)):
        recall = row[position] / sum(row) if sum(row) else 0.0
        if abs(recall - score.recall) > TOLERANCE:
            raise BadContent(
                f"{file}: the confusion matrix gives class {score.name} a recall of {recall:.3f},"
                f" the report says {score.recall:.3f}.",
                "Both must come from the same evaluation.",
            )
