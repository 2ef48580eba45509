"""A verification as text for a terminal: what was decided, who signed, which claims hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from readiness.engine.guard import legible
from readiness.engine.sealed.verify.result import Claim, Result, Signed, State, Verification

MARKS = {State.VERIFIED: "✓ verified", State.NOT_VERIFIED: "? not verified", State.FAILED: "✗ failed"}
KINDS = {"bundle": "audit bundle", "report": "report"}
HEADLINES = {
    Result.VERIFIED: "VERIFIED: the file is genuine. Whether it is an approval, the verdict says.",
    Result.CONSISTENT: (
        "CONSISTENT, ORIGIN NOT VERIFIED: nothing contradicts itself, but not everything is vouched for by "
        "the keys and checkpoints that you named. A forgery can look like this."
    ),
    Result.FAILED: "FAILED: this is not what was signed. Do not rely on what it says.",
}
WORTH = {
    "valid": "counts",
    "declined": "counts",
    "stale": "stale: it was given on an earlier state",
    "superseded": "replaced by a later one",
    "withdrawn": "withdrawn later",
    "withdrawal": "withdraws an earlier one",
}
DECISIONS = {"approve": "approved", "decline": "declined", "withdraw": "withdrew"}
MOST_DETAILS = 20


def text(found: Verification) -> str:
    """Every line; characters that steer a terminal are shown as escapes."""
    return "\n".join(legible(line) for line in _lines(found))


def _lines(found: Verification) -> Iterator[str]:
    yield f"{found.file}: {KINDS.get(found.kind, found.kind)}, SHA-256 {found.sha256}"
    yield HEADLINES[found.result]
    yield ""
    if found.decided.installation:
        yield from _decided(found)
        yield ""
    for claim in found.claims:
        yield from _claim(claim)


def _decided(found: Verification) -> Iterator[str]:
    decided = found.decided
    yield "What was decided:" if found.result is Result.VERIFIED else "What it says was decided:"
    # Names come last in their lines: people choose them, and one may read like a verdict.
    yield f"  Verdict:     {decided.verdict}"
    yield f"  As of:       {_time(decided.made_at)}"
    yield f"  Report:      {decided.report} on gate {decided.gate} of {decided.installation}"
    yield f"  Environment: {decided.environment}"
    yield f"  Release:     {decided.release}"
    yield f"  Project:     {decided.project}"
    if not decided.signatures:
        yield "  Nobody has signed."
    for signed in decided.signatures:
        yield from _signed(signed)


def _signed(signed: Signed) -> Iterator[str]:
    role = signed.role.replace("-", " ")
    how = " and ".join(signed.methods)
    decision = DECISIONS.get(signed.decision, signed.decision)
    yield f"  {role} {decision}, {WORTH.get(signed.worth, signed.worth)}"
    yield f"    on {_time(signed.signed_at)}, proved by {how}, by {signed.name}"
    yield f"    “{signed.meaning}”"


def _claim(claim: Claim) -> Iterator[str]:
    yield f"{MARKS[claim.state]:<15} {claim.title}. {claim.why}"
    for detail in claim.details[:MOST_DETAILS]:
        yield f"{'':<15}   {detail}"
    if len(claim.details) > MOST_DETAILS:
        yield f"{'':<15}   and {len(claim.details) - MOST_DETAILS} more"


def _time(text_: str) -> str:
    try:
        return datetime.fromisoformat(text_).isoformat(sep=" ", timespec="seconds")
    except ValueError:
        return text_
