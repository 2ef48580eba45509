"""Run directories in the shapes that published projects write, with their keys and spellings."""
# ruff: noqa: E501  # a table is read by its rows

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from readiness.engine.ready.validate import validate_readiness
from tests.engine.ready import runs

META = {
    "run_id": "run_clean",
    "status": "completed",
    "task": "sft",
    "base_model": "google/flan-t5-base",
    "device": "mps",
    "started_at": "2026-02-01T10:00:00Z",
    "completed_at": "2026-02-01T10:02:00Z",
    "duration_seconds": 120.0,
    "metrics": {"train_loss": 0.42},
    "config_hash": "sha256:" + "3c" * 32,
    "seed": 42,
    "run_name": "Clean Synthetic",
}
ENVIRONMENT = {"python": "3.11.7", "torch": "2.2.0", "platform": "Darwin", "arch": "arm64", "device": "mps"}
CONFIG = (
    "task: sft\nseed: 42\ndata_paths:\n  train: data/train.jsonl\ntraining:\n  num_epochs: 3\n  batch_size: 8\n"
    "  learning_rate: 0.0002\nlora:\n  enabled: true\n  r: 16\n  alpha: 32\n  dropout: 0.05\n"
)
EVALUATION = {
    "run_id": "run_clean",
    "num_examples": 10,
    "overall": {"exact_match": 0.6, "f1": 0.72},
    "slices": {"source": {"human": {"n": 2000, "exact_match": 0.6095, "f1": 0.7217}}},
    "hard_examples": [],
    "eval_duration_seconds": 1.23,
}
TRAINING = {
    "run_meta.json": META,
    "environment.json": ENVIRONMENT,
    "config.yaml": CONFIG,
    "eval/eval_results.json": EVALUATION,
}
GATE: dict[str, Any] = {
    "recommendation": "SHIP",
    "exit_code": 0,
    "confidence": 0.92,
    "reasons": ["F1 (0.7200) meets threshold (0.65)"],
    "risk_flags": [],
    "blocker_precedence": [],
    "metrics": {"f1": 0.72, "exact_match": 0.6},
    "baseline_metrics": {"f1": 0.7, "exact_match": 0.6},
    "deltas": {"f1": 0.02, "exact_match": 0.0},
}
DEMO: dict[str, Any] = {
    "manifest.json": {**runs.MANIFEST, "contracts": [{"name": "completeness", "min_row_count": 100}]},
    "decision.json": {
        "run_id": "run_001",
        "timestamp": "2025-01-20T12:00:01Z",
        "status": "PASS",
        "passed": True,
        "checks": {"completeness": "PASS", "schema": "PASS", "contamination": "PASS"},
        "summary": {"total": 3, "passed": 3, "warnings": []},
    },
    "environment.json": {
        "seed": 42,
        "versions": {"tool": "1.0.0", "python": "3.11.0"},
        "dependencies": {"numpy": "1.24.0"},
    },
    "redaction_audit.json": {
        "status": "PASS",
        "files_scanned": 3,
        "findings_count": 0,
        "findings_by_type": {},
        "summary": {"high_severity": 0, "medium_severity": 0, "low_severity": 0},
    },
    "train.csv": runs.ROWS,
}
# files; the statuses of the seven checks in order, by their first letters
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "a sealed training run": ({**TRAINING, **runs.sealed_with(TRAINING)}, "PPWWWPP"),
    "a training run with a gate": (
        {**TRAINING, **runs.sealed_with(TRAINING), "decision.json": GATE},
        "WPWWPPP",
    ),
    "a gate that says no": (
        {**TRAINING, **runs.sealed_with(TRAINING), "decision.json": {**GATE, "recommendation": "DONT_SHIP", "exit_code": 1}},
        "FPWWPPP",
    ),
    "a gate that met contamination": (
        {
            **TRAINING,
            **runs.sealed_with(TRAINING),
            "decision.json": {
                **GATE,
                "recommendation": "DONT_SHIP",
                "exit_code": 1,
                "risk_flags": ["contamination_fail", "regression_exceeded"],
            },
        },
        "FPWFFPP",
    ),
    "hashes without files": (
        {**TRAINING, "hashes.json": {"config_hash": "sha256:" + "c3" * 32, "hash_algorithm": "sha256"}},
        "PWWWWPP",
    ),
    "a whole validation run": (DEMO, "PPPPPPP"),
    "a transform's output": (
        {
            "manifest.json": {
                "dataset_id": "d",
                "version": "v1",
                "created_at": "2026-02-09T06:38:35Z",
                "files": [{"path": "dataset.jsonl", "split": "train", "sha256": "sha256:placeholder"}],
            },
            "dataset.jsonl": "{}\n",
        },
        "FFWWWWW",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_real_shapes(tmp_path: Path, case: str) -> None:
    """What each of the seven says of them."""
    files, letters = CASES[case]
    report = validate_readiness(runs.write(tmp_path, files))
    seen = "".join(check.status[0] for check in report.checks)
    assert seen == letters, [(c.name, c.status, c.message) for c in report.checks]
