"""The last approved release of an environment, which a later one is compared with."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings as configured

from checklists import clock
from checklists.actions import gates, releases
from checklists.actions.approved import last_run
from checklists.loaded import load
from checklists.models import Environment
from readiness.engine.errors import FileChanged, RunDirectoryError
from tests import signing

ROLES = {"lead": "technical-lead", "product": "product-owner", "compliance": "compliance"}


def sign(gate, people):
    """Three signatures."""
    for who, role in ROLES.items():
        digest = load(gate.pk).judge(clock.now()).digest
        signing.approve(
            gate=gate.pk,
            role=role,
            by=getattr(people, who),
            digest=digest,
            confirmed=[0, 1],
        )


@pytest.fixture
def later(ready_gate, project, people, checklist):
    """The gate of a later release for the same environment."""
    root = Path(configured.RUN_ROOTS[0]) / "run-2"
    root.mkdir()
    (root / "metrics.json").write_text("{}")
    release = releases.create(
        project=project, by=people.contributor, version="1.5.0", root=str(root), checklist=checklist
    )
    return gates.open_gate(
        release=release, checklist=checklist, environment=ready_gate.environment, by=people.contributor
    )


def test_nothing_is_approved(ready_gate, later):
    """A gate that waits for signatures is no approved release."""
    assert last_run(later.pk) is None


def test_the_release_that_was_signed(ready_gate, later, people, run_dir):
    """Its run directory, bound to what was signed; for itself it is not the one before."""
    sign(ready_gate, people)
    found = last_run(later.pk)
    assert (found.root, found.label) == (run_dir, "the approved release 1.4.0")
    assert last_run(ready_gate.pk) is None
    (run_dir / "card.md").write_text("written afterwards")
    with pytest.raises(FileChanged):
        found.read_bytes("card.md")


def test_another_environment(ready_gate, later, people, project, checklist):
    """What is approved for production says nothing about staging."""
    sign(ready_gate, people)
    staging = Environment.objects.get(project=project, name="staging")
    gate = gates.open_gate(
        release=later.release, checklist=checklist, environment=staging, by=people.contributor
    )
    assert last_run(gate.pk) is None


def test_a_directory_that_has_gone(ready_gate, later, people, run_dir):
    """It is an error that names it, not "nothing was approved"."""
    sign(ready_gate, people)
    run_dir.rename(run_dir.with_name("elsewhere"))
    with pytest.raises(RunDirectoryError, match="run-1"):
        last_run(later.pk)
