"""What the test set showed, written down: metrics, test report, confusion matrix, classification report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from evaluation import REFUSE_BELOW, Evaluation, interval
from matplotlib.figure import Figure
from settings import (
    CONFUSION_PNG,
    LABELS,
    METRICS,
    REPORT_JSON,
    REPORT_TEXT,
    TEST_RESULTS,
    RunPaths,
    RunSettings,
)
from wording import fill, percent, points, table

if TYPE_CHECKING:
    from pathlib import Path

CONFIDENT = 0.9
EXCELLENT_GAP, LARGEST_GAP = 0.02, 0.05


def write(evaluated: Evaluation, settings: RunSettings, paths: RunPaths) -> None:
    """Write all files about the test set."""
    paths.file(METRICS).write_text(json.dumps(evaluated.metrics, indent=2) + "\n", encoding="utf-8")
    paths.file(REPORT_TEXT).write_text(evaluated.report_text, encoding="utf-8")
    paths.file(REPORT_JSON).write_text(json.dumps(evaluated.report, indent=2) + "\n", encoding="utf-8")
    paths.file(TEST_RESULTS).write_text(_test_results(evaluated, settings), encoding="utf-8")
    _draw_confusion(evaluated, settings, paths.file(CONFUSION_PNG))


def confusions(evaluated: Evaluation) -> list[tuple[str, str, int, float]]:
    """True label, predicted label, count and share of the true label's images; most frequent first."""
    matrix = evaluated.matrix
    pairs = [
        (
            LABELS[row],
            LABELS[column],
            int(matrix[row, column]),
            float(matrix[row, column] / matrix[row].sum()),
        )
        for row, column in np.ndindex(*matrix.shape)
        if row != column and matrix[row, column]
    ]
    return sorted(pairs, key=lambda pair: -pair[2])


def target_sentence(evaluated: Evaluation, settings: RunSettings) -> str:
    """Whether the target is met, and by how much."""
    margin = evaluated.metrics["test"]["accuracy"] - settings.target_accuracy
    how = "met with a margin of" if margin >= 0 else "missed by"
    return f"The target of {percent(settings.target_accuracy)} test accuracy is {how} {points(abs(margin))}."


def gap_sentence(evaluated: Evaluation) -> str:
    """How far validation and test lie apart, and what that means."""
    gap = evaluated.metrics["val"]["accuracy"] - evaluated.metrics["test"]["accuracy"]
    if abs(gap) < EXCELLENT_GAP:
        meaning = "small enough to come from the choice of images alone"
    elif abs(gap) < LARGEST_GAP:
        meaning = "acceptable; the best epoch was chosen on the validation images, which flatters the model"
    else:
        meaning = "too large: the validation accuracy does not tell what the model does on new images"
    where = "below" if gap >= 0 else "above"
    return f"Test accuracy lies {points(abs(gap))} {where} validation accuracy. That is {meaning}."


def _test_results(evaluated: Evaluation, settings: RunSettings) -> str:
    metrics = evaluated.metrics
    test, val = metrics["test"], metrics["val"]
    low, high = interval(test["accuracy"], test["images"])
    names = {"Accuracy": "accuracy", "F1": "f1", "Precision": "precision", "Recall": "recall"}
    return fill(
        "test_results.md",
        {
            "run_id": settings.run_id,
            "best_epoch": metrics["best_epoch"],
            "images": test["images"],
            "metrics": table(
                ["Metric", "Value"], [(f"Test {n}", percent(test[k])) for n, k in names.items()]
            ),
            "low": percent(low),
            "high": percent(high),
            "parts": table(
                ["Metric", "Validation", "Test", "Difference"],
                [(n, percent(val[k]), percent(test[k]), points(val[k], test[k])) for n, k in names.items()],
            ),
            "val_images": val["images"],
            "gap": gap_sentence(evaluated),
            "target": target_sentence(evaluated, settings),
            "targets": _targets(evaluated, settings),
        }
        | _class_values(evaluated)
        | _failure_values(evaluated),
    )


