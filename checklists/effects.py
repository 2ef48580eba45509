"""What a gate says without and with a waiver: the same pure functions that judge it, asked twice."""

from __future__ import annotations

from copy import copy
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from checklists.loaded import LoadedGate
from checklists.models import Waiver
from checklists.models.waiver import WaiverState
from checklists.scoring import score_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """Verdict, number of things in the way, and the weighted score in percent (None: nothing counts)."""

    verdict: str
    blockers: int
    score: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as it is stored with a decided waiver."""
        return asdict(self)


def says(loaded: LoadedGate, at: datetime) -> Says:
    """What a gate says at a moment. Signatures are left out of the count: both sides would need new ones."""
    verdict = loaded.judge(at).verdict
    score = score_of(loaded).value
    hindering = [b for b in verdict.blockers if b.kind not in ("unsigned", "stale")]
    return Says(verdict=verdict.state.value, blockers=len(hindering), score=score)


def without_and_with(loaded: LoadedGate, waiver: Waiver, at: datetime) -> tuple[Says, Says]:
    """What the gate says without and with a waiver, whatever state the waiver is in."""
    others = [w for w in loaded.waivers if w.pk != waiver.pk]
    approved = copy(waiver)
    approved.state = WaiverState.APPROVED
    return (
        says(loaded.if_waived_by(others, at), at),
        says(loaded.if_waived_by([*others, approved], at), at),
    )
