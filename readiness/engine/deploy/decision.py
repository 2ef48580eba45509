"""The one function that decides about a deployment. Plain values and a clock reading in, a decision out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from readiness.engine.deploy import dates, remarks
from readiness.engine.deploy.config import GateConfig
from readiness.engine.deploy.facts import Facts
from readiness.engine.deploy.manifest import Manifest, Waiver
from readiness.engine.deploy.rules import RULES, waivers
from readiness.engine.deploy.rules.case import Case, Reason, Rule

SCHEMA_VERSION = 1


class Verdict(StrEnum):
    """What the gate says."""

    APPROVE = "approve"
    REJECT = "reject"
    WAIVER_REQUIRED = "waiver required"


class RuleOutcome(StrEnum):
    """What became of one rule."""

    PASSED = "passed"
    BLOCKED = "blocked"
    WAIVED = "waived"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """A reason that a waiver covers until it expires."""

    reason: Reason
    waiver: Waiver

    def to_dict(self) -> dict[str, Any]:
        """`{reason, waiver}`."""
        return {"reason": self.reason.to_dict(), "waiver": msgspec.to_builtins(self.waiver)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """One rule in the explanation; `text` says why it was not asked, or how many reasons it gave."""

    rule: str
    title: str
    outcome: RuleOutcome
    text: str = ""

    def to_dict(self) -> dict[str, Any]:
        """`{rule, title, outcome, text}`."""
        return {"rule": self.rule, "title": self.title, "outcome": self.outcome.value, "text": self.text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the gate decided about a release, and everything it rests on.

    `inputs` are the digests of what was judged, `files` those of the files that were compared. `as_of` is
    the moment that counted; `decided_at`, `trace_id` and `span_id` say when and in which trace it was asked.
    """

    verdict: Verdict
    project: str
    release: str
    environment: str
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    waived: tuple[Waived, ...]
    rules: tuple[Evaluated, ...]
    approvals: tuple[remarks.Told, ...]
    inputs: dict[str, str]
    files: dict[str, str]
    scorecard: str
    as_of: datetime
    decided_at: datetime
    trace_id: str = ""
    span_id: str = ""

    @property
    def approved(self) -> bool:
        """True only for approve."""
        return self.verdict is Verdict.APPROVE

    def to_dict(self) -> dict[str, Any]:
        """The decision record; the same for the command line, the server and the file."""
        return {
            "schema_version": SCHEMA_VERSION,
            "verdict": self.verdict.value,
            "project": self.project,
            "release": self.release,
            "environment": self.environment,
            "as_of": dates.utc(self.as_of),
            "decided_at": dates.utc(self.decided_at),
            "trace_id": self.trace_id,
            "span_id": self.span_id,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "warnings": [reason.to_dict() for reason in self.warnings],
            "waived": [each.to_dict() for each in self.waived],
            "rules": [each.to_dict() for each in self.rules],
            "approvals": [each.to_dict() for each in self.approvals],
            "inputs": {**self.inputs, "files": dict(self.files)},
            "scorecard": self.scorecard,
        }


def decide(manifest: Manifest, config: GateConfig, at: datetime, facts: Facts | None = None) -> Decision:
    """Judge a release at a moment. `at` must carry a zone, or ValueError is raised. Nothing is read."""
    if at.tzinfo is None:
        raise ValueError("decide() needs a time with a zone")
    case = Case(manifest=manifest, config=config, at=at, facts=facts or Facts())
    found = {rule.name: _found(rule, case) for rule in RULES}
    blocking = [reason for reasons in found.values() for reason in reasons if not reason.warning]
    valid = [waiver for waiver in manifest.waivers if waivers.valid(waiver, case)]
    waived = [w for reason in blocking if (w := _waived(reason, valid))]
    covered = {id(each.reason) for each in waived}
    standing = [reason for reason in blocking if id(reason) not in covered]
    warnings = [reason for reasons in found.values() for reason in reasons if reason.warning]
    return Decision(
        verdict=_verdict(standing),
        project=manifest.project,
        release=manifest.release,
        environment=manifest.environment,
        reasons=tuple(standing),
        warnings=(*warnings, *remarks.of(case, [each.waiver for each in waived], valid)),
        waived=tuple(waived),
        rules=tuple(_evaluated(rule, case, found[rule.name], covered) for rule in RULES),
        approvals=tuple(remarks.approvals_told(case)),
        inputs=dict(case.facts.inputs),
        files={path: f"sha256:{f.sha256}" for path, f in (case.facts.files or {}).items() if f.sha256},
        scorecard=(manifest.scorecard.path or "") if manifest.scorecard else "",
        as_of=at,
        decided_at=at,
    )


def _found(rule: Rule, case: Case) -> list[Reason]:
    return [] if rule.not_asked(case) else list(rule.find(case, rule))


def _waived(reason: Reason, valid: list[Waiver]) -> Waived | None:
    waiver = next((w for w in valid if waivers.covers(w, reason)), None)
    return Waived(reason=reason, waiver=waiver) if waiver else None


def _verdict(standing: list[Reason]) -> Verdict:
    if not standing:
        return Verdict.APPROVE
    return Verdict.WAIVER_REQUIRED if all(reason.waivable for reason in standing) else Verdict.REJECT


def _evaluated(rule: Rule, case: Case, reasons: list[Reason], covered: set[int]) -> Evaluated:
    why = rule.not_asked(case)
    blocking = [reason for reason in reasons if not reason.warning]
    standing = [reason for reason in blocking if id(reason) not in covered]
    if why:
        outcome = RuleOutcome.NOT_ASKED
    elif standing:
        outcome, why = RuleOutcome.BLOCKED, standing[0].text
    elif blocking:
        outcome, why = RuleOutcome.WAIVED, blocking[0].text
    else:
        outcome = RuleOutcome.PASSED
    return Evaluated(rule=rule.name, title=rule.title, outcome=outcome, text=why)


def traced(decision: Decision, *, trace_id: str, span_id: str, decided_at: datetime) -> Decision:
    """The same decision with the trace that it was made in, and when."""
    return replace(decision, trace_id=trace_id, span_id=span_id, decided_at=decided_at)
