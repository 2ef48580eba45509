"""`run-validator`: each of the seven checks as a kind; a warning passes, waits or fails as the list says."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from readiness.engine.checklist import CheckSpec
from readiness.engine.checks.run_validator import Name
from readiness.engine.ready.validate import CHECKS, validate_readiness
from readiness.engine.runner import run_check
from tests.engine.ready import runs

NAMES = get_args(Name)
WARNED = {"redaction_audit.json": None, "environment.json": None}


def files(**changes: Any) -> dict[str, Any]:
    """A validation run with files changed; None leaves one out."""
    made = runs.validation() | changes
    return {name: content for name, content in made.items() if content is not None}


def test_the_names_are_those_of_the_validator() -> None:
    """Every check of `readiness ready` can be asked for, by the name in its report."""
    assert [f"check_{name}" for name in NAMES] == [function.__name__ for function in CHECKS]


@pytest.mark.parametrize("name", NAMES)
def test_good_run(finding, name: str) -> None:
    """On a run that is ready each check passes."""
    assert finding("run-validator", name, files()).outcome == "PASS"


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("contract_integrity", {"decision.json": None}, "Missing required files: decision.json"),
        ("contract_integrity", {"manifest.json": "{"}, "manifest.json"),
        ("hash_chain", {"train.csv": "id\n1\n"}, "Tampering detected: dataset hash mismatch"),
        ("privacy_safety", {"train.csv": "id,mail\n1,ada.lovelace@mail.test\n"}, "Personal data or secrets"),
        (
            "contamination_risk",
            {"decision.json": runs.DECISION | {"checks": {"contamination": "FAIL"}}},
            "Contamination check failed",
        ),
        (
            "regression_risk",
            {"decision.json": runs.DECISION | {"checks": {"regression": "FAIL"}}},
            "Regression check failed",
        ),
        (
            "config_sanity",
            {"manifest.json": runs.MANIFEST | {"contracts": [{"name": "c", "max_null_ratio": 7}]}},
            "expected a ratio",
        ),
        ("reproducibility", {"environment.json": {"seed": "many"}}, "expected a number"),
    ],
)
def test_bad_run(finding, name: str, changes: dict[str, Any], words: str) -> None:
    """What is there and wrong fails, in the validator's words, whatever warnings may do."""
    for warnings in ("pass", "review", "fail"):
        found = finding("run-validator", {"check": name, "warnings": warnings}, files(**changes))
        assert found.outcome == "FAIL"
        assert words in found.message


@pytest.mark.parametrize(
    ("warnings", "outcome"), [("pass", "WARN"), ("review", "SKIP"), ("fail", "FAIL"), (None, "SKIP")]
)
@pytest.mark.parametrize("name", ["privacy_safety", "reproducibility"])
def test_warnings(finding, name: str, warnings: str | None, outcome: str) -> None:
    """Nobody looked: by default that waits for a person, and never passes unseen."""
    params = {"check": name} | ({"warnings": warnings} if warnings else {})
    found = finding("run-validator", params, files(**WARNED))
    assert found.outcome == outcome
    assert found.message.startswith("Warning: No re")
    assert found.advice


@pytest.mark.parametrize("params", ["everything", {"check": "hash_chain", "warnings": "maybe"}, {}])
def test_wrong_parameters(finding, params: Any) -> None:
    """An unknown check or word is an error, not a pass."""
    assert finding("run-validator", params, files()).outcome == "ERROR"


def test_no_run_at_all(finding) -> None:
    """In a directory without a run nothing passes: the files are missing, or nobody looked."""
    outcomes = {name: finding("run-validator", name, {"a.txt": "a"}).outcome.value for name in NAMES}
    assert set(outcomes.values()) <= {"FAIL", "SKIP"}


def test_it_says_what_the_validator_says(run) -> None:
    """Kind and command agree on each check, and what was read is on record."""
    folder = run(files(**WARNED))
    for told in validate_readiness(folder).checks:
        result = run_check(
            CheckSpec(kind="run-validator", params={"check": told.name, "warnings": "pass"}),
            folder,
            {},
            required=True,
        )
        assert result.finding.outcome.value == told.status.value
        assert told.message in result.finding.message
        assert {file.path for file in result.files} >= set(told.files)
