"""What a decision says beside its reasons: things to know, and how each approval was understood."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from readiness.engine.deploy import dates, words
from readiness.engine.deploy.manifest import Manifest, Waiver
from readiness.engine.deploy.rules import approvals, waivers
from readiness.engine.deploy.rules.case import Case, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An approval as it was understood. `standing` is declared (somebody's word) or verified (by `key`)."""

    role: str
    name: str
    decision: str
    at: str
    standing: str
    counts: bool
    key: str = ""
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """`{role, name, decision, at, standing, counts, key, problem}`."""
        return {each: getattr(self, each) for each in self.__slots__}


def of(case: Case, used: list[Waiver], valid: list[Waiver]) -> Iterator[Reason]:
    """What is to be known beside the reasons: waivers that cover nothing, times without a zone, declines."""
    covering = {id(waiver) for waiver in used}
    for waiver in valid:
        elsewhere = waiver.suite.strip() or (not waiver.rule.strip() and case.manifest.gates)
        if id(waiver) not in covering and not elsewhere:
            told = f"The waiver {waivers.name(waiver)} matches nothing that blocks here."
            yield waivers.RULE.warn(
                told, "Take it out when it is no longer needed.", item=waivers.name(waiver)
            )
    bare = _zoneless(case.manifest)
    if bare:
        told = f"Times without a zone were read as UTC: {words.listed(bare, 4)}."
        yield Reason(rule="dates", title="Times have a zone", text=told, fix=dates.HOW, warning=True)
    if not case.config.enforce_approvals:
        for entry in approvals.declined(case):
            told = f"{words.shown(entry.name) or 'Somebody'} declined, but approvals are not asked for."
            yield approvals.RULE.warn(told, item=words.role(entry.role))


def _zoneless(manifest: Manifest) -> list[str]:
    """Places of times that carry no zone."""
    found = [("generated_at", manifest.generated_at)]
    found += [(f"approvals[{n}].at", each.at) for n, each in enumerate(manifest.approvals)]
    for n, each in enumerate(manifest.waivers):
        found += [
            (f"waivers[{n}].approved_at", each.approved_at),
            (f"waivers[{n}].expires_at", each.expires_at),
        ]
    found += [
        (f"migrations[{n}].dry_run.at", m.dry_run.at) for n, m in enumerate(manifest.migrations) if m.dry_run
    ]
    found += [(f"secrets[{n}].rotated_at", each.rotated_at) for n, each in enumerate(manifest.secrets)]
    if manifest.rollback:
        found.append(("rollback.rehearsed_at", manifest.rollback.rehearsed_at))
        if manifest.rollback.rehearsal:
            found.append(("rollback.rehearsal.performed_at", manifest.rollback.rehearsal.performed_at))
    if manifest.rollout and manifest.rollout.window:
        window = manifest.rollout.window
        found += [("rollout.window.start", window.start), ("rollout.window.end", window.end)]
    if manifest.scorecard:
        found.append(("scorecard.generated_at", manifest.scorecard.generated_at))
    return [place for place, text in found if (moment := dates.read(text)) and not moment.zoned]


def approvals_told(case: Case) -> Iterator[Told]:
    """Every approval of the manifest as it was understood."""
    counting = {w.place for found in approvals.counting(case).values() for w in found}
    problems = {w.place: w.problem for w in approvals.given(case)}
    for place, entry in enumerate(case.manifest.approvals):
        fact = case.facts.signatures.get(place)
        verified = fact is not None and bool(fact.key) and not fact.problem
        yield Told(
            role=words.role(entry.role),
            name=entry.name,
            decision=entry.decision,
            at=entry.at,
            standing="verified" if verified else "declared",
            counts=place in counting,
            key=fact.key if fact and verified else "",
            problem=problems.get(place) or (fact.problem if fact else ""),
        )
