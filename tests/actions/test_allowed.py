"""What checks may do on the server is what its settings and the checklist say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checklists.actions import runs
from readiness.engine.checklist import CheckSpec, Item
from tests.engine.bare_machine import bare  # noqa: F401  # a fixture


@pytest.fixture
def claimed(gate, people):
    """A claimed run of an item that runs a command."""
    (pk,) = runs.request_one(gate=gate.pk, key="weights", by=people.lead)
    item = Item(id="weights", text="t", checks=(CheckSpec(kind="command", params=["echo", "it", "ran"]),))
    return replace(runs.claim(pk), item=item)


@pytest.mark.parametrize(
    ("allowed", "outcome"), [([], "SKIP"), (["echo that"], "SKIP"), (["ls", "echo it"], "PASS")]
)
def test_commands(claimed, settings, allowed, outcome):
    """A command runs only when READINESS_ALLOWED_COMMANDS lists its first words."""
    settings.ALLOWED_COMMANDS = allowed
    (result,) = runs.execute(claimed)
    assert result["finding"]["outcome"] == outcome


@pytest.mark.parametrize(("operator", "demanded"), [("seccomp", ""), ("", "seccomp"), ("rlimit", "seccomp")])
def test_isolation(claimed, settings, tmp_path, bare, operator, demanded):  # noqa: F811
    """The stricter demand of operator and checklist counts; where it is not met, nothing is run."""
    bare(tmp_path / "stand-in")
    settings.ALLOWED_COMMANDS, settings.MIN_ISOLATION = ["echo"], operator
    (result,) = runs.execute(replace(claimed, isolation=demanded))
    assert result["finding"]["outcome"] == "ERROR"
    assert "grants only rlimit" in result["finding"]["message"]


def test_a_claim_carries_the_checklists_demand(gate, people):
    """A checklist that was stored before there were demands has none."""
    (pk,) = runs.request_one(gate=gate.pk, key="weights", by=people.lead)
    assert runs.claim(pk).isolation == gate.checklist.checklist.isolation == ""
