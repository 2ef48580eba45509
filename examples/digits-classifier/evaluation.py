"""The test set, once: metrics, per-class results, and where and how the model fails."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from dataset import Part, with_noise
from numpy.typing import NDArray
from settings import LABELS, RunSettings
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    confusion_matrix,
    precision_recall_fscore_support,
)
from training import Trained, logits_of

if TYPE_CHECKING:
    from dataset import Dataset, Labels
    from torch import nn

REFUSE_BELOW = 0.6
STRESS_NOISE = (0.0, 0.2, 0.3, 0.4, 0.5)


@dataclass(frozen=True)
class Evaluation:
    """Predictions on the test set, and everything that is said about them."""

    metrics: dict[str, Any]
    matrix: NDArray[np.int64]
    report_text: str
    report: dict[str, Any]
    labels: Labels
    predicted: Labels
    confidence: NDArray[np.float64]
    stress: dict[str, float]
    ink: dict[str, float]


def evaluate(trained: Trained, data: Dataset, settings: RunSettings) -> Evaluation:
    """Measure the best epoch's model on all three parts."""
    predicted, confidence = _predictions(trained.model, data.test)
    labels = data.test.labels
    matrix = confusion_matrix(labels, predicted, labels=range(len(LABELS)))
    return Evaluation(
        metrics=_metrics(trained, data, settings, predicted, matrix),
        matrix=matrix,
        report_text=classification_report(labels, predicted, target_names=LABELS, digits=4),
        report=_plain(classification_report(labels, predicted, target_names=LABELS, output_dict=True)),
        labels=labels,
        predicted=predicted,
        confidence=confidence,
        stress=_stress(trained.model, data.test, settings.seed),
        ink=_by_ink(data.test, predicted),
    )


def accuracy(model: nn.Module, part: Part) -> float:
    """Share of a part's images that the model labels right."""
    return float(accuracy_score(part.labels, _predictions(model, part)[0]))


def interval(share: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share that was seen on `count` images."""
    z = 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + (z / (2 * count)) ** 2)
    return middle - half, middle + half


def _predictions(model: nn.Module, part: Part) -> tuple[Labels, NDArray[np.float64]]:
    probabilities = logits_of(model, part).double().softmax(1).numpy()
    return probabilities.argmax(1), probabilities.max(1)


def _metrics(
    trained: Trained, data: Dataset, settings: RunSettings, predicted: Labels, matrix: NDArray[np.int64]
) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "run_id": settings.run_id,
        "unit": "fraction",
        "seed": settings.seed,
        "epochs": len(trained.history),
        "best_epoch": trained.best.epoch,
        "train": {**_scores(trained.model, data.train), "loss": trained.best.train_loss},
        "val": {**_scores(trained.model, data.val), "loss": trained.best.val_loss},
        "test": _scores(trained.model, data.test),
        "per_class": _per_class(data.test.labels, predicted),
        "confusion_matrix": matrix.tolist(),
        "labels": list(LABELS),
    }


def _scores(model: nn.Module, part: Part) -> dict[str, float]:
    """Accuracy, and the unweighted mean over the classes of F1, precision and recall."""
    predicted, _ = _predictions(model, part)
    precision, recall, f1, _ = precision_recall_fscore_support(
        part.labels, predicted, average="macro", zero_division=0
    )
    values = {
        "accuracy": accuracy_score(part.labels, predicted),
        "f1": f1,
        "precision": precision,
        "recall": recall,
    }
    return {name: round(float(value), 6) for name, value in values.items()} | {"images": len(part)}


def _per_class(labels: Labels, predicted: Labels) -> dict[str, dict[str, float]]:
    columns = precision_recall_fscore_support(labels, predicted, labels=range(len(LABELS)), zero_division=0)
    return {
        label: {
            "precision": round(float(precision), 6),
            "recall": round(float(recall), 6),
            "f1": round(float(f1), 6),
            "support": int(support),
        }
        for label, precision, recall, f1, support in zip(LABELS, *columns, strict=True)
    }


def _stress(model: nn.Module, test: Part, seed: int) -> dict[str, float]:
    """Accuracy on the test set's clean images under other noise, and shifted by one pixel."""
    result = {}
    for sigma in STRESS_NOISE:
        images = with_noise(test.clean, sigma, seed + 1)
        result[f"sensor noise {sigma:.1f}"] = accuracy(model, Part(images, test.clean, test.labels))
    shifted = np.zeros_like(test.images)
    shifted[..., 1:] = test.images[..., :-1]
    result["shifted right by 1 pixel"] = accuracy(model, Part(shifted, test.clean, test.labels))
    return result


def _by_ink(test: Part, predicted: Labels) -> dict[str, float]:
    """Accuracy for the half of the writers' strokes with less ink, and for the half with more."""
    ink = test.clean.sum(axis=(1, 2, 3))
    light = ink < np.median(ink)
    right = test.labels == predicted
    return {"light strokes": float(right[light].mean()), "bold strokes": float(right[~light].mean())}


def _plain(value: Any) -> Any:
    """The same tree with Python's own numbers, rounded."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return round(float(value), 6)
