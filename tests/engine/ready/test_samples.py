"""The samples of output that people know: the text layout and the JSON shape, field by field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.engine.ready.text import format_readiness_report
from readiness.engine.ready.validate import validate_readiness
from tests.engine.ready import runs

TEXT = """\
Readiness Report for run_20250120_120000
==================================================
Overall Status: ⚠️ WARN

✅ Contract Integrity
   Status: PASS
   All required files present and valid

✅ Hash Chain
   Status: PASS
   Hash chain verified successfully

✅ Privacy Safety
   Status: PASS
   Redaction audit passed

✅ Contamination Risk
   Status: PASS
   No contamination detected

✅ Regression Risk
   Status: PASS
   No regression detected

⚠️ Config Sanity
   Status: WARN
   Configuration warnings: Very low min_row_count in completeness

✅ Reproducibility
   Status: PASS
   Reproducibility artifacts present

--------------------------------------------------
Summary: 6 passed, 1 warnings, 0 failed

✓ This run is READY for production deployment"""


def one(root: Path, name: str) -> dict[str, Any]:
    return next(check for check in validate_readiness(root).to_dict()["checks"] if check["name"] == name)


def with_contract(**thresholds: Any) -> dict[str, Any]:
    return {**runs.MANIFEST, "contracts": [{"name": "completeness", **thresholds}]}


def test_text_is_the_sample(tmp_path: Path) -> None:
    """The whole text of the guide's example, with the overall status that follows from its warning."""
    files = {**runs.validation(), "manifest.json": with_contract(min_row_count=5)}
    root = runs.write(tmp_path / "run_20250120_120000", files)
    assert format_readiness_report(validate_readiness(root)) == TEXT


def test_json_is_the_sample(tmp_path: Path) -> None:
    """Run, status, first check and summary as in the guide, and the additions of DESIGN §6."""
    files = {**runs.validation(), "manifest.json": with_contract(min_row_count=5)}
    root = runs.write(tmp_path / "run_001", files)
    data = json.loads(validate_readiness(root).to_json())
    assert data["run_id"] == "run_001"
    assert data["overall_status"] == "WARN"
    assert data["schema_version"] == 1
    first = data["checks"][0]
    assert {k: first[k] for k in ("name", "status", "message", "details")} == {
        "name": "contract_integrity",
        "status": "PASS",
        "message": "All required files present and valid",
        "details": {"files": ["manifest.json", "decision.json"]},
    }
    assert isinstance(first["duration_s"], float)
    assert first["measurements"] == []
    assert data["summary"] == {
        "total_checks": 7,
        "passed": 6,
        "warnings": 1,
        "failed": 0,
        "errors": 0,
        "skipped": 0,
    }


SAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "missing file": (
        {"decision.json": None},
        {
            "name": "contract_integrity",
            "status": "FAIL",
            "message": "Missing required files: decision.json",
        },
    ),
    "tampering": (
        {"train.csv": runs.ROWS.replace("row", "raw")},
        {"name": "hash_chain", "status": "FAIL", "message": "Tampering detected: dataset hash mismatch"},
    ),
    "no audit": (
        {"redaction_audit.json": None},
        {"name": "privacy_safety", "status": "WARN", "message": "No redaction audit performed"},
    ),
    "audit failed": (
        {
            "redaction_audit.json": {
                "status": "FAIL",
                "findings_count": 5,
                "summary": {"findings_by_type": {"email": 3, "api_key": 2}},
            }
        },
        {
            "name": "privacy_safety",
            "status": "FAIL",
            "message": "Redaction audit failed: 5 findings",
            "details": {"email": 3, "api_key": 2},
        },
    ),
    "contaminated": (
        {
            "decision.json": {
                **runs.DECISION,
                "status": "FAIL",
                "passed": False,
                "recommendation": "DONT_SHIP",
                "checks": {"contamination": "FAIL"},
            }
        },
        {"name": "contamination_risk", "status": "FAIL", "message": "Contamination check failed"},
    ),
    "regression": (
        {"decision.json": {**runs.DECISION, "summary": {"warnings": ["accuracy dropped 5%"]}}},
        {
            "name": "regression_risk",
            "status": "WARN",
            "message": "Regression detected: accuracy dropped 5%",
        },
    ),
    "absurd threshold": (
        {"manifest.json": with_contract(max_null_ratio=0.9)},
        {
            "name": "config_sanity",
            "status": "WARN",
            "message": "Very high max_null_ratio (0.9) in completeness contract",
        },
    ),
    "nothing to reproduce with": (
        {"environment.json": None},
        {"name": "reproducibility", "status": "WARN", "message": "No reproducibility artifacts found"},
    ),
}


@pytest.mark.parametrize("case", SAMPLES)
def test_each_example_of_the_guide(tmp_path: Path, case: str) -> None:
    """Every failure and warning that the guide shows, with its message and details."""
    changes, expected = SAMPLES[case]
    root = runs.write(tmp_path / "run_001", {**runs.validation(), **changes})
    found = one(root, expected["name"])
    assert {key: found[key] for key in expected} == expected


def test_incomplete_chain_says_how_to_complete_it(tmp_path: Path) -> None:
    """The status of the guide's troubleshooting, and the command that helps."""
    manifest = {**runs.MANIFEST, "datasets": [{"path": "train.csv"}]}
    root = runs.write(tmp_path, {**runs.validation(), "manifest.json": manifest})
    found = one(root, "hash_chain")
    assert (found["status"], found["message"]) == ("WARN", "Hash chain status: INCOMPLETE")
    assert "readiness seal" in found["advice"]


@pytest.mark.parametrize("layout", ["validation", "training"])
def test_a_good_run_passes_all_seven(tmp_path: Path, layout: str) -> None:
    """Both layouts can be wholly ready: what the hostile tables break is not broken before."""
    root = runs.write(tmp_path, getattr(runs, layout)())
    report = validate_readiness(root)
    assert [(c.name, c.message) for c in report.checks if c.status != "PASS"] == []
    assert report.overall_status == "PASS"
