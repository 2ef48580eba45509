"""The score of a gate, from what is loaded: the engine counts, this says what counts as what."""

from __future__ import annotations

from checklists.loaded import LoadedGate, LoadedItem
from readiness.engine import claims
from readiness.engine.checklist import Requirement
from readiness.engine.outcome import Outcome
from readiness.engine.policy import State
from readiness.engine.score import Score, ScoreItem, ScoreSection, score


def score_of(loaded: LoadedGate) -> Score:
    """The score now, with live waivers counted as done. Approvals are no work and count nothing."""
    rows = {item.key: item for item in loaded.items if not item.row.role}
    return score(
        ScoreSection(
            title=title, weight=weight, items=tuple(_item(rows[s.id]) for s in specs if s.id in rows)
        )
        for title, weight, specs in claims.grouped(loaded.checklist)
    )


def _item(item: LoadedItem) -> ScoreItem:
    return ScoreItem(
        key=item.key,
        title=item.spec.text,
        requirement=Requirement(item.row.requirement),
        state=State(item.state),
        partial=half_done(item),
        blocked=item.lapsed,
        reason=item.row.reason,
        observed=item.observed,
        remediation=item.spec.remediation,
    )


def half_done(item: LoadedItem) -> bool:
    """Of an open item, a check passed already, or somebody (or the list itself) says that part is done."""
    passes = any(Outcome(finding["outcome"]).passes for finding in item.findings)
    return item.state == State.OPEN and (item.row.partial or passes)
