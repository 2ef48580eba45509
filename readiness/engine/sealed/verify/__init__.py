"""Verifies a report (PDF) or an audit bundle (ZIP) with a public key, offline: claim by claim.

    verify_any(data, named, outside, place) -> Verification     what `readiness verify` prints

`named` are the keys that somebody outside the file vouches for, `outside` checkpoints that the verifier
kept. What the file itself encloses is never trusted; without a named key nothing better comes out than
"consistent, origin not verified". Nothing here asks a database or a network, and nothing raises for what a
file holds: it becomes a claim that failed.

    material.py   the parts, read            trust.py     what a signature is worth
    bundle.py, pdf.py  taken apart           origin.py    origin, keys, report
    signing.py, bound.py  sign-offs          duties.py    who signed off whose work
    state.py, contents.py  state, checks, evidence         verdict.py  verdict and checklist, decided again
    records.py    log and checkpoints        result.py    claims, result, who decided what
    printed.py, figures.py  what the report prints beside the signed state
"""

from readiness.engine.sealed.verify.result import Claim, Decided, Result, Signed, State, Verification
from readiness.engine.sealed.verify.whole import MAX_FILE, verify_any, verify_bundle, verify_pdf

__all__ = [
    "MAX_FILE",
    "Claim",
    "Decided",
    "Result",
    "Signed",
    "State",
    "Verification",
    "verify_any",
    "verify_bundle",
    "verify_pdf",
]
