"""What producers write differently and means the same: understood, and not taken for a problem."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.engine.errors import BadContent
from readiness.engine.ready import hashes, words
from readiness.engine.ready.validate import validate_readiness
from readiness.engine.ready.words import Word
from tests.engine.ready import runs


def dataset(digest: Any) -> dict[str, Any]:
    return {"manifest.json": {**runs.MANIFEST, "datasets": [{"path": "train.csv", "hash": digest}]}}


def decision(**changes: Any) -> dict[str, Any]:
    return {"decision.json": {**runs.DECISION, **changes}}


UNDERSTOOD: dict[str, dict[str, Any]] = {
    "lower case": decision(status="pass", recommendation="ship"),
    "past tense": decision(status="Passed"),
    "an icon": decision(status="✅ PASS"),
    "ok": decision(status="OK"),
    "a boolean": decision(status=True),
    "an object": decision(status={"value": 1, "passed": True}),
    "a list": decision(status=["PASS"]),
    "recommendation only": {
        "decision.json": {
            "run_id": "run_001",
            "recommendation": "SHIP",
            "exit_code": 0,
            "checks": {"contamination": "PASS"},
            "summary": {"warnings": []},
        }
    },
    "checks as booleans": decision(checks={"schema": True, "contamination": True}),
    "checks as objects": decision(checks={"schema": {"ok": True}, "contamination": {"result": "clean"}}),
    "checks as a list": decision(
        checks=[{"name": "schema", "status": "PASS"}, {"check": "contamination", "passed": True}]
    ),
    "contamination on top": decision(
        checks={"schema": "ok"}, contamination={"status": "PASS", "exact_overlaps": 0}
    ),
    "reviewed warnings": decision(summary={"warnings": [{"message": "slow", "reviewed": True}]}),
    "a prefix": dataset(f"sha256:{runs.HASH}"),
    "another prefix": dataset(f"SHA-256={runs.HASH}"),
    "upper-case hex": dataset(runs.HASH.upper()),
    "a dot path": {
        "manifest.json": {**runs.MANIFEST, "datasets": [{"path": "./train.csv", "hash": runs.HASH}]}
    },
    "datasets as a table": {"manifest.json": {**runs.MANIFEST, "datasets": {"train.csv": runs.HASH}}},
    "datasets by split": {
        "manifest.json": {**runs.MANIFEST, "datasets": {"train": {"path": "train.csv", "sha256": runs.HASH}}}
    },
    "contracts as a table": {
        "manifest.json": {**runs.MANIFEST, "contracts": {"schema": {"min_row_count": 50}}}
    },
    "contracts as names": {"manifest.json": {**runs.MANIFEST, "contracts": ["schema"]}},
    "a time without zone": {"manifest.json": {**runs.MANIFEST, "timestamp": "2025-01-20 12:00:00"}},
    "a time in seconds": {"manifest.json": {**runs.MANIFEST, "timestamp": 1737374400.5}},
    "a byte order mark": {"manifest.json": b"\xef\xbb\xbf" + json.dumps(runs.MANIFEST).encode()},
    "line ends of Windows": {"manifest.json": json.dumps(runs.MANIFEST, indent=2).replace("\n", "\r\n")},
    "audit types on top": {
        "redaction_audit.json": {"status": "pass", "findings_count": 0, "findings_by_type": {"email": 0}}
    },
    "audit as boolean": {"redaction_audit.json": {"passed": True, "findings": []}},
    "python on top": {"environment.json": {"random_seed": 7, "python": "3.11.7", "torch": "2.2.0"}},
    "packages": {"environment.json": {"seeds": {"numpy": 1, "torch": 1}, "packages": ["torch==2.1.2"]}},
}


@pytest.mark.parametrize("case", UNDERSTOOD)
def test_understood(tmp_path: Path, case: str) -> None:
    """A good run stays good in another producer's words."""
    report = validate_readiness(runs.write(tmp_path, {**runs.validation(), **UNDERSTOOD[case]}))
    assert [(c.name, c.message) for c in report.checks if c.status != "PASS"] == []


