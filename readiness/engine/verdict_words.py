"""What a verdict is called in a report. Who verifies one compares: a name that was printed stays."""

from __future__ import annotations

from readiness.engine.policy import Verdict, VerdictState

NAMES = {
    VerdictState.APPROVED: "Approved",
    VerdictState.BLOCKED: "Not approved: blocked",
    VerdictState.OPEN: "Not approved: items are open",
    VerdictState.READY: "Not approved: signatures are missing",
    VerdictState.DECLINED: "Not approved: declined",
}
STALE = "Not approved: signatures are stale"


def verdict_name(verdict: Verdict, environment: str) -> str:
    """The verdict in words; an approval says for which environment."""
    if verdict.approved:
        return f"{NAMES[verdict.state]} for {environment}"
    stale = verdict.state is VerdictState.READY and any(b.kind == "stale" for b in verdict.blockers)
    return STALE if stale else NAMES[verdict.state]
