"""What a verification says: claims in an auditor's words, one result, and who decided what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA_VERSION = 1
KIND = "readiness-verification"


class State(StrEnum):
    """What was found of one claim. Unknown is never VERIFIED."""

    VERIFIED = "verified"
    NOT_VERIFIED = "not-verified"
    FAILED = "failed"


class Result(StrEnum):
    """What was found of the file."""

    VERIFIED = "verified"
    CONSISTENT = "consistent, origin not verified"
    FAILED = "failed"


TITLES = {
    "file-whole": "The file is whole",
    "origin": "It comes from the installation",
    "keys": "The keys were valid",
    "report": "The report is as it was signed",
    "state": "The signed state is the one shown",
    "verdict": "The verdict follows from it",
    "signatures": "The signatures are genuine",
    "duties": "Duties were kept apart",
    "checks": "The check results are those that were signed",
    "evidence": "The evidence is what was signed",
    "checklist": "The checklist is the one that was used",
    "log": "The audit log is complete",
    "checkpoint": "The audit log's head is signed",
    "outside": "It agrees with your own checkpoints",
}
# What must be verified before the file as a whole is; the others need what not every file holds.
REQUIRED = frozenset(
    {
        "file-whole", "origin", "keys", "report", "state", "verdict", "signatures", "duties", "log",
        "checkpoint",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim. `why` says in a sentence what was found; `details` lists more, a line each."""

    id: str
    state: State
    why: str
    details: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The claim in words."""
        return TITLES[self.id]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "id": self.id,
            "title": self.title,
            "state": self.state.value,
            "why": self.why,
            "details": list(self.details),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One sign-off as the envelope says it. `worth`: valid, declined, stale, superseded or withdrawn."""

    role: str
    name: str
    decision: str
    worth: str
    meaning: str
    comment: str
    signed_at: str
    methods: tuple[str, ...]
    digest: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the file says was decided; as good as the claims beside it, never better."""

    installation: str = ""
    project: str = ""
    release: str = ""
    environment: str = ""
    gate: int = 0
    report: int = 0
    made_at: str = ""
    verdict: str = ""
    digest: str = ""
    signatures: tuple[Signed, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"signatures": [_plain(signed) for signed in self.signatures]}


def _plain(signed: Signed) -> dict[str, Any]:
    return asdict(signed) | {"methods": list(signed.methods)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All that was found of one file. `kind` is bundle or report, `sha256` that of the file."""

    file: str
    kind: str
    sha256: str
    claims: tuple[Claim, ...]
    decided: Decided = field(default_factory=Decided)

    @property
    def result(self) -> Result:
        """Failed when one claim failed; verified when all that must be verified are."""
        states = {claim.id: claim.state for claim in self.claims}
        if State.FAILED in states.values():
            return Result.FAILED
        whole = all(states.get(name) is State.VERIFIED for name in REQUIRED | self._asked())
        return Result.VERIFIED if whole else Result.CONSISTENT

    def _asked(self) -> set[str]:
        """`outside`, where somebody named checkpoints: its details name each of them."""
        named = self.claim("outside")
        return {"outside"} if named and named.details else set()

    def claim(self, name: str) -> Claim | None:
        """The claim of that id, when it was looked at."""
        return next((claim for claim in self.claims if claim.id == name), None)

    def to_dict(self) -> dict[str, Any]:
        """Plain data of one schema version."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "file": self.file,
            "form": self.kind,
            "sha256": self.sha256,
            "result": self.result.value,
            "claims": [claim.to_dict() for claim in self.claims],
            "decided": self.decided.to_dict(),
        }


def from_dict(found: dict[str, Any]) -> Verification:
    """What `to_dict` wrote, read from our own child process; never from a file of anybody."""
    decided = dict(found["decided"])
    signatures = tuple(
        Signed(**(one | {"methods": tuple(one["methods"])})) for one in decided.pop("signatures")
    )
    return Verification(
        file=found["file"],
        kind=found["form"],
        sha256=found["sha256"],
        claims=tuple(
            Claim(id=c["id"], state=State(c["state"]), why=c["why"], details=tuple(c["details"]))
            for c in found["claims"]
        ),
        decided=Decided(**decided, signatures=signatures),
    )


def verified(name: str, why: str, details: Sequence[str] = ()) -> Claim:
    """A claim that holds."""
    return Claim(id=name, state=State.VERIFIED, why=why, details=tuple(details))


def unknown(name: str, why: str, details: Sequence[str] = ()) -> Claim:
    """A claim that this file does not let anybody verify."""
    return Claim(id=name, state=State.NOT_VERIFIED, why=why, details=tuple(details))


def failed(name: str, why: str, details: Sequence[str] = ()) -> Claim:
    """A claim that is wrong."""
    return Claim(id=name, state=State.FAILED, why=why, details=tuple(details))