def test_investigate_is_a_warning(tmp_path: Path) -> None:
    """A producer's third word: neither a pass nor a contradiction of `passed`."""
    files = {**runs.validation(), **decision(recommendation="INVESTIGATE", exit_code=2, status=None)}
    report = validate_readiness(runs.write(tmp_path, files))
    assert report.overall_status == "WARN"
    assert "INVESTIGATE" in report.checks[0].message


def test_chain_over_prefixed_hashes(tmp_path: Path) -> None:
    """A producer that writes prefixes into `files` computes the chain over them."""
    files = runs.training()
    spelled = {name: f"sha256:{digest}" for name, digest in files["hashes.json"]["files"].items()}
    files["hashes.json"] = {"files": spelled, "chain_hash": hashes.chain(spelled)}
    report = validate_readiness(runs.write(tmp_path, files))
    assert report.overall_status == "PASS"


def test_chain_under_another_name(tmp_path: Path) -> None:
    """`chain` is `chain_hash`: understood when right, compared when wrong."""
    files = runs.training()
    table = files["hashes.json"]["files"]
    right = {**files, "hashes.json": {"files": table, "chain": hashes.chain(table).upper()}}
    assert validate_readiness(runs.write(tmp_path / "right", right)).overall_status == "PASS"
    wrong = {**files, "hashes.json": {"files": table, "chain": "0" * 64}}
    assert validate_readiness(runs.write(tmp_path / "wrong", wrong)).overall_status == "FAIL"


def test_chain_of_a_real_run() -> None:
    """The chain hash of a published run, recomputed from its table."""
    table = {
        "config.yaml": "c30b63cf502daf26f856a1d025d6cb50dc6e7f6af6fcd753eaee61dee6f65cda",
        "environment.json": "002520d766695d98813112dbeedba64d8296767417867644b675de29b008007a",
        "eval/eval_results.json": "8ae9132f2c2d5da3581998e9df7e1559686f4132e8a3741fc3ff5282f8980b12",
        "run_meta.json": "91640e481e1af4f4d1a66685d10971963bf496a5400dfe969bac0b73d4afbd80",
    }
    assert hashes.chain(table) == "4b8e862bc136516a2ae7151a805c8be88dc24c4960d2d06222570a0278000b2f"


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("PASS", Word.PASS),
        (" succeeded ", Word.PASS),
        ("DON'T SHIP", Word.FAIL),
        ("do-not-ship", Word.FAIL),
        ("NOT_READY", Word.FAIL),
        ("Not passed", Word.UNKNOWN),
        ("PASSABLE", Word.UNKNOWN),
        ("", Word.UNKNOWN),
        (None, Word.UNKNOWN),
        (1, Word.UNKNOWN),
        (0.0, Word.UNKNOWN),
        ([], Word.UNKNOWN),
        ({}, Word.UNKNOWN),
        ({"score": 1}, Word.UNKNOWN),
        ([True, False], Word.TWO),
        ([True, "skipped"], Word.SKIP),
        ({"status": {"status": {"passed": False}}}, Word.FAIL),
        ({"status": "PASS", "passed": "no"}, Word.TWO),
        ("Investigate", Word.WARN),
    ],
)
def test_words(value: Any, meaning: Word) -> None:
    """Only known words pass; a number, nothing, or something that merely looks similar does not."""
    assert words.read(value) is meaning


@pytest.mark.parametrize(
    "value", ["", "abc", "0" * 63, "0" * 65, "sha256:", "sha1:" + "0" * 64, 5, None, ["0" * 64]]
)
def test_no_hash(value: Any) -> None:
    """What is no SHA-256 is refused by place."""
    with pytest.raises(BadContent, match="here"):
        hashes.normal(value, "here")
