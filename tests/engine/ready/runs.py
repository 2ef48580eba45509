"""Run directories of both layouts, made from tables of files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROWS = "id,text,label\n" + "".join(f"{n},row number {n},{n % 2}\n" for n in range(20))
HASH = hashlib.sha256(ROWS.encode()).hexdigest()

MANIFEST: dict[str, Any] = {
    "run_id": "run_001",
    "timestamp": "2025-01-20T12:00:00Z",
    "version": "1.0.0",
    "contracts": [{"name": "completeness", "min_row_count": 100, "max_null_ratio": 0.1}],
    "datasets": [{"path": "train.csv", "hash": HASH}],
}
DECISION: dict[str, Any] = {
    "run_id": "run_001",
    "status": "PASS",
    "passed": True,
    "recommendation": "SHIP",
    "checks": {"schema": "PASS", "completeness": "PASS", "contamination": "PASS"},
    "summary": {"warnings": []},
}
AUDIT: dict[str, Any] = {"status": "PASS", "findings_count": 0, "summary": {"findings_by_type": {}}}
ENVIRONMENT: dict[str, Any] = {"seed": 42, "versions": {"python": "3.11.9"}}

META: dict[str, Any] = {
    "run_id": "run_001",
    "status": "completed",
    "seed": 42,
    "started_at": "2025-01-20T12:00:00Z",
}
CONFIG = "seed: 42\ntraining:\n  learning_rate: 2e-4\n  batch_size: 8\n"
EVALUATION: dict[str, Any] = {
    "run_id": "run_001",
    "overall": {"accuracy": 0.91, "f1": 0.9},
    "baseline": {"accuracy": 0.9, "f1": 0.9},
}


def validation() -> dict[str, Any]:
    """The files of a validation run that passes all seven checks."""
    return {
        "manifest.json": MANIFEST,
        "decision.json": DECISION,
        "environment.json": ENVIRONMENT,
        "redaction_audit.json": AUDIT,
        "train.csv": ROWS,
    }


def training() -> dict[str, Any]:
    """The files of a sealed training run that passes all seven checks, with its contamination result."""
    files: dict[str, Any] = {
        "run_meta.json": META,
        "environment.json": ENVIRONMENT,
        "config.yaml": CONFIG,
        "eval/eval_results.json": EVALUATION,
    }
    return {
        **files,
        "hashes.json": hashes_of(files),
        "redaction_audit.json": AUDIT,
        "contamination.json": {"status": "PASS", "exact_overlaps": 0},
        "data/train.csv": ROWS,
        **sealed_with(files, {"data/train.csv": ROWS}),
    }


def sealed_with(*tables: dict[str, Any]) -> dict[str, Any]:
    """`hashes.json` for all the files of the tables."""
    return {"hashes.json": hashes_of({name: content for table in tables for name, content in table.items()})}


def hashes_of(files: dict[str, Any]) -> dict[str, Any]:
    """The content of `hashes.json`: the chain is written out here, not taken from the product."""
    table = {name: hashlib.sha256(as_bytes(content)).hexdigest() for name, content in files.items()}
    joined = "|".join(sorted(f"{name}={digest}" for name, digest in table.items()))
    return {"files": table, "chain_hash": hashlib.sha256(joined.encode()).hexdigest()}


def as_bytes(content: Any) -> bytes:
    """Bytes as they are, text as UTF-8, anything else as JSON."""
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content)).encode()


def write(root: Path, files: dict[str, Any]) -> Path:
    """Make the files beneath `root`; a callable gets the path and makes what it likes. None: no file."""
    root.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Callable):  # type: ignore[arg-type]  # works, see typing
            content(path)
        elif content is not None:
            path.write_bytes(as_bytes(content))
    return root
