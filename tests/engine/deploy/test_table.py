"""The decision table: every case of `table.yml` ends as it says, for the reasons it says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from readiness.engine.deploy.decision import RuleOutcome
from readiness.engine.deploy.rules import NAMES

TABLE = yaml.load((Path(__file__).parent / "table.yml").read_text(), yaml.BaseLoader)
CASES = [case["name"] for case in TABLE["cases"]]


_CASE = ("manifest", "drop", "config", "facts", "waiver", "at")


def test_size():
    """The table has at least 120 cases, each with its own name, and names every rule."""
    assert len(CASES) >= 120
    assert len(set(CASES)) == len(CASES)
    assert {rule for case in TABLE["cases"] for rule in case.get("rules", [])} == set(NAMES)


@pytest.mark.parametrize("name", CASES)
def test_case(name, table, judged):
    """The verdict and the blocking rules, the covered ones and the warnings are those of the table."""
    case = table[name]
    decision = judged(**{k: v for k, v in case.items() if k in _CASE})
    said = [reason.text for reason in decision.reasons]
    assert sorted({reason.rule for reason in decision.reasons}) == sorted(case.get("rules", [])), said
    assert decision.verdict == case["verdict"], said
    assert [each.reason.rule for each in decision.waived] == case.get("waived", [])
    assert {w.rule for w in decision.warnings} >= set(case.get("warns", [])), decision.warnings


@pytest.mark.parametrize("name", CASES)
def test_explained(name, table, judged):
    """Every rule says what became of it, and every reason says what was seen and what to do."""
    case = table[name]
    decision = judged(**{k: v for k, v in case.items() if k in _CASE})
    assert tuple(each.rule for each in decision.rules) == NAMES
    blocked = {each.rule for each in decision.rules if each.outcome is RuleOutcome.BLOCKED}
    assert blocked == {reason.rule for reason in decision.reasons}
    assert all(r.text.endswith(".") and r.fix.endswith(".") and r.title for r in decision.reasons)


def test_disallowed_waivers_are_not_called_orphans(judged):
    """Where no waiver is allowed, none is told to match nothing: it must go, whatever it matches."""
    decision = judged(config={"disallow_waivers": True}, waiver={})
    assert [r.rule for r in decision.reasons] == ["waivers"]
    assert decision.warnings == ()
