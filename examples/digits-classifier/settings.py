"""What a run is told: every number that shapes it, and where it writes.

The regressed run is the same program with other settings. Each of its mistakes is one that teams make,
and each is carried out for real; no result is written by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MODEL_NAME = "digits-classifier"
LABELS = ("0", "1", "2", "3")
IMAGE_SIZE = 8
SOURCE = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """One run. Shares and accuracies are fractions of 1; sizes count images."""

    version: str = "1.4.0"
    seed: int = 42
    target_accuracy: float = 0.8

    test_images: int = 216
    val_images: int = 108
    sensor_noise: float = 0.3
    """Standard deviation of the simulated sensor's noise, in units of full brightness."""

    channels: int = 8
    dropout: float = 0.2
    learning_rate: float = 0.003
    weight_decay: float = 0.01
    batch_size: int = 16
    max_epochs: int = 60
    patience: int = 8
    opset: int = 17

    load_requests: int = 1500
    load_connections: int = 4

    wrong_label_share: float = 0.0
    """Share of training labels that a faulty relabelling job moved to the next class."""
    validation_in_training: bool = False
    """The validation images were merged into the training set."""
    normalisation_in_export: bool = True
    """False: the exported graph lacks the normalisation that the model was trained behind."""
    last_checkpoint_written: bool = True
    """False: the disk was full, and the last checkpoint stayed empty."""
    left_out_section: str | None = None
    """A heading that nobody wrote in the deployment guide."""
    loose_requirement: str | None = None
    """A requirement line that took the place of the exact pin."""

    @property
    def run_id(self) -> str:
        """A name that says model, version and seed."""
        return f"{MODEL_NAME}-{self.version}-seed{self.seed}"


GOOD = RunSettings()
REGRESSED = RunSettings(
    version="1.5.0",
    max_epochs=25,
    wrong_label_share=0.4,
    validation_in_training=True,
    normalisation_in_export=False,
    last_checkpoint_written=False,
    left_out_section="Troubleshooting",
    loose_requirement="numpy>=1.26",
)


@dataclass(frozen=True)
class RunPaths:
    """The places of a run's files, where the checklist looks for them."""

    root: Path

    def file(self, relative: str) -> Path:
        """The absolute path of `relative`; its directory exists afterwards."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


LOG = "results/production/training.log"
HISTORY = "results/production/history.csv"
METRICS = "results/production/metrics.json"
TEST_RESULTS = "results/production/test_results.md"
CONFUSION_PNG = "results/production/confusion_matrix.png"
REPORT_TEXT = "results/production/classification_report.txt"
REPORT_JSON = "results/production/classification_report.json"
BEST_CHECKPOINT = "checkpoints/production/final_model_best.pt"
LAST_CHECKPOINT = "checkpoints/production/final_model_last.pt"
ONNX = "models/production_model.onnx"
TORCHSCRIPT = "models/production_model.pt"
TEST_SET = "data/test_set.npz"
DEPLOYMENT_GUIDE = "docs/deployment_guide.md"
MODEL_CARD = "docs/model_card.md"
FINAL_REPORT = "final_report.md"
CONFIG = "configs/final_config.yaml"
REQUIREMENTS = "requirements.txt"
HEALTH = "staging/health.json"
SMOKE_TESTS = "staging/smoke-tests.xml"
LOAD_TEST = "staging/load-test.json"
SERVICE_LOG = "staging/service.log"
