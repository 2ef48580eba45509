"""A decision inside its span `deployment.gate`: what the command line and the server both do."""

from __future__ import annotations

from datetime import UTC, datetime

from readiness.engine import trace
from readiness.engine.deploy.config import GateConfig
from readiness.engine.deploy.decision import Decision, decide, traced
from readiness.engine.deploy.facts import Facts
from readiness.engine.deploy.manifest import Manifest

SPAN = "deployment.gate"


def judge(
    manifest: Manifest,
    config: GateConfig,
    at: datetime,
    facts: Facts | None = None,
    *,
    decided_at: datetime | None = None,
) -> Decision:
    """`decide`, with the trace it was made in. `decided_at` is the moment of asking; None: now."""
    with trace.span(SPAN, release=manifest.release, environment=manifest.environment) as span:
        decision = decide(manifest, config, at, facts)
        span.set(
            project=manifest.project,
            verdict=decision.verdict.value,
            reasons=len(decision.reasons),
            rules_blocked=",".join(dict.fromkeys(reason.rule for reason in decision.reasons)),
            waived=len(decision.waived),
            scorecard=decision.scorecard,
        )
    asked = decided_at or datetime.now(UTC)
    return traced(decision, trace_id=span.trace_id, span_id=span.span_id, decided_at=asked)
