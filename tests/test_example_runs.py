"""The example runs that the README shows: what the validator says of them, field by field."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from readiness import ReadinessStatus, validate_readiness
from readiness.cli import main

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CHURN = EXAMPLES / "customer-churn"
PASS, WARN, FAIL = ReadinessStatus.PASS, ReadinessStatus.WARN, ReadinessStatus.FAIL
SAYS = {
    "customer-churn/validation": {
        "contract_integrity": (PASS, "All required files present and valid"),
        "hash_chain": (PASS, "Hash chain verified successfully"),
        "privacy_safety": (PASS, "Redaction audit passed"),
        "contamination_risk": (PASS, "No contamination detected"),
        "regression_risk": (PASS, "No regression detected"),
        "config_sanity": (PASS, "Configuration looks reasonable"),
        "reproducibility": (PASS, "Reproducibility artifacts present"),
    },
    "customer-churn/training": {
        "contract_integrity": (PASS, "All required files present and valid"),
        "hash_chain": (PASS, "Hash chain verified successfully"),
        "privacy_safety": (WARN, "No redaction audit performed"),
        "contamination_risk": (WARN, "No contamination check performed"),
        "regression_risk": (PASS, "No regression detected"),
        "config_sanity": (PASS, "Configuration looks reasonable"),
        "reproducibility": (PASS, "Reproducibility artifacts present"),
    },
}


@pytest.mark.parametrize("name", SAYS)
def test_each_check_says(name):
    """Names, statuses and messages, in order; the overall status is the worst of them."""
    report = validate_readiness(EXAMPLES / name)
    assert {c.name: (c.status, c.message) for c in report.checks} == SAYS[name]
    assert list(SAYS[name]) == [c.name for c in report.checks]
    assert report.overall_status == max((s for s, _ in SAYS[name].values()), key=[PASS, WARN, FAIL].index)


def test_the_program_writes_the_committed_files(tmp_path):
    """The example can be made again: the same tables, weights and figures, and `readiness` adds the rest."""
    for name in ("make.py", "contracts.yml"):
        shutil.copy(CHURN / name, tmp_path)
    subprocess.run([sys.executable, "make.py"], cwd=tmp_path, check=True)
    validation, training = str(tmp_path / "validation"), str(tmp_path / "training")
    assert main(["seal", "--run", validation]) == 0
    assert main(["audit", "--run", validation]) == 0
    config = str(tmp_path / "contracts.yml")
    assert main(["decide", "--run", validation, "--config", config, "--ready-check"]) == 0
    assert main(["seal", "--run", training]) == 0
    made = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    kept = {p.relative_to(CHURN).as_posix(): p.read_bytes() for p in CHURN.rglob("*") if p.is_file()}
    assert made.keys() == kept.keys()
    timed = {"validation/decision.json", "validation/redaction_audit.json"}
    assert {name for name in made if made[name] != kept[name]} <= timed
    for name in timed:
        assert untimed(made[name]) == untimed(kept[name])


def untimed(content: bytes) -> dict:
    """A record without the moment it was written at."""
    return {
        key: value for key, value in json.loads(content).items() if key not in ("timestamp", "generated_at")
    }


@pytest.mark.parametrize(
    ("file", "change", "check"),
    [
        ("data/train.csv", lambda text: text.replace("basic", "Basic", 1), "hash_chain"),
        ("data/eval.csv", lambda text: text + "x,2026-02,1,20.00,0,ann.miller@web.de,0\n", "privacy_safety"),
        ("decision.json", lambda text: text.replace('"SHIP"', '"DONT_SHIP"'), "contract_integrity"),
        (
            "redaction_audit.json",
            lambda text: text.replace('"findings_count": 0', '"findings_count": 3'),
            "privacy_safety",
        ),
        ("manifest.json", lambda text: text.replace("41", "42", 1), "hash_chain"),
    ],
)
def test_a_claim_that_the_files_contradict(tmp_path, file, change, check):
    """One edit anywhere, and the run is not ready."""
    shutil.copytree(CHURN / "validation", tmp_path / "run")
    path = tmp_path / "run" / file
    before = path.read_text()
    path.write_text(change(before))
    assert path.read_text() != before
    report = validate_readiness(tmp_path / "run")
    assert {c.name for c in report.checks if c.status == FAIL} >= {check}
    assert report.overall_status == FAIL
