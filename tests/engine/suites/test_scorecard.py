"""The scorecard as a file: what is read, what is refused, its schema; and the trend over several."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from readiness.engine.errors import BadContent, ResultError
from readiness.engine.suites import scorecard
from readiness.engine.suites.result import RunResult
from readiness.engine.suites.scorecard import Scorecard, read_scorecard
from readiness.engine.suites.trend import trend
from readiness.engine.suites.values import Status, SuiteResult
from tests.engine.suites.made import NOW, config_of

ROOT = Path(__file__).parents[3]
BARE = {
    "release": "2025.10.01",
    "suites": [
        {"name": "integration", "status": "passed", "duration": 312.5},
        {"name": "performance", "status": "passed", "p95_latency_ms": 174},
    ],
    "waivers": [],
    "generated_at": "2025-10-01T12:00:00Z",
    "owner": "platform-readiness",
}
FULL = BARE | {
    "schema_version": 1, "run_id": "r1", "environment": "staging", "overall_passed": True, "partial": False,
    "interrupted": False, "trace_id": "",
}  # fmt: skip
FAILED = [{"name": "integration", "status": "failed"}]


def card(document: Any) -> Scorecard:
    """The scorecard of plain data or of a text."""
    text = document if isinstance(document, str) else json.dumps(document)
    return read_scorecard(text.encode(), "card.json")


@pytest.mark.parametrize(
    ("change", "passed"),
    [
        ({}, True),
        ({"suites": FAILED}, False),
        ({"suites": [*BARE["suites"], *({"name": "e2e", "status": "failed"},)]}, False),
        ({"suites": [*BARE["suites"], *({"name": "e2e", "status": "not-run"},)]}, False),
        ({"suites": []}, False),
        ({"overall_passed": False}, False),
        ({"overall_passed": True}, True),
    ],
)
def test_the_bare_form_is_read(change, passed) -> None:
    """Without a schema version a release passed when every suite did, and there is one."""
    found = card(BARE | change)
    assert found.overall_passed is passed
    assert found.at.isoformat() == "2025-10-01T12:00:00+00:00"


def test_figures_of_the_whole() -> None:
    """The worst suite speaks for all."""
    found = card(FULL)
    assert (found.p95_latency_ms, found.flake_rate) == (174, None)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("", "not usable JSON"),
        ("[]", "not an object"),
        ("null", "not an object"),
        ('{"release": "1", "release": "2"}', "stands twice"),
        ("[" * 500, "nested deeper"),
        (FULL | {"release": ""}, "release"),
        (FULL | {"release": 1}, "needs text"),
        ({k: v for k, v in FULL.items() if k != "release"}, "`release` is missing"),
        ({k: v for k, v in FULL.items() if k != "overall_passed"}, "`overall_passed` is missing"),
        (FULL | {"overall_passed": "yes"}, "needs true or false"),
        (FULL | {"overall_passed": 1}, "needs true or false"),
        (FULL | {"suites": FAILED}, "its suites say that it did not"),
        (FULL | {"suites": []}, "its suites say that it did not"),
        (FULL | {"suites": [{"name": "a", "status": "passed", "blocking": False}]}, "did not"),
        (FULL | {"interrupted": True}, "did not"),
        (FULL | {"suites": {}}, "needs list"),
        (FULL | {"suites": [3]}, "whole number"),
        (FULL | {"suites": [{"name": "a"}]}, "`status` is missing"),
        (FULL | {"suites": [{"name": "a", "status": "green"}]}, "'green'"),
        (FULL | {"suites": [{"name": "a", "status": "PASSED"}]}, "'PASSED'"),
        (FULL | {"suites": BARE["suites"] * 2}, "names a suite twice"),
        (FULL | {"suites": [{"name": "", "status": "passed"}]}, "name"),
        (FULL | {"suites": [{"name": "a", "status": "passed", "duration": -1}]}, "duration"),
        (FULL | {"suites": [{"name": "a", "status": "passed", "flake_rate": 1.5}]}, "flake_rate"),
        (FULL | {"suites": [{"name": "a", "status": "passed", "p95_latency_ms": "174"}]}, "needs number"),
        (FULL | {"suites": [{"name": "a", "status": "passed", "findings": {"high": -1}}]}, "findings"),
        (json.dumps(FULL).replace("312.5", "NaN"), "duration"),
        (json.dumps(FULL).replace("312.5", "Infinity"), "no number"),
        (json.dumps(FULL).replace("312.5", "1e999"), "out of range"),
        (FULL | {"generated_at": "yesterday"}, "no time"),
        (FULL | {"generated_at": ""}, "generated_at"),
        (FULL | {"generated_at": 1759320000}, "needs text"),
        (FULL | {"schema_version": "1"}, "no version"),
        (FULL | {"schema_version": True}, "no version"),
        (FULL | {"schema_version": 0}, "no version"),
        (FULL | {"schema_version": None}, "no version"),
        (FULL | {"waivers": "none"}, "needs list"),
        (FULL | {"waivers": [{"reason": 3}]}, "needs text"),
        (BARE | {"suites": "all"}, "needs list"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "JSON"),
    ],
)  # fmt: skip
def test_what_is_no_scorecard_is_refused(document, words) -> None:
    """Half-understood, contradicting or odd: one sentence that says what, never a pass."""
    with pytest.raises(BadContent) as caught:
        card(document)
    assert words in str(caught.value)
    assert "card.json" in str(caught.value)


def test_newer_versions_are_refused_by_name() -> None:
    """What a later version wrote may mean something else."""
    with pytest.raises(ResultError, match="schema version 2; this version reads up to 1"):
        card(FULL | {"schema_version": 2, "anything": []})


@pytest.mark.parametrize("data", [b"\xff\xfe\x00\xd8", b"\x80", b" " * (5 << 20)])
def test_odd_bytes_are_refused(data) -> None:
    """Other encodings, and a file too large."""
    with pytest.raises(BadContent):
        read_scorecard(data)


def test_unknown_fields_of_others_are_left_alone() -> None:
    """Tools add their own; they change nothing."""
    found = card(FULL | {"pipeline": 7, "suites": [{"name": "a", "status": "passed", "colour": "red"}]})
    assert found.overall_passed


def run_of(*suites: SuiteResult, **more) -> RunResult:
    """A run with these suites."""
    fields: dict[str, Any] = {"run_id": "r1", "release": "1.0", "environment": "staging", "started_at": NOW}
    return RunResult(config=config_of({}), generated_at=NOW, suites=suites, **(fields | more))


def suite(name: str, status: str, **more) -> SuiteResult:
    """A suite that ended so."""
    fields: dict[str, Any] = {"name": name, "kind": "unit", "status": Status(status), "blocking": True}
    return SuiteResult(**(fields | more))


@pytest.mark.parametrize(
    ("suites", "interrupted", "passed"),
    [
        ([("a", "passed", True)], False, True),
        ([("a", "passed", True), ("b", "failed", False)], False, True),
        ([("a", "passed", True), ("b", "failed", True)], False, False),
        ([("a", "passed", True), ("b", "error", True)], False, False),
        ([("a", "passed", True), ("b", "not-run", True)], False, False),
        ([("a", "passed", True), ("b", "interrupted", True)], False, False),
        ([("a", "passed", False)], False, False),
        ([], False, False),
        ([("a", "passed", True)], True, False),
    ],
)
def test_when_a_release_passed(suites, interrupted, passed) -> None:
    """Every blocking suite ran and passed, there is one, and nobody interrupted."""
    result = run_of(*(suite(n, s, blocking=b) for n, s, b in suites), interrupted=interrupted)
    assert result.overall_passed is passed


def test_what_is_written_is_read_and_fits_the_schema() -> None:
    """The way out and the way back agree, field by field."""
    written = run_of(
        suite("a", "passed", duration=1.5, tests=10, success_rate=0.9, flake_rate=0.0, flaky=("t",)),
        suite("b", "failed", blocking=False, findings={"high": 1}, reasons=("1 high finding",)),
        suite("c", "not-run", blocking=False),
        trace_id="0af7651916cd43dd8448eb211c80319c",
    ).scorecard()
    Draft202012Validator(scorecard.schema()).validate(written.to_dict())
    assert card(written.to_dict()) == written
    assert card(json.dumps(written.to_dict())).to_dict() == written.to_dict()


def test_the_published_schema_is_the_codes() -> None:
    """docs/schemas holds what the classes say."""
    file = ROOT / "docs" / "schemas" / "readiness-scorecard.schema.json"
    assert file.read_text(encoding="utf-8") == scorecard.dump_schema()
    Draft202012Validator.check_schema(json.loads(file.read_text(encoding="utf-8")))


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    """A status that nobody knows, a rate over 1, no run id."""
    validator = Draft202012Validator(scorecard.schema())
    assert validator.is_valid(FULL)
    for wrong in (
        FULL | {"suites": [{"name": "a", "status": "green"}]},
        FULL | {"suites": [{"name": "a", "status": "passed", "flake_rate": 2}]},
        {k: v for k, v in FULL.items() if k != "run_id"},
    ):
        assert not validator.is_valid(wrong)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(data) -> None:
    """Whatever the bytes: a scorecard or one of the two errors."""
    with suppress(BadContent, ResultError):
        read_scorecard(data)


def dated(run_id: str, days: int, *suites: dict, **more) -> Scorecard:
    """A scorecard of a day."""
    at = (NOW + timedelta(days=days)).isoformat()
    passed = all(each["status"] == "passed" for each in suites) and bool(suites)
    fields = {"generated_at": at, "run_id": run_id, "suites": list(suites), "overall_passed": passed}
    return card(FULL | fields | more)


def test_trend_is_in_order_of_time() -> None:
    """Newest last, whatever order they come in; a suite that did not run has no point."""
    cards = [
        dated("r3", 3, {"name": "a", "status": "failed", "flake_rate": 0.2}),
        dated("r1", 1, {"name": "a", "status": "passed", "flake_rate": 0.0, "p95_latency_ms": 100}),
        dated("r2", 2, {"name": "a", "status": "not-run"}, {"name": "b", "status": "passed"}),
    ]
    found = trend(cards)
    assert [p.run_id for p in found.overall] == ["r1", "r2", "r3"]
    assert [(p.run_id, p.flake_rate) for p in found.suites["a"]] == [("r1", 0.0), ("r3", 0.2)]
    assert [p.p95_latency_ms for p in found.suites["a"]] == [100, None]
    assert found.pass_rate == pytest.approx(1 / 3)
    assert trend(reversed(cards)) == found


def test_one_run_is_one_point() -> None:
    """A scorecard that was registered twice counts once; nothing has no rate."""
    once = dated("r1", 1, {"name": "a", "status": "passed"})
    assert len(trend([once, once]).overall) == 1
    assert trend([]).pass_rate is None
