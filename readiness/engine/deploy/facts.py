"""What was found outside the manifest: its files, its scorecard, and which sign-offs verify."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFact:
    """A file that the manifest lists, as it lies there; `problem` says why it could not be hashed."""

    sha256: str = ""
    size: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorecardFact:
    """What the scorecard's own file says; `problem` when it could not be read. Empty: it does not say.

    `figures` are the worst ones of its suites, by the names of the manifest's metrics.
    """

    release: str = ""
    environment: str = ""
    run_id: str = ""
    overall_passed: bool | None = None
    partial: bool = False
    figures: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFact:
    """What became of an approval's signature: the id of the key that verified it, or why none did."""

    key: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`files` by path, or None when nobody looked; `signatures` by the approval's place in the manifest.

    `inputs` maps what was judged (manifest, configuration) to its digest.
    """

    files: Mapping[str, FileFact] | None = None
    scorecard: ScorecardFact | None = None
    signatures: Mapping[int, SignatureFact] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
