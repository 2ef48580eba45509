"""`release-manifest.json`: what goes out, by whose word, and how it comes back. Frozen values.

The JSON Schema is made from these classes (`schema.py`); a field's default means "not said". Times are
text here: the rules read them, so that an unreadable one is a reason and not the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from readiness.engine import seal
from readiness.engine.target import Entry

SCHEMA_VERSION = 1
HIDDEN = "(hidden)"
_PATH = r"^(?!/)(?!(.*/)?\.\.(/|$))[^\\\u0000-\u001f]+$"

Said = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=4000)]
Path = Annotated[str, Meta(min_length=1, max_length=1000, pattern=_PATH)]
Sha256 = Annotated[str, Meta(pattern=r"^(sha256:)?[0-9a-f]{64}$", max_length=71)]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Measured = Annotated[float, Meta(ge=0)]
Ratio = Annotated[float, Meta(ge=0, le=1)]
Flag = bool | int | float | str
Version = str | int
FEW, MANY = 1000, 200_000
_Few, _Many = Meta(max_length=FEW), Meta(max_length=MANY)


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of every part: unknown names are refused, what was not said is not written."""


class Artifact(Part, frozen=True):
    """One file that is deployed. `path` lies beneath the release's directory."""

    path: Path
    sha256: Sha256 | None = None
    size: Count | None = None
    uri: Text = ""


class Delta(Part, frozen=True):
    """One setting that differs from the last approved release; null where it is not set."""

    key: Said
    before: Any = msgspec.field(name="from")
    after: Any = msgspec.field(name="to")


class Configuration(Part, frozen=True):
    """What changed against `base_release`."""

    base_release: Text = ""
    deltas: Annotated[tuple[Delta, ...], _Many] = ()


class Secret(Part, frozen=True):
    """The version of a secret, and what shows that it was rotated. Never its value."""

    name: Said
    version: Version | None = None
    rotated_at: Text = ""
    evidence: Text = ""


class DryRun(Part, frozen=True):
    """A migration that was tried out; `log` is its evidence."""

    outcome: Text = ""
    at: Text = ""
    log: Path | None = None
    sha256: Sha256 | None = None


class Migration(Part, frozen=True):
    """One migration and its dry run."""

    name: Said
    dry_run: DryRun | None = None


class Window(Part, frozen=True):
    """When the rollout may happen."""

    start: Text = ""
    end: Text = ""


class Rollout(Part, frozen=True):
    """How the release goes out."""

    strategy: Literal["canary", "blue-green", "rolling", "all-at-once"] | None = None
    window: Window | None = None
    steps: tuple[Text, ...] = ()


class Rehearsal(Part, frozen=True):
    """One rehearsal of the way back. `log` is its evidence."""

    environment: Text = ""
    outcome: Text = ""
    performed_at: Text = ""
    performed_by: Text = ""
    from_version: Text = ""
    to_version: Text = ""
    duration_s: Measured | None = None
    gaps: Text = ""
    log: Path | None = None
    sha256: Sha256 | None = None
    remediation: Text = ""


class Rollback(Part, frozen=True):
    """The plan for the way back: when it is taken, how, and when that was last rehearsed."""

    trigger: Text = ""
    steps: tuple[Text, ...] = ()
    rehearsed_at: Text = ""
    rehearsal: Rehearsal | None = None


class Approval(Part, frozen=True):
    """Somebody's decision in a role. `signature` is a DSSE envelope over it, or nothing."""

    role: Text = ""
    name: Text = ""
    decision: Text = ""
    at: Text = ""
    comment: Text = ""
    signature: dict[str, Any] | None = None


class Waiver(Part, frozen=True):
    """A dated permission to pass without a rule, or without one `item` of it.

    With `suite` it is one of the scorecard's, which counts there and covers nothing here; `*`: all suites.
    """

    rule: Text = ""
    item: Text = ""
    suite: Text = ""
    reason: Text = ""
    risk: Text = ""
    mitigation: Text = ""
    owner: Text = ""
    scope: Text = ""
    requested_by: Text = ""
    approved_by: Text = ""
    approved_role: Text = ""
    approved_at: Text = ""
    expires_at: Text = ""


class Scorecard(Part, frozen=True):
    """The scorecard of the suites: where it lies, its hash, what it says; `partial`: not all suites ran."""

    path: Path | None = None
    sha256: Sha256 | None = None
    run_id: Text = ""
    overall_passed: bool | None = None
    generated_at: Text = ""
    release: Text = ""
    environment: Text = ""
    partial: bool = False


class GateVerdict(Part, frozen=True):
    """What a gate of an earlier stage said."""

    stage: Text = ""
    environment: Text = ""
    checklist: Text = ""
    verdict: Text = ""
    digest: Text = ""


class Metrics(Part, frozen=True):
    """Figures that the gate compares with limits; rates are fractions of 1."""

    p95_ms: Measured | None = None
    error_rate: Ratio | None = None
    flake_rate: Ratio | None = None
    open_critical_incidents: Count | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A release manifest. `artifact_digest` names all artifacts together (`digest_of`)."""

    schema_version: Literal[1]
    project: Said
    release: Said
    environment: Said
    generated_at: Text
    owner: Said
    artifacts: Annotated[tuple[Artifact, ...], _Many] = ()
    artifact_digest: Sha256 | None = None
    configuration: Configuration = Configuration()
    feature_flags: dict[str, Flag] = {}
    secrets: Annotated[tuple[Secret, ...], _Few] = ()
    migrations: Annotated[tuple[Migration, ...], _Few] = ()
    rollout: Rollout | None = None
    rollback: Rollback | None = None
    approvals: Annotated[tuple[Approval, ...], _Few] = ()
    waivers: Annotated[tuple[Waiver, ...], _Few] = ()
    scorecard: Scorecard | None = None
    run_ids: Annotated[tuple[Text, ...], _Few] = ()
    trace_ids: Annotated[tuple[Text, ...], _Few] = ()
    gates: Annotated[tuple[GateVerdict, ...], _Few] = ()
    metrics: Metrics = Metrics()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; what was not said inside a part is left out."""
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return plain


def bare(digest: str | None) -> str:
    """A digest without its `sha256:`, in the form in which digests are compared; empty for None."""
    return (digest or "").removeprefix("sha256:")


def digest_of(artifacts: Iterable[Artifact]) -> str | None:
    """`sha256:…` over path, size and hash of all artifacts (the digest of an artifact snapshot).

    None when there is no artifact, or when one has no hash or no size.
    """
    entries = [Entry(a.path, -1 if a.size is None else a.size, bare(a.sha256)) for a in artifacts]
    if not entries or any(e.size < 0 or not e.sha256 for e in entries):
        return None
    return seal.artifact_digest(entries)
