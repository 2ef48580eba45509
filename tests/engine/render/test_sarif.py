"""Tests of the SARIF log, against the schema that OASIS publishes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft4Validator

from readiness.engine.outcome import Limit, Measurement, Outcome
from readiness.engine.render import sarif
from readiness.engine.render.sheet import Sheet
from tests.engine.render.sheets import SHEETS, line, sheet

FIXTURES = Path(__file__).parents[2] / "fixtures"
SCHEMA = FIXTURES / "sarif" / "sarif-schema-2.1.0.json"


@cache
def validator() -> Draft4Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft4Validator.check_schema(schema)
    return Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)


def log(value: Sheet) -> dict[str, Any]:
    """The rendered run, after it passed the schema."""
    data = json.loads(sarif.render(value).encode("utf-8"), parse_constant=pytest.fail)
    problems = [f"{e.json_path}: {e.message}" for e in validator().iter_errors(data)]
    assert problems == []
    run: dict[str, Any] = data["runs"][0]
    return run


def test_the_schema_bites() -> None:
    """The schema refuses a log without a version, so that passing it says something."""
    assert not validator().is_valid({"runs": []})


@pytest.mark.parametrize(
    ("outcome", "levels"),
    [
        (Outcome.PASS, []),
        (Outcome.WARN, ["warning"]),
        (Outcome.SKIP, ["note"]),
        (Outcome.FAIL, ["error"]),
        (Outcome.ERROR, ["error"]),
    ],
)
def test_levels(outcome: Outcome, levels: list[str]) -> None:
    """A passed check is no alert; every other outcome has its level."""
    assert [r["level"] for r in log(sheet(line(outcome)))["results"]] == levels


def test_one_rule_per_kind_with_its_help() -> None:
    """Two checks of one kind share a rule; its help is the kind's own text."""
    run = log(
        sheet(
            line(name="a.metric"),
            line(name="b.metric"),
            line(kind="file"),
            helps={"metric": "Title.\n\nMore."},
        )
    )
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["metric", "file"]
    assert rules[0]["shortDescription"]["text"] == "Title."
    assert rules[0]["fullDescription"]["text"] == "More."
    assert rules[0]["help"]["markdown"] == "Title.\n\nMore."
    assert [r["ruleIndex"] for r in run["results"]] == [0, 0, 1]


@pytest.mark.parametrize(
    ("run_path", "files", "location"),
    [
        ("runs/7", ("a b/é.json",), {"uri": "runs/7/a%20b/%C3%A9.json", "uriBaseId": "%SRCROOT%"}),
        ("runs/7", (), {"uri": "runs/7", "uriBaseId": "%SRCROOT%"}),
        (".", ("m.json",), {"uri": "m.json", "uriBaseId": "%SRCROOT%"}),
        ("/srv/run", ("100%.json",), {"uri": "file:///srv/run/100%25.json"}),
    ],
)
def test_places(run_path: str, files: tuple[str, ...], location: dict[str, str]) -> None:
    """A file is named from the repository's root; a run outside of it by its full path."""
    result = log(sheet(line(files=files), run_path=run_path))["results"][0]
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == location
    assert physical["region"] == {"startLine": 1}


def test_message_names_what_was_missed() -> None:
    """The values that break their limit are named, at most ten of them."""
    many = tuple(Measurement(name=f"F1 {n}", value=0.5, limit=Limit(">=", 0.7)) for n in range(12))
    text = log(sheet(line(measurements=many)))["results"][0]["message"]["text"]
    assert "(F1 0: 0.5, expected ≥ 0.7; F1 1: " in text
    assert text.endswith("; 2 more)")


def test_line_is_kept() -> None:
    """The line that a finding names is the region."""
    result = log(sheet(line(at_line=4)))["results"][0]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 4}


def test_fingerprint_survives_another_value() -> None:
    """A check that measures another value is the same alert; another check is another."""

    def prints(**other: Any) -> dict[str, str]:
        found: dict[str, str] = log(sheet(line(**other)))["results"][0]["partialFingerprints"]
        return found

    assert prints(message="76 %") == prints(message="75 %", at_line=9)
    assert not set(prints().values()) & set(prints(name="other.metric").values())


@pytest.mark.parametrize(
    ("overall", "given_code", "code"),
    [(Outcome.PASS, None, 0), (Outcome.FAIL, None, 1), (Outcome.ERROR, None, 3), (Outcome.WARN, 1, 1)],
)
def test_exit_code_of_the_invocation(overall: Outcome, given_code: int | None, code: int) -> None:
    """The invocation carries the process's exit code; `--strict` may have made it 1."""
    run = log(sheet(line(overall), overall=overall, exit_code=given_code))
    assert run["invocations"][0]["exitCode"] == code
    assert run["invocations"][0]["executionSuccessful"] is (overall is not Outcome.ERROR)


@given(value=SHEETS)
def test_any_sheet_is_valid(value: Sheet) -> None:
    """Any text gives a log that the schema accepts, with one result per check that did not pass."""
    run = log(value)
    assert len(run["results"]) == sum(entry.outcome is not Outcome.PASS for entry in value.lines)


def test_no_link_out_of_a_message() -> None:
    """Square brackets before a round one would be a link in a code host's page."""
    told = log(sheet(line(Outcome.FAIL, message="see [the fix](https://evil.example/x)")))
    assert "](" not in told["results"][0]["message"]["text"]
