"""The demonstration's governance: made through the acts, once, and each part says what it should."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings as django_settings

from checklists import demo, demo_governance
from checklists.actions import library
from checklists.models import AuditEntry, DeploymentPolicy, Gate, Notification, Release
from readiness.engine import library as builtin


@pytest.fixture
def governed(db, settings):
    """The demonstration's project, its two releases, and what governs them; no check was run."""
    settings.RUN_ROOTS = [Path(django_settings.BASE_DIR) / "examples"]
    for slug in builtin.slugs():
        library.publish(source=builtin.source(slug).decode(), by=None, name=slug)
    demo.people()
    project = demo.project()
    demo.open_gates(project)
    demo_governance.govern(project)
    return project


def test_again_changes_nothing(governed):
    """A second start finds everything and writes nothing."""
    before = AuditEntry.objects.count()
    demo_governance.govern(governed)
    assert AuditEntry.objects.count() == before


def test_what_is_there(governed):
    """A policy by proposal, a rehearsal with its log, a week of scorecards, and the plan of the good one."""
    policy = DeploymentPolicy.objects.select_related("proposal").get()
    assert policy.proposal.votes.filter(approve=True).count() == 2
    rehearsal = governed.rehearsals.get()
    assert (rehearsal.outcome, bool(rehearsal.log_sha256)) == ("passed", True)
    good = Release.objects.get(version="1.4.0")
    assert sorted(good.scorecards.values_list("overall_passed", flat=True)) == [False] + [True] * 5
    assert good.scorecards.order_by("-generated_at").first().overall_passed
    assert good.plans.count() == 1


def test_the_waiver_waits_for_compliance(governed):
    """The coming release's gate for staging has ticked items and a waiver, of which compliance was told."""
    gate = Gate.objects.get(environment__name="staging")
    assert gate.items.filter(state="passed").count() == len(demo_governance.TICKED)
    assert gate.waivers.get().state == "review"
    assert Notification.objects.filter(person__username="compliance", kind="waiver").exists()


def test_undecided_gates_store_no_decision(governed):
    """The demonstration asks once the checks have failed; before, there is nothing to decide."""
    assert not Release.objects.get(version="1.5.0").decisions.exists()


def test_one_report_with_its_bundle(governed, monkeypatch):
    """The first start asks for a report of 1.4.0 with a bundle; a second start for no other."""
    sent: list[int] = []
    monkeypatch.setattr("checklists.demo.tasks.send_report", sent.append)
    gate = Gate.objects.get(release__version=demo_governance.RUNNING, environment__name="production")
    first = demo.ask_for_report(gate)
    assert demo.ask_for_report(gate) == first
    assert (first.with_bundle, first.requested_by.username) == (True, "auditor")
    assert sent == [first.pk]
