"""The rules of the deployment gate: each one a function from a case to the reasons against it."""

from __future__ import annotations

from readiness.engine.deploy.rules import (
    approvals,
    artifacts,
    data,
    identity,
    rehearsal,
    rollout,
    scorecard,
    separation,
    waivers,
)
from readiness.engine.deploy.rules.case import Rule

RULES: tuple[Rule, ...] = (
    identity.RULE,
    artifacts.RULE,
    artifacts.FILES,
    approvals.RULE,
    separation.RULE,
    approvals.SIGNATURES,
    scorecard.RULE,
    scorecard.METRICS,
    rehearsal.RULE,
    data.MIGRATIONS,
    data.SECRETS,
    rollout.RULE,
    identity.GATES,
    waivers.RULE,
)
NAMES = tuple(rule.name for rule in RULES)
