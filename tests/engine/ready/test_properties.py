"""Properties over any content: the worst check decides; nothing raises; a pass needs what a pass needs."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.engine.ready.report import ReadinessCheck, ReadinessReport
from readiness.engine.ready.status import ReadinessStatus
from readiness.engine.ready.text import format_readiness_report
from readiness.engine.ready.validate import validate_readiness
from tests.engine.ready import runs

ORDER = [ReadinessStatus.PASS, ReadinessStatus.WARN, ReadinessStatus.ERROR, ReadinessStatus.FAIL]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["PASS", "FAIL", "train.csv", "../x", runs.HASH, "run_001"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "status",
                    "passed",
                    "checks",
                    "summary",
                    "warnings",
                    "datasets",
                    "path",
                    "hash",
                    "run_id",
                    "contracts",
                ]
                + [
                    "name",
                    "seed",
                    "versions",
                    "files",
                    "chain_hash",
                    "findings_count",
                    "findings_by_type",
                    "metrics",
                ]
                + [
                    "timestamp",
                    "min_row_count",
                    "overall",
                    "baseline",
                    "contamination",
                    "deltas",
                    "risk_flags",
                ]
            )
            | st.text(max_size=8),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)
NAMES = {
    runs.validation: [
        "manifest.json",
        "decision.json",
        "environment.json",
        "redaction_audit.json",
        "hashes.json",
    ],
    runs.training: [
        "run_meta.json",
        "hashes.json",
        "environment.json",
        "eval/eval_results.json",
        "decision.json",
    ],
}
NEEDED = {
    "manifest.json": ("run_id", "timestamp"),
    "decision.json": ("checks",),
    "environment.json": (),
    "redaction_audit.json": ("status",),
    "run_meta.json": ("run_id",),
    "hashes.json": ("files", "chain_hash"),
    "eval/eval_results.json": (),
}


@given(st.lists(st.sampled_from(ReadinessStatus)))
def test_the_worst_check_decides(statuses: list[ReadinessStatus]) -> None:
    """Overall is the worst of the checks, in any order; nothing checked is never a pass; the counts add up."""
    report = ReadinessReport("run", tuple(ReadinessCheck(f"c{n}", s, "…") for n, s in enumerate(statuses)))
    expected = max(statuses, key=ORDER.index, default=ReadinessStatus.ERROR)
    assert report.overall_status is expected
    summary = dict(report.summary)
    assert summary.pop("total_checks") == sum(summary.values()) == len(statuses)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("make", NAMES)
def test_any_json_anywhere(make: Any, data: st.DataObject) -> None:
    """Any JSON in any file: seven checks, none broken, and a pass only with the fields that a pass needs."""
    name = data.draw(st.sampled_from(NAMES[make]))
    value = data.draw(JSON)
    with tempfile.TemporaryDirectory() as folder:
        root = runs.write(Path(folder) / "run_001", {**make(), name: json.dumps(value)})
        report = validate_readiness(root)
        assert len(report.checks) == 7
        assert report.summary["errors"] == 0, [c.message for c in report.checks if c.status == "ERROR"]
        if report.overall_status is ReadinessStatus.PASS:
            assert isinstance(value, dict)
            assert all(value.get(key) for key in NEEDED[name])
        json.loads(report.to_json(), parse_constant=pytest.fail)
        format_readiness_report(report).encode()


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(["manifest.json", "decision.json", "config.yaml", "hashes.json"]),
    content=st.binary(),
)
def test_any_bytes_anywhere(name: str, content: bytes) -> None:
    """Any bytes in any file of a run: never a crash, never a pass."""
    with tempfile.TemporaryDirectory() as folder:
        both = {**runs.validation(), **runs.training(), name: content}
        report = validate_readiness(runs.write(Path(folder) / "run_001", both))
        assert report.summary["errors"] == 0
        assert report.overall_status in (ReadinessStatus.WARN, ReadinessStatus.FAIL)


@given(st.text(max_size=50))
def test_text_cannot_steer_a_terminal(name: str) -> None:
    """Whatever a run is called, the report holds only printable characters and line ends."""
    report = ReadinessReport(name, (ReadinessCheck("hash_chain", ReadinessStatus.FAIL, "x"),))
    text = format_readiness_report(report)
    assert all(c.isprintable() or c in "\n\ufe0f" for c in text)
