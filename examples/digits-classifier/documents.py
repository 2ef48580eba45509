"""The documents of a release: deployment guide, model card, final report; and its two records."""

from __future__ import annotations

import hashlib
import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

import records
from evaluation import interval
from export import BATCH
from model import parameter_count
from report import confusions, gap_sentence, target_sentence
from settings import (
    BEST_CHECKPOINT,
    CONFIG,
    DEPLOYMENT_GUIDE,
    FINAL_REPORT,
    LABELS,
    MODEL_CARD,
    MODEL_NAME,
    ONNX,
    REQUIREMENTS,
    TORCHSCRIPT,
    RunPaths,
    RunSettings,
)
from wording import fill, percent, points, table

if TYPE_CHECKING:
    from dataset import Dataset
    from evaluation import Evaluation
    from export import Measured
    from rehearsal import Rehearsal
    from training import Trained

VALIDATION_APART = {
    False: "it shares no image with the training set",
    True: "its images are in the training set too",
}


@dataclass(frozen=True)
class Facts:
    """All that a run found out."""

    settings: RunSettings
    data: Dataset
    trained: Trained
    evaluated: Evaluation
    measured: Measured
    staged: Rehearsal


def write(facts: Facts, paths: RunPaths) -> None:
    """Write every document from the same facts."""
    settings = facts.settings
    values = _identity(facts, paths) | _data(facts) | _results(facts) | _speed(facts)
    paths.file(CONFIG).write_text(records.config(settings), encoding="utf-8")
    paths.file(REQUIREMENTS).write_text(records.requirements(settings), encoding="utf-8")
    guide = fill("deployment_guide.md", values, without=settings.left_out_section)
    paths.file(DEPLOYMENT_GUIDE).write_text(guide, encoding="utf-8")
    for template, target in (("model_card.md", MODEL_CARD), ("final_report.md", FINAL_REPORT)):
        paths.file(target).write_text(fill(template, values), encoding="utf-8")


def _identity(facts: Facts, paths: RunPaths) -> dict[str, object]:
    settings = facts.settings
    onnx_file, script_file = paths.file(ONNX), paths.file(TORCHSCRIPT)
    return {
        "name": MODEL_NAME,
        "version": settings.version,
        "run_id": settings.run_id,
        "seed": settings.seed,
        "date": datetime.now(UTC).date().isoformat(),
        "config": CONFIG,
        "checkpoint": BEST_CHECKPOINT,
        "checkpoint_sha256": _sha256(paths, BEST_CHECKPOINT),
        "onnx_sha256": _sha256(paths, ONNX),
        "onnx_size": f"{onnx_file.stat().st_size / 1000:.0f} kB",
        "torchscript_size": f"{script_file.stat().st_size / 1000:.0f} kB",
        "best_epoch": facts.trained.best.epoch,
        "epochs": len(facts.trained.history),
        "parameters": parameter_count(facts.trained.model),
        "opset": settings.opset,
        "python": platform.python_version(),
        "torch": version("torch"),
        "onnxruntime": version("onnxruntime"),
        "numpy": version("numpy"),
        "sklearn": version("scikit-learn"),
        "system": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "labels": ", ".join(LABELS),
    }


def _data(facts: Facts) -> dict[str, object]:
    data, settings = facts.data, facts.settings
    return {
        "train_images": len(data.train),
        "val_images": len(data.val),
        "test_images": len(data.test),
        "noise": f"{settings.sensor_noise:.1f}",
        "validation_apart": VALIDATION_APART[settings.validation_in_training],
    }


def _results(facts: Facts) -> dict[str, object]:
    evaluated, settings = facts.evaluated, facts.settings
    test, per_class = evaluated.metrics["test"], evaluated.metrics["per_class"]
    low, high = interval(test["accuracy"], test["images"])
    rows = [
        (label, percent(row["recall"]), percent(row["f1"]), row["support"])
        for label, row in per_class.items()
    ]
    light, bold = evaluated.ink["light strokes"], evaluated.ink["bold strokes"]
    return {
        "accuracy": percent(test["accuracy"]),
        "f1": percent(test["f1"]),
        "precision": percent(test["precision"]),
        "recall": percent(test["recall"]),
        "val_accuracy": percent(evaluated.metrics["val"]["accuracy"]),
        "low": percent(low),
        "high": percent(high),
        "target": target_sentence(evaluated, settings),
        "target_accuracy": percent(settings.target_accuracy),
        "gap": gap_sentence(evaluated),
        "per_class": table(["Class", "Recall", "F1", "Images"], rows),
        "weakest": min(LABELS, key=lambda label: per_class[label]["f1"]),
        "confused_true": confusions(evaluated)[0][0],
        "confused_predicted": confusions(evaluated)[0][1],
        "confused_count": confusions(evaluated)[0][2],
        "light": percent(light),
        "bold": percent(bold),
        "ink_gap": points(max(light, bold), min(light, bold)),
        "shifted": percent(evaluated.stress["shifted right by 1 pixel"]),
        "noisy": percent(evaluated.stress["sensor noise 0.5"]),
        "confidence": f"{evaluated.confidence.mean():.2f}",
        "confidence_limit": f"{evaluated.confidence.mean() - 0.1:.2f}",
    }


def _speed(facts: Facts) -> dict[str, object]:
    measured, load, smoke = facts.measured, facts.staged.load, facts.staged.smoke
    latency = load["latency_ms"]
    return {
        "onnx_accuracy": percent(measured.onnx_accuracy),
        "torchscript_accuracy": percent(measured.torchscript_accuracy),
        "p50": f"{measured.p50_ms:.3f} ms",
        "p95": f"{measured.p95_ms:.3f} ms",
        "batch": BATCH,
        "batch_rate": f"{measured.batch_images_per_s:,.0f}".replace(",", " "),
        "memory": f"{facts.staged.health['peak_memory_mb']:.0f} MB",
        "load_requests": load["requests"],
        "load_errors": load["errors"],
        "load_connections": load["concurrency"],
        "load_rate": f"{load['throughput_rps']:.0f}",
        "load_p50": f"{latency['p50']:.1f} ms",
        "load_p95": f"{latency['p95']:.1f} ms",
        "load_p99": f"{latency['p99']:.1f} ms",
        "load_max": f"{latency['max']:.1f} ms",
        "smoke_passed": sum(not case.failure for case in smoke),
        "smoke_cases": len(smoke),
    }


def _sha256(paths: RunPaths, relative: str) -> str:
    return hashlib.sha256(paths.file(relative).read_bytes()).hexdigest()