def _class_values(evaluated: Evaluation) -> dict[str, str]:
    per_class = evaluated.metrics["per_class"]
    rows = [
        (label, percent(row["precision"]), percent(row["recall"]), percent(row["f1"]), row["support"])
        for label, row in per_class.items()
    ]
    by_f1 = sorted(LABELS, key=lambda label: per_class[label]["f1"])
    matrix_rows = [
        (f"**{label}**", *row) for label, row in zip(LABELS, evaluated.matrix.tolist(), strict=True)
    ]
    return {
        "per_class": table(["Class", "Precision", "Recall", "F1", "Images"], rows),
        "weakest": by_f1[0],
        "weakest_f1": percent(per_class[by_f1[0]]["f1"]),
        "strongest": by_f1[-1],
        "strongest_f1": percent(per_class[by_f1[-1]]["f1"]),
        "matrix": table(["True class", *(f"predicted {label}" for label in LABELS)], matrix_rows),
    }


def _failure_values(evaluated: Evaluation) -> dict[str, object]:
    wrong = evaluated.labels != evaluated.predicted
    kept = evaluated.confidence >= REFUSE_BELOW
    rows = [
        (true, predicted, count, percent(share)) for true, predicted, count, share in confusions(evaluated)
    ]
    return {
        "wrong": int(wrong.sum()),
        "confusions": table(["True class", "Predicted", "Images", "Share of the class"], rows[:5]),
        "confidence_right": percent(evaluated.confidence[~wrong].mean()),
        "confidence_wrong": percent(evaluated.confidence[wrong].mean()),
        "confident_wrong": int((wrong & (evaluated.confidence >= CONFIDENT)).sum()),
        "refuse_below": f"{REFUSE_BELOW:.1f}",
        "refused": percent(1 - kept.mean()),
        "kept_accuracy": percent(1 - wrong[kept].mean()),
        "stress": table(["Condition", "Accuracy"], [(n, percent(v)) for n, v in evaluated.stress.items()]),
    }


def _targets(evaluated: Evaluation, settings: RunSettings) -> str:
    metrics = evaluated.metrics
    worst_f1 = min(row["f1"] for row in metrics["per_class"].values())
    worst_recall = min(row["recall"] for row in metrics["per_class"].values())
    gap = abs(metrics["val"]["accuracy"] - metrics["test"]["accuracy"])
    accuracy, target = metrics["test"]["accuracy"], settings.target_accuracy
    rows = [
        ("Test accuracy", f"at least {percent(target)}", percent(accuracy), accuracy >= target),
        ("Validation to test", f"under {points(LARGEST_GAP)}", points(gap), gap < LARGEST_GAP),
        ("Weakest class, F1", "over 70.0 %", percent(worst_f1), worst_f1 > 0.7),
        ("Weakest class, recall", "at least 50.0 %", percent(worst_recall), worst_recall >= 0.5),
    ]
    return table(
        ["Requirement", "Needed", "Observed", "Met"], [(*row, "yes" if met else "no") for *row, met in rows]
    )


def _draw_confusion(evaluated: Evaluation, settings: RunSettings, path: Path) -> None:
    matrix = evaluated.matrix
    figure = Figure(figsize=(4.6, 4.2), dpi=100)
    axes = figure.subplots()
    axes.imshow(matrix, cmap="Blues", vmin=0)
    for row, column in np.ndindex(*matrix.shape):
        dark = matrix[row, column] > matrix.max() / 2
        axes.text(
            column,
            row,
            str(matrix[row, column]),
            ha="center",
            va="center",
            color="white" if dark else "black",
        )
    axes.set_xticks(range(len(LABELS)), LABELS)
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set_xlabel("Predicted class")
    axes.set_ylabel("True class")
    accuracy = percent(evaluated.metrics["test"]["accuracy"])
    axes.set_title(f"{settings.run_id}\n{int(matrix.sum())} test images, accuracy {accuracy}", fontsize=10)
    figure.tight_layout()
    figure.savefig(path, metadata={"Software": None})
