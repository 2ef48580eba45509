"""`rehearsal`: passed, dated, recent to the second, with its log; whatever is not said fails."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest

from readiness.engine import runner
from readiness.engine.checklist import CheckSpec
from readiness.engine.options import Options
from readiness.engine.target import RunDirectory

NOW = datetime(2025, 10, 31, 12, tzinfo=UTC)
RECORD = {
    "performed_at": "2025-10-01T12:00:00Z", "environment": "staging", "from_version": "1.4.0",
    "to_version": "1.3.0", "duration_s": 340, "outcome": "passed", "log": "rollback.log",
}  # fmt: skip
SHA256 = hashlib.sha256(b"done\n").hexdigest()


def checked(tmp_path, record, params=None, log=b"done\n", now=NOW):
    """What the check makes of a record."""
    (tmp_path / "drills").mkdir(exist_ok=True)
    (tmp_path / "drills" / "r.json").write_text(record if isinstance(record, str) else json.dumps(record))
    if log is not None:
        (tmp_path / "drills" / "rollback.log").write_bytes(log)
    spec = CheckSpec(kind="rehearsal", params={"file": "drills/r.json", **(params or {})})
    return runner.run_check(spec, RunDirectory(tmp_path, options=Options(now=now)), {}, required=True).finding


@pytest.mark.parametrize(
    ("params", "change", "outcome", "words"),
    [
        ({}, {}, "PASS", "Rollback to 1.3.0 rehearsed on 2025-10-01 12:00:00 UTC: passed, 340 s"),
        ({}, {"performed_at": "2025-10-01T11:59:59Z"}, "FAIL", "Age is"),
        ({}, {"performed_at": "2025-10-01T13:59:59+02:00"}, "FAIL", "Age is"),
        ({}, {"performed_at": "2025-10-01T12:00:00"}, "PASS", ""),
        ({}, {"performed_at": "2025-10-02"}, "PASS", ""),
        ({}, {"performed_at": "2025-10-01"}, "FAIL", "Age is"),
        ({"max_age_days": 31}, {"performed_at": "2025-10-01"}, "PASS", ""),
        ({"max_age_days": 0}, {"performed_at": "2025-10-31T12:00:00Z"}, "PASS", ""),
        ({}, {"performed_at": "2025-10-31T12:05:00Z"}, "PASS", ""),
        ({}, {"performed_at": "2025-10-31T12:05:01Z"}, "FAIL", "In the future is yes"),
        ({}, {"performed_at": "2025-11-30T12:00:00Z"}, "FAIL", "In the future is yes"),
        ({}, {"performed_at": "last week"}, "FAIL", "not a time"),
        ({}, {"performed_at": None}, "FAIL", "not a time"),
        ({}, {"performed_at": 1759320000}, "FAIL", "not a time"),
        ({}, {"outcome": "failed"}, "FAIL", "Remediation is no"),
        ({}, {"outcome": "failed", "remediation": "TODO"}, "FAIL", "Remediation is no"),
        (
            {},
            {"outcome": "failed", "remediation": "repeated by hand"},
            "WARN",
            "failed, with",
        ),
        ({}, {"outcome": "Success"}, "PASS", ""),
        ({}, {"outcome": "mostly"}, "FAIL", "Write passed or failed"),
        ({}, {"outcome": None}, "FAIL", "Write passed or failed"),
        ({}, {"outcome": True}, "FAIL", "Write passed or failed"),
        ({}, {"gaps": ["no alert fired"]}, "WARN", "1 gaps: no alert fired"),
        ({}, {"gaps": []}, "PASS", ""),
        ({}, {"gaps": "none"}, "PASS", ""),
        ({}, {"environment": ""}, "FAIL", "Environment is not found"),
        ({}, {"environment": "TBD"}, "FAIL", "Environment is not found"),
        ({"environment": "production"}, {}, "FAIL", "Environment is staging, needs production"),
        ({"from_version": "1.5.0"}, {}, "FAIL", "From version is 1.4.0"),
        ({"to_version": "1.2.0"}, {}, "FAIL", "To version is 1.3.0"),
        ({}, {"to_version": None}, "FAIL", "To version is not found"),
        ({}, {"duration_s": None}, "FAIL", "Duration is not found"),
        ({}, {"duration_s": "340"}, "FAIL", "Duration is not found"),
        ({}, {"duration_s": 0}, "FAIL", "duration_s is 0"),
        ({}, {"duration_s": -5}, "FAIL", "duration_s is -5"),
        ({}, {"duration_s": True}, "FAIL", "Duration is not found"),
        ({"max_duration_s": 339}, {}, "FAIL", "Duration is 340 s, needs ≤ 339 s"),
        ({"max_duration_s": 340}, {}, "PASS", ""),
        ({}, {"log": "absent.log"}, "FAIL", "Log is no"),
        ({}, {"log": None}, "FAIL", "Log is no"),
        ({}, {"log": "../../etc/passwd"}, "FAIL", "its log"),
        ({}, {"log": "drills/rollback.log"}, "PASS", ""),
        ({}, {"sha256": SHA256}, "PASS", ""),
        ({}, {"sha256": f"sha256:{SHA256.upper()}"}, "PASS", ""),
        ({}, {"sha256": "0" * 64}, "FAIL", "SHA-256 of the log"),
        ({}, {"sha256": ""}, "FAIL", "SHA-256 of the log"),
        ({}, {"to": "1.3.0"}, "FAIL", "both to_version and to"),
        ({"max_age_days": -1}, {}, "ERROR", "max_age_days is -1"),
    ],
)
def test_records(params, change, outcome, words, tmp_path) -> None:
    """Each thing that a record may say, or not."""
    found = checked(tmp_path, RECORD | change, params)
    assert found.outcome == outcome, found.message
    assert words in f"{found.message} {found.advice}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "JSON"),
        ("[]", "no record"),
        ("3", "no record"),
        ('{"a": 1, "a": 2}', "twice"),
        ("{}", "not a time"),
    ],
)
def test_what_is_no_record(text, words, tmp_path) -> None:
    """It fails, and says so."""
    found = checked(tmp_path, text)
    assert (found.outcome, words in found.message) == ("FAIL", True), found.message


def test_an_empty_log_is_none(tmp_path) -> None:
    """A log without a byte proves nothing."""
    assert "Log is no" in checked(tmp_path, RECORD, log=b"").message
    assert "Log is no" in checked(tmp_path, RECORD | {"log": "other.log"}).message


def test_other_names_and_yaml(finding) -> None:
    """A manifest's words, and a record inside `rehearsal:`, are understood."""
    text = (
        "rehearsal:\n  rehearsed_at: 2030-01-01T00:00:00Z\n  environment: staging\n  from: 1.4.0\n"
        "  to: 1.3.0\n  duration_seconds: 30\n  result: passed\n  evidence: log.txt\n"
    )
    found = finding("rehearsal", "r.yml", {"r.yml": text, "log.txt": "x"})
    assert found.message == "In the future is yes, needs no"
