"""The files that tools write (tests/fixtures/readers), read by the kinds that use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.engine import runner
from readiness.engine.checklist import CheckSpec
from readiness.engine.readers import pythons, requirements
from readiness.engine.target import RunDirectory

FILES = Path(__file__).parents[2] / "fixtures" / "readers"
MLFLOW = "mlflow/mlruns/0/5a1c9f20d7e44b6f9f0e3c6b2a7d8e91"


@pytest.fixture
def run():
    """The fixtures as one run."""
    return RunDirectory(FILES)


def found(run, kind, **params):
    """The finding of one check."""
    return runner.run_check(CheckSpec(kind=kind, params=params), run, {}, required=True).finding


@pytest.mark.parametrize(
    ("file", "key", "pick", "value", "place"),
    [
        ("keras/history.json", "val_accuracy", "last", 84.33, "val_accuracy.2"),
        ("keras/history.json", "val_accuracy", "max", 84.33, "val_accuracy.2"),
        ("keras/frame.json", "val_accuracy", "first", 61.02, "val_accuracy.0"),
        ("keras/training.csv", "accuracy", "last", 85.74, "accuracy (row 4)"),
        ("keras/training.csv", "val_accuracy", "max", 79.84, "val_accuracy (row 3)"),
        ("lightning/metrics.csv", "val_acc", "last", 90.2, "val_acc (row 7)"),
        ("lightning/metrics.csv", "test_acc", None, 89.8, "test_acc (row 9)"),
        ("huggingface/all_results.json", "eval_accuracy", None, 91.124, "eval_accuracy"),
        ("huggingface/trainer_state.json", "best_metric", None, 91.124, "best_metric"),
        ("huggingface/trainer_state.json", "log_history.eval_accuracy", "last", 90.862, "log_history.4.eval"),
        ("huggingface/trainer_state.json", "log_history.eval_accuracy", "max", 91.124, "log_history.3.eval"),
        ("huggingface/trainer_state.json", "log_history.1.eval_accuracy", None, 90.138, "log_history.1."),
        ("huggingface/README.md", "model-index.glue.accuracy", None, 91.124, "model-index.glue.accuracy"),
        ("huggingface/README.md", "model-index.Shop reviews.Accuracy", None, 87.12, "model-index.Shop"),
        ("huggingface/README.md", "model-index.f1", None, 91.09, "model-index.f1"),
        ("huggingface/README.md", "Accuracy", None, 91.12, "Accuracy"),
        ("sklearn/report.txt", "accuracy", None, 86, "accuracy"),
        ("sklearn/report.txt", "macro avg.f1-score", None, 87, "macro avg.f1-score"),
        ("sklearn/report.txt", "big dog.recall", None, 88, "big dog.recall"),
        ("sklearn/report.json", "weighted avg.f1-score", None, 86.44, "weighted avg"),
        ("jsonl/train.jsonl", "val.accuracy", "last", 86, "3.val.accuracy"),
        (MLFLOW, "val/acc", "last", 87.9, "val/acc (step 2)"),
        (MLFLOW, "metrics/val/acc", "max", 88.4, "metrics/val/acc (step 1)"),
        (MLFLOW, "old_acc", None, 90, "old_acc"),
        (MLFLOW, "train_loss", None, 51.2, "train_loss"),
        (MLFLOW, "tags/reported_accuracy", None, 82.8, "tags/reported_accuracy"),
        ("dvc/dvclive/metrics.json", "eval.acc", None, 89.73, "eval.acc"),
        ("dvc/dvclive/plots/metrics/train/acc.tsv", "acc", "last", 95.12, "acc (row 4)"),
    ],
)
def test_metric(run, file, key, pick, value, place):
    """Each value, with the place where it stood."""
    seen = found(run, "metric", file=file, key=key, unit="%", pick=pick, above=2)
    assert seen.outcome == "PASS", seen.message
    assert seen.measurements[0].value == pytest.approx(value, abs=0.006)
    assert seen.measurements[0].source.startswith(f"{file} · {place}")


@pytest.mark.parametrize(
    ("file", "key", "pick", "words"),
    [
        ("keras/history.json", "val_loss", "last", "val_loss.2 is nan"),
        ("keras/history.json", "val_loss", "min", "val_loss.2 is nan"),
        ("keras/history.json", "loss", None, "holds 3 values"),
        ("keras/training.csv", "val_accuracy", "last", "row 4 has accuracy, but no val_accuracy"),
        ("huggingface/trainer_state.json", "log_history.grad_norm", "max", "log_history.2.grad_norm is nan"),
        ("huggingface/trainer_state.json", "log_history.accuracy", "max", "has no log_history.accuracy"),
        ("huggingface/README.md", "model-index.accuracy", None, "Name the dataset"),
        ("huggingface/README.md", "model-index.recall", None, "has no model-index.recall"),
        (MLFLOW, "loss", "last", "loss (step 1) is nan"),
        (MLFLOW, "loss", "min", "loss (step 1) is nan"),
        (MLFLOW, "val/acc", None, "holds 3 values"),
        (MLFLOW, "accuracy", None, "has no accuracy"),
        ("dvc/dvclive/metrics.json", "acc", None, "has no acc"),
        ("lfs/metrics.json", "acc", None, "is a Git LFS pointer"),
        ("lfs/metrics.csv", "acc", None, "is a Git LFS pointer"),
        ("lfs/report.md", "oid sha256", None, "is a Git LFS pointer"),
    ],
)
def test_no_value(run, file, key, pick, words):
    """What is NaN, not there, or not chosen is said with its place, and never passes."""
    seen = found(run, "metric", file=file, key=key, pick=pick)
    assert seen.outcome == "FAIL"
    assert words in f"{seen.message} {seen.advice}"


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        (MLFLOW, "meta/status", "FINISHED"),
        (MLFLOW, "params/lr", "0.001"),
        (MLFLOW, "tags/mlflow.runName", "sedate-crane-42"),
        ("huggingface/README.md", "front-matter.license", "apache-2.0"),
        ("dvc/dvc.lock", "stages.train.params.params.yaml.train.seed", 20170428),
        ("dvc/dvc.lock", "stages.train.outs.0.md5", "46865edbf3d62fc5c039dd9d2b0567a4"),
    ],
)
def test_words(run, file, key, value):
    """Names and settings are compared as they stand."""
    assert found(run, "metric", file=file, key=key, equals=value).outcome == "PASS"


@pytest.mark.parametrize(
    "params",
    [
        {"file": "sklearn/report.txt"},
        {"file": "sklearn/report.json"},
        {"file": "sklearn/report.csv"},
        {"file": "sklearn/confusion.csv"},
        {"file": "sklearn/confusion_numpy.csv"},
        {"file": "sklearn/report.json", "confusion": "sklearn/confusion.csv"},
        {"file": "sklearn/report.csv", "confusion": "sklearn/confusion_numpy.csv"},
    ],
)
def test_per_class(run, params):
    """The weakest class is the same in every form."""
    seen = found(run, "per-class", **params)
    assert seen.outcome == "PASS", seen.message
    assert "Lowest F1 0.84" in seen.message


@pytest.mark.parametrize("file", ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml"])
def test_locks(run, file):
    """A package of an index and a full commit are pinned; a folder is not; the project itself is left out."""
    packages = requirements.read(run, f"locks/{file}")
    assert [(p.name, p.pinned) for p in packages] == [("numpy", True), ("tool", True), ("helper", False)]
    assert packages[0].version == "2.1.0"
    assert "helper" in found(run, "pins", files=[f"locks/{file}"]).message
    assert found(run, "pins", files=[f"locks/{file}"], allow=["Helper"]).outcome == "PASS"


@pytest.mark.parametrize(
    ("file", "names", "loose"),
    [
        ("conda/environment.yml", ["_libgcc_mutex", "python", "numpy", "pip", "torch"], ["pip"]),
        ("conda/conda-lock.yml", ["python", "torch"], []),
        ("conda/explicit.txt", ["_libgcc_mutex", "python", "typing-extensions"], []),
    ],
)
def test_conda(run, file, names, loose):
    """Conda's three forms."""
    packages = requirements.read(run, file)
    assert [p.name for p in packages] == names
    assert [p.name for p in packages if not p.pinned] == loose


