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
KEYS = (
    "status passed checks summary warnings datasets path hash run_id contracts name seed versions files"
    " chain_hash findings_count findings_by_type metrics timestamp min_row_count overall baseline"
    " contamination deltas risk_flags seeds exit_code max_null_ratio reviewed message"
)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
WORDS = st.sampled_from(["PASS", "FAIL", "train.csv", "../x", runs.HASH, "run_001"])
NAMED = st.sampled_from(KEYS.split()) | st.text(max_size=8)
JSON = st.recursive(
    VALUES | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMED, inner, max_size=6),
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
    """Overall is the worst of the checks in any order; nothing checked is no pass; the counts add up."""
    report = ReadinessReport("run", tuple(ReadinessCheck(f"c{n}", s, "…") for n, s in enumerate(statuses)))
    expected = max(statuses, key=ORDER.index, default=ReadinessStatus.ERROR)
    assert report.overall_status is expected
    summary = dict(report.summary)
    assert summary.pop("total_checks") == sum(summary.values()) == len(statuses)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("make", NAMES)
def test_any_json_anywhere(make: Any, data: st.DataObject) -> None:
    """Any JSON in any file: seven checks, none broken, a pass only with what a pass needs."""
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


def spots(value: Any) -> list[list[Any]]:
    """The way to each value inside plain data, the whole included."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [[], *([key, *rest] for key, inner in pairs for rest in spots(inner))]


def put(value: Any, way: list[Any], new: Any) -> Any:
    """The data with another value at one place."""
    if not way:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[way[0]] = put(value[way[0]], way[1:], new)
    return copy


@settings(max_examples=100, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("make", NAMES)
def test_any_json_at_any_place(make: Any, data: st.DataObject) -> None:
    """One value of a good run replaced by anything: no check breaks."""
    files = {**make(), "decision.json": runs.DECISION}
    name = data.draw(st.sampled_from([n for n in NAMES[make] if n in files]))
    value = put(files[name], data.draw(st.sampled_from(spots(files[name]))), data.draw(JSON))
    with tempfile.TemporaryDirectory() as folder:
        report = validate_readiness(runs.write(Path(folder) / "run_001", {**files, name: json.dumps(value)}))
    assert report.summary["errors"] == 0, [c.message for c in report.checks if c.status == "ERROR"]


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
