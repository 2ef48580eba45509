"""Stages, approved gates, scorecards and rehearsals for tests, made through the acts."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from checklists import clock
from checklists.actions import items, library, policies, scorecards, stages
from checklists.loaded import load
from checklists.models import ChecklistVersion, Environment, Gate, Project, Rehearsal, Release, Scorecard
from tests import signing
from tests.conftest import People

HANDS = """---
title: {title}
slug: {slug}
version: 1.0.0
waivers: {waivers}
sign_off: [{{role: technical-lead}}, {{role: product-owner}}]
---
## Items

- [ ] **Looked at** {{#looked}}
  - It was looked at

## Approval

- [ ] **Technical lead** {{#by-lead role=technical-lead}}
  - Fine
- [ ] **Product owner** {{#by-product role=product-owner}}
  - Fine
"""
POLICY = "required_roles: [technical-lead, product-owner]\nmetrics: {flake_rate: 0.1, p95_ms: 200}\n"
PLAN: dict[str, Any] = {
    "owner": "Olive Owens",
    "feature_flags": {"new-ui": True},
    "secrets": [{"name": "db-password", "version": "7", "rotated_at": "2026-01-01T00:00:00Z"}],
    "rollout": {"strategy": "canary", "steps": ["5 %", "100 %"]},
    "rollback": {"trigger": "error rate above 2 %", "steps": ["switch the alias back"]},
}


def by_hand(slug: str, title: str = "", *, waivers: bool = False) -> ChecklistVersion:
    """A checklist with one item that a person ticks, signed by technical lead and product owner."""
    source = HANDS.format(slug=slug, title=title or slug.capitalize(), waivers=str(waivers).lower())
    return library.publish(source=source, by=None)


def environment(project: Project, name: str = "production") -> Environment:
    """An environment of the project."""
    return Environment.objects.get(project=project, name=name)


def set_stages(project: Project, people: People, **rows: tuple[str, str]) -> None:
    """Ask for stages: `readiness=("quick", "staging")`; an underscore stands for a hyphen."""
    wanted = {
        stage.replace("_", "-"): stages.Demand(checklist=slug, environment=environment(project, name))
        for stage, (slug, name) in rows.items()
    }
    stages.set_stages(project=project, by=people.owner, rows=wanted)


def settle(gate: Gate, people: People) -> None:
    """Tick the one item of a `by_hand` gate."""
    item = load(gate.pk).items[0]
    items.tick(
        gate=gate.pk, key="looked", by=people.second, seen=item.row.changed_in, confirmed=[0], comment="Seen."
    )


def sign(gate: Gate, people: People) -> None:
    """Sign a `by_hand` gate as technical lead and as product owner."""
    for person, role in ((people.lead, "technical-lead"), (people.product, "product-owner")):
        digest = load(gate.pk).judge(clock.now()).digest
        signing.approve(gate=gate.pk, role=role, by=person, digest=digest, confirmed=[0])


def approve(gate: Gate, people: People) -> Gate:
    """Settle and sign a `by_hand` gate."""
    settle(gate, people)
    sign(gate, people)
    gate.refresh_from_db()
    return gate


def card(release: Release, **more: Any) -> bytes:
    """A scorecard of the release whose suites passed a minute ago."""
    when = more.pop("at", clock.now() - timedelta(minutes=1))
    suite = {"name": "integration", "status": "passed", "duration": 31.5, "flake_rate": 0.0}
    whole = {
        "schema_version": 1,
        "release": release.version,
        "suites": [suite, {"name": "performance", "status": "passed", "p95_latency_ms": 174}],
        "generated_at": when.isoformat(),
        "owner": "platform",
        "run_id": "run-1",
        "environment": "",
        "overall_passed": True,
        "waivers": [],
    }
    return json.dumps(whole | more).encode()


def registered(release: Release, people: People, **more: Any) -> Scorecard:
    """A registered scorecard."""
    return scorecards.register(release=release, data=card(release, **more), by=people.contributor)


def rehearsed(release: Release, people: People, *, at: datetime | None = None, **more: Any) -> Rehearsal:
    """A rollback rehearsal in production that passed an hour ago."""
    now = clock.now()
    given = {
        "outcome": "passed",
        "performed_at": at or now - timedelta(hours=1),
        "recorded_at": now,
        "performed_by": "Lena Lead",
        "from_version": release.version,
        "to_version": "1.3.0",
        "duration_seconds": 240,
        "recorded_by": people.lead,
    }
    return Rehearsal.objects.create(
        project=release.project, environment=environment(release.project), **(given | more)
    )


def policy(project: Project, people: People, source: str = POLICY) -> None:
    """Activate a policy for production."""
    policies.activate_policy(environment=environment(project), source=source, by=people.owner)
