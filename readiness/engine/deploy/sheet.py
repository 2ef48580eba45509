"""A decision in the flat form that JUnit, SARIF, the Markdown summary and annotations are made of."""

from __future__ import annotations

from readiness.engine.deploy.decision import Decision, Evaluated, RuleOutcome
from readiness.engine.outcome import Outcome
from readiness.engine.render.sheet import Line, Sheet

_OUTCOMES = {
    RuleOutcome.PASSED: Outcome.PASS,
    RuleOutcome.BLOCKED: Outcome.FAIL,
    RuleOutcome.WAIVED: Outcome.WARN,
    RuleOutcome.NOT_ASKED: Outcome.SKIP,
}


def sheet(decision: Decision, path: str, code: int) -> Sheet:
    """One line for each rule. `path` is the manifest's directory as the caller wrote it."""
    return Sheet(
        title=f"Deployment gate: {decision.project} {decision.release} to {decision.environment}",
        run_id=decision.release,
        run_path=path,
        overall=Outcome.PASS if decision.approved else Outcome.FAIL,
        lines=tuple(_line(decision, rule) for rule in decision.rules),
        exit_code=code,
    )


def _line(decision: Decision, rule: Evaluated) -> Line:
    standing = [reason for reason in decision.reasons if reason.rule == rule.rule]
    return Line(
        name=rule.rule,
        group="Deployment gate",
        title=rule.title,
        kind="deployment-gate",
        outcome=_OUTCOMES[rule.outcome],
        message=" ".join(reason.text for reason in standing) or rule.text or "holds",
        advice=" ".join(dict.fromkeys(reason.fix for reason in standing)),
    )
