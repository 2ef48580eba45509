"""Results by class: from a classification report (JSON, YAML, CSV or text), or from a confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import confusion, data, numbers, plain_text, sklearn_report
from readiness.engine.readers.confusion import Matrix
from readiness.engine.readers.sklearn_report import AVERAGES, HEADER
from readiness.engine.target import RunDirectory

TOLERANCE = 0.01
_OVERALL = AVERAGES | {"accuracy"}
_F1 = ("f1-score", "f1", "f1_score")


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One class: F1 and recall as fractions."""

    name: str
    f1: float
    recall: float


def is_table(file: str) -> bool:
    """Whether a file is a table of text cells."""
    return PurePosixPath(file).suffix.lower() in (".csv", ".tsv")


def is_matrix(rows: list[list[str]]) -> bool:
    """Whether the rows of a CSV file are a confusion matrix, not a report with a column `recall`."""
    return "recall" not in rows[0]


def report(run: RunDirectory, file: str, key: str) -> list[ClassScore]:
    """The classes of a report under `key` (or the whole file); a `.txt` file is sklearn's printed report.

    Raises BadContent for what is no report or contradicts its own averages, NotFound for missing classes,
    F1 or recall.
    """
    if is_table(file):
        rows = _of_table(data.read_csv(run, file), file)
    elif file.endswith(".txt"):
        rows = sklearn_report.parse(plain_text.read(run, file), file)
    else:
        loaded = data.load(run, file)
        rows = data.lookup(loaded, key, file) if key else loaded
    if not isinstance(rows, Mapping):
        raise BadContent(
            f"{file} does not map classes to results.",
            "Write {class: {f1, recall, …}}; `confusion` names a key or a CSV file with a confusion matrix.",
        )
    named = {str(name): row for name, row in rows.items()}
    own = {name: row for name, row in named.items() if name not in _OVERALL}
    scores = [_score(name, row, file) for name, row in own.items()]
    if not scores:
        raise NotFound(f"{file} names no class.", "Write one entry for each class.")
    confusion.check_count(len(scores), file)
    _check_averages(named, own, scores, file)
    return scores


def _of_table(table: tuple[list[str], list[list[str]]], file: str) -> dict[str, dict[str, Any]]:
    # pandas: DataFrame(classification_report(…, output_dict=True)).transpose().to_csv()
    header, body = table
    rows: dict[str, dict[str, Any]] = {}
    for number, (name, *cells) in enumerate(body, 2):
        if name in rows:
            raise BadContent(f"{file} row {number} names {name} a second time.", "Name each class once.")
        rows[name] = {
            column: numbers.read(cell, f"{file} row {number} · {column}", text=True).value
            for column, cell in zip(header[1:], cells, strict=True)
            if column in (*_F1, *HEADER) and cell
        }
    return rows


def _score(name: str, row: Any, file: str) -> ClassScore:
    if not isinstance(row, Mapping):
        raise BadContent(f"{file}: class {name} is not an object with recall and F1.", "")
    f1, recall = _f1(row), row.get("recall")
    if f1 is None or recall is None:
        raise NotFound(
            f"{file}: class {name} lacks {'F1' if f1 is None else 'recall'}.", "Write both for each class."
        )
    return ClassScore(name, _share(f1, f"{file} · {name} · F1"), _share(recall, f"{file} · {name} · recall"))


def _f1(row: Mapping[str, Any]) -> Any:
    return next((row[name] for name in _F1 if row.get(name) is not None), None)


def _share(raw: Any, where: str) -> float:
    value = numbers.read(raw, where).value
    if not 0 <= value <= 1:
        raise BadContent(f"{where} is {value:g}, expected 0 to 1.", "Write shares as fractions.")
    return value


def _check_averages(
    named: Mapping[str, Any], own: Mapping[str, Any], scores: list[ClassScore], file: str
) -> None:
    # A report that lost a class still carries the averages over all of them.
    average = named.get("macro avg")
    if not isinstance(average, Mapping):
        return
    total, counts = average.get("support"), [row.get("support") for row in own.values()]
    if _are_counts([total, *counts]) and sum(counts) != total:
        raise BadContent(
            f"{file}: the classes' support adds up to {sum(counts):g}, macro avg says {total:g}.",
            "Write the report of all classes.",
        )
    f1, mean = _f1(average), sum(score.f1 for score in scores) / len(scores)
    if f1 is not None and abs(_share(f1, f"{file} · macro avg · F1") - mean) > TOLERANCE:
        raise BadContent(
            f"{file}: the classes' mean F1 is {mean:.3f}, macro avg says {f1:g}.",
            "Write the report of all classes.",
        )


def _are_counts(values: list[Any]) -> bool:
    return all(isinstance(n, int | float) and not isinstance(n, bool) for n in values)


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


def check_agreement(rows: Matrix, names: list[str] | None, scores: list[ClassScore], file: str) -> None:
    """Raise BadContent when a confusion matrix (with its own names) does not give the report's figures."""
    if len(rows) != len(scores):
        raise BadContent(
            f"{file}: the confusion matrix has {len(rows)} classes, the report {len(scores)}.",
            "Both must come from the same evaluation.",
        )
    if names is not None and names != [score.name for score in scores]:
        raise BadContent(
            f"{file}: the confusion matrix and the report name other classes, or in another order.",
            "Both must come from the same evaluation.",
        )
    for score, real in zip(scores, counted(rows, [s.name for s in scores], file), strict=True):
        for what, said, found in (("a recall", score.recall, real.recall), ("an F1", score.f1, real.f1)):
            if abs(said - found) > TOLERANCE:
                raise BadContent(
                    f"{file}: the confusion matrix gives class {score.name} {what} of {found:.3f},"
                    f" the report says {said:.3f}.",
                    "Both must come from the same evaluation.",
                )