@pytest.mark.parametrize(
    ("file", "spec", "good", "bad"),
    [
        ("conda/environment.yml", "=3.11.7=hab00c5b_1_cpython", "3.11.7", "3.11.8"),
        ("conda/conda-lock.yml", "==3.11.7", "3.11.7", "3.12.0"),
        ("locks/uv.lock", ">=3.11, <3.14", "3.13.1", "3.14.0"),
        ("locks/poetry.lock", "^3.11", "3.12.1", "3.10.2"),
        ("locks/pylock.toml", ">=3.11", "3.12", "3.9"),
        ("locks/Pipfile.lock", "3.11", "3.11.4", "3.12.0"),
    ],
)
def test_python(run, file, spec, good, bad):
    """The version of Python that each file asks for."""
    wanted = pythons.wanted(run, file)
    assert wanted.spec == spec
    assert (wanted.agrees(good), wanted.agrees(bad)) == (True, False)


@pytest.mark.parametrize("file", ["requirements.txt", "uv.lock"])
def test_pointer_instead_of_requirements(run, file):
    """A pointer names no requirement, and is called what it is."""
    assert "Git LFS pointer" in found(run, "pins", files=[f"lfs/{file}"]).message


@pytest.mark.parametrize(
    "params",
    [
        {"registry": "mlflow/mlruns", "version": 3, "stage": "staging", "alias": "champion"},
        {"registry": "mlflow/mlruns/models/digits/version-3", "version": "3"},
        {"registry": "mlflow/mlruns", "alias": "champion"},
        {"registry": "mlflow/fetched", "version": 3},
    ],
)
def test_registered(run, params):
    """MLflow's registry, one version of it, and a model that was fetched."""
    seen = found(run, "registered", name="digits", **params)
    assert seen.outcome == "PASS", seen.message
