"""What governs the demonstration's releases: a policy, rehearsals, scorecards, a plan, a waiver, a decision.

Everything is made through the acts, each part once: a second start finds it and leaves it alone.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from checklists import clock
from checklists.actions import (
    deployments,
    gates,
    items,
    plans,
    proposals,
    rehearsals,
    scorecards,
    waivers,
)
from checklists.demo import RELEASES
from checklists.loaded import load
from checklists.models import ChecklistVersion, Environment, Gate, Person, Project, Release
from checklists.models.change import ProposalKind

RUNNING, COMING = tuple(RELEASES)  # the version that is good, and the one that is not
BEFORE = "1.3.2"
PROGRAMME = "readiness-programme"
REHEARSED_AGO = timedelta(days=12)
ROTATED_AGO = timedelta(days=19)
WAIVED_FOR = timedelta(days=14)
POLICY = """\
# What must hold before a release of the digits classifier is deployed to production.
required_roles: [technical-lead, product-owner]
enforce_approvals: true
separation_of_duties: true
require_rehearsal: true
max_rehearsal_age_days: 30
require_scorecard: true
scorecard_environments: [staging]
metrics: {p95_ms: 200, flake_rate: 0.1}
"""
LOG = """\
10:30:02 production: 5 % of traffic on {running}
10:32:40 trigger pulled by hand: error rate counted as 2.4 %
10:32:41 alias digits-production: {running} -> {before}
10:36:05 all replicas serve {before}; smoke tests: 12 passed
10:37:14 alias back on {running}; rehearsal ends
"""
PLAN: Mapping[str, Any] = {
    "owner": "Lena Lead",
    "feature_flags": {"show_confidence": True, "batch_size": 64},
    "rollout": {"strategy": "canary", "steps": ["5 % of traffic for an hour", "All of it"]},
    "rollback": {
        "trigger": "Error rate above 2 %, or p95 above 200 ms for five minutes",
        "steps": [f"Point the alias digits-production at {BEFORE}", "Run the smoke tests"],
    },
}
# Nightly runs of the suites: days ago, flake rate of the integration suite, p95 of the performance suite.
NIGHTS: Sequence[tuple[int, float, float]] = (
    (6, 0.048, 171.0),
    (5, 0.041, 176.0),
    (4, 0.027, 214.0),
    (3, 0.021, 183.0),
    (2, 0.014, 178.0),
    (1, 0.007, 174.0),
)
TICKED = {
    "change-board": "Told on Thursday; nobody objected.",
    "postmortems": "Two incidents this quarter, both written up within two days.",
}
WAIVER: Mapping[str, str] = {
    "reason": "The collector of the staging cluster is replaced this week, so traces of runs are lost.",
    "risk": "A slow run of the suites could not be followed step by step.",
    "mitigation": "Logs carry the same ids. Traces are counted again on the new collector next week.",
    "scope": f"{COMING} on its way through staging; production needs its traces.",
}
WHERE = (
    "lead: the project’s page has its policy, rehearsal and proposals; 1.4.0’s has plan and scorecards.",
    "compliance: a waiver of 1.5.0 in staging waits for a decision (Home, “Waiting for me”).",
    "auditor: the reports of 1.4.0 hold one with its audit bundle; drop either on “Verify a file”.",
    "Anybody: 1.5.0, “May it be deployed to production?” shows the decision that refused it.",
)


def govern(project: Project) -> None:
    """Make whatever is missing; each part whole or not at all."""
    for part in (policy, rehearsal, scorecard_history, plan, staging_gate, decision):
        with transaction.atomic():
            part(project)


def _person(username: str) -> Person:
    return Person.objects.get(username=username)


def _production(project: Project) -> Environment:
    return Environment.objects.get(project=project, name="production")


def policy(project: Project) -> None:
    """The policy of production: proposed by the lead, approved by two others, activated by the owner."""
    if project.proposals.exists():
        return
    made = proposals.propose(
        project=project,
        by=_person("lead"),
        kind=ProposalKind.POLICY,
        title="A deployment policy for production",
        reason="Two approvals, a rehearsal of the last 30 days and green suites, for every release.",
        text=POLICY,
        link="https://rfc.example.org/87",
        environment=_production(project),
    )
    for voter, words in (("product", "Agreed."), ("compliance", "This is what the auditors asked for.")):
        proposals.vote(proposal=made.pk, by=_person(voter), approve=True, comment=words)
    proposals.activate(proposal=made.pk, by=_person("owner"))


def rehearsal(project: Project) -> None:
    """A way back that was walked in production, with its log."""
    if project.rehearsals.exists():
        return
    log = LOG.format(running=RUNNING, before=BEFORE)
    rehearsals.record(
        project=project,
        by=_person("lead"),
        environment=_production(project),
        performed_at=clock.now() - REHEARSED_AGO,
        performed_by="Lena Lead",
        from_version=RUNNING,
        to_version=BEFORE,
        duration_seconds=432,
        outcome="passed",
        gaps="The dashboard showed the old version for four minutes.",
        log_name="rollback-rehearsal.log",
        log=io.BytesIO(log.encode()),
    )


def scorecard_history(project: Project) -> None:
    """A week of nightly runs; one of them was too slow."""
    release = Release.objects.get(project=project, version=RUNNING)
    if release.scorecards.exists():
        return
    sample = Path(settings.BASE_DIR) / "examples" / "release-governance" / "readiness-scorecard.json"
    shape = json.loads(sample.read_text(encoding="utf-8"))
    for night in NIGHTS:
        scorecards.register(release=release, data=_card(shape, night), by=_person("lead"))


def _card(shape: Mapping[str, Any], night: tuple[int, float, float]) -> bytes:
    ago, flakes, p95 = night
    at = (clock.now() - timedelta(days=ago)).replace(hour=2, minute=10, second=0, microsecond=0)
    changed: dict[str, dict[str, Any]] = {
        "integration": {"flake_rate": flakes},
        "performance": {"p95_latency_ms": p95},
    }
    changed["performance"] |= {"status": "failed"} if p95 >= 200 else {}
    suites = [dict(suite) | changed.get(suite["name"], {}) for suite in shape["suites"]]
    suites = [s | {"findings": {"critical": 0, "high": 0}} if "findings" in s else s for s in suites]
    own = {
        "release": RUNNING,
        "suites": suites,
        "generated_at": at.isoformat(),
        "owner": "Lena Lead",
        "waivers": [],
        "run_id": f"nightly-{at:%Y-%m-%d}",
        "overall_passed": all(suite["status"] == "passed" for suite in suites),
    }
    left = {name: value for name, value in shape.items() if name != "trace_id"}
    return json.dumps(left | own, indent=1).encode()


def plan(project: Project) -> None:
    """How the good release goes out, and the way back."""
    release, where = Release.objects.get(project=project, version=RUNNING), _production(project)
    if plans.newest(release, where) is None:
        rotated = f"{clock.now() - ROTATED_AGO:%Y-%m-%d}"
        token = {"name": "registry-token", "version": "7", "rotated_at": rotated, "evidence": "CHG-1201"}
        content = {**PLAN, "secrets": [token]}
        plans.set_plan(release=release, environment=where, by=_person("lead"), content=content)


def staging_gate(project: Project) -> None:
    """The readiness programme of the coming release: some items ticked, one waiver to decide on."""
    release, lead = Release.objects.get(project=project, version=COMING), _person("lead")
    staging = Environment.objects.get(project=project, name="staging")
    checklist = ChecklistVersion.objects.filter(slug=PROGRAMME).order_by("-published_at").first()
    if checklist is None or Gate.objects.filter(release=release, environment=staging).exists():
        return
    gate = gates.open_gate(release=release, checklist=checklist, environment=staging, by=lead)
    for key, words in TICKED.items():
        item = next(item for item in load(gate.pk).items if item.key == key)
        items.tick(
            gate=gate.pk,
            key=key,
            by=lead,
            seen=item.row.changed_in,
            confirmed=list(range(len(item.spec.criteria))),
            comment=words,
        )
    asked = waivers.draft(
        gate=gate.pk,
        by=lead,
        key="traces",
        owner=lead,
        expires_at=clock.now().replace(second=0, microsecond=0) + WAIVED_FOR,
        **WAIVER,
    )
    waivers.submit(gate=gate.pk, waiver=asked.pk, by=lead)


def decision(project: Project) -> None:
    """The coming release was asked for, and refused with its reasons."""
    release, where = Release.objects.get(project=project, version=COMING), _production(project)
    if not release.decisions.exists():
        deployments.decide_deployment(release=release, environment=where, by=_person("lead"))
