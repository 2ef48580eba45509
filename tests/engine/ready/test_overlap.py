"""Rows in both the training and the evaluation data, found in the files themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from readiness.engine.ready.contamination_risk import check_contamination_risk
from tests.engine.ready import runs

HEADER = "identifier,a text that is long\n"


def rows(first: int, last: int) -> str:
    return HEADER + "".join(f"{n},this is the row of number {n}\n" for n in range(first, last))


def check(root: Path, files: dict[str, Any]) -> Any:
    """The check beside a decision that says: no contamination."""
    return check_contamination_risk(runs.write(root, {**runs.validation(), "train.csv": None, **files}))


@pytest.mark.parametrize(
    ("train", "held_out", "status"),
    [
        (rows(0, 100), rows(100, 200), "PASS"),
        (rows(0, 100), rows(99, 199), "FAIL"),
        (rows(0, 100), rows(0, 100), "FAIL"),
        (rows(0, 101), rows(100, 1100), "WARN"),
        (rows(0, 100), rows(99, 120).replace("\n", "\r\n"), "FAIL"),
        (HEADER, HEADER, "PASS"),
        ("", "", "PASS"),
        ("a,b\n" + "1,0\n" * 50, "a,b\n" + "1,0\n" * 5, "PASS"),
    ],
)
def test_shared_rows(tmp_path: Path, train: str, held_out: str, status: str) -> None:
    """One row in a hundred contaminates, fewer warn; headers, short rows and line ends do not count."""
    found = check(tmp_path, {"train.csv": train, "test.csv": held_out})
    assert found.status == status
    if status != "PASS":
        assert "test.csv also stand in train.csv" in found.message


@pytest.mark.parametrize(
    ("train", "held_out", "status"),
    [
        ("data/train/part-1.jsonl", "data/eval/part-1.jsonl", "FAIL"),
        ("training_set.ndjson", "holdout.jsonl", "FAIL"),
        ("a.jsonl", "b.jsonl", "PASS"),
        ("trainer.jsonl", "contest.jsonl", "PASS"),
        ("train_test.jsonl", "test_train.jsonl", "PASS"),
        ("train.parquet", "test.parquet", "PASS"),
    ],
)
def test_which_files_are_compared(tmp_path: Path, train: str, held_out: str, status: str) -> None:
    """Whole words of the path say what a file is for; what says neither or both is not guessed."""
    content = '{"text": "a row that stands in both"}\n'
    assert check(tmp_path, {train: content, held_out: content}).status == status


def test_keys_of_the_manifest(tmp_path: Path) -> None:
    """Datasets under `train` and `test` are compared whatever the files are called."""
    datasets = {"train": {"path": "a.csv"}, "test": {"path": "b.csv"}}
    files = {
        "a.csv": rows(0, 9),
        "b.csv": rows(0, 9),
        "manifest.json": {**runs.MANIFEST, "datasets": datasets},
    }
    assert check(tmp_path, files).status == "FAIL"
