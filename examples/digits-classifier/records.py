"""What a run can be repeated from: its configuration and its exact requirements."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import yaml
from settings import LABELS, MODEL_NAME, RunSettings

IMPORTED = ("matplotlib", "numpy", "onnx", "onnxruntime", "PyYAML", "scikit-learn", "torch")
REQUIRED_BY_THEM = (
    "joblib",
    "ml_dtypes",
    "pillow",
    "protobuf",
    "scipy",
    "threadpoolctl",
    "typing_extensions",
)


def config(settings: RunSettings) -> str:
    """The settings under the headings that a reader of a training configuration expects."""
    flat = asdict(settings)

    def part(*names: str) -> dict[str, Any]:
        return {name: flat[name] for name in names}

    tree = {
        "run_id": settings.run_id,
        "model_name": MODEL_NAME,
        **part("version", "seed", "target_accuracy"),
        "data": {
            "source": "scikit-learn load_digits",
            "classes": list(LABELS),
            **part(
                "sensor_noise", "val_images", "test_images", "wrong_label_share", "validation_in_training"
            ),
            "stratified": True,
        },
        "model": {"kind": "cnn", **part("channels", "dropout")},
        "optimiser": {"name": "AdamW", **part("learning_rate", "weight_decay")},
        "training": part("batch_size", "max_epochs", "patience") | {"stop_on": "val_loss", "threads": 1},
        "export": {"formats": ["onnx", "torchscript"], **part("opset", "normalisation_in_export")},
        "load_test": {"requests": settings.load_requests, "connections": settings.load_connections},
    }
    text: str = yaml.safe_dump(tree, sort_keys=False)
    return text


def requirements(settings: RunSettings) -> str:
    """Exact pins of what this program imports and what that needs; local build tags are left out."""
    pins = {name: f"{name}=={version(name).split('+')[0]}" for name in IMPORTED + REQUIRED_BY_THEM}
    if settings.loose_requirement is not None:
        name = next(name for name in pins if settings.loose_requirement.startswith(name))
        pins[name] = settings.loose_requirement
    return "\n".join(sorted(pins.values(), key=str.lower)) + "\n"
