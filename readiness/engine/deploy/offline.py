"""A decision from files: the manifest, the configuration, and what lies beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from readiness.engine.deploy import config, dates, looking, reading
from readiness.engine.deploy.config import ConfigFile
from readiness.engine.deploy.decision import Decision
from readiness.engine.deploy.facts import Facts, SignatureFact
from readiness.engine.deploy.judging import judge
from readiness.engine.deploy.places import DeployError
from readiness.engine.deploy.reading import ManifestFile
from readiness.engine.target import RunDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: the files; the artifacts' directory (None: the manifest's, if they are there)."""

    manifest: Path
    config: Path
    root: Path | None = None
    as_of: str | None = None


def answer(question: Question) -> Decision:
    """The decision. Raises DeployError for whatever cannot be read, RunDirectoryError for the directory."""
    manifest = reading.read(content(question.manifest, reading.MAX_BYTES), str(question.manifest))
    settings = config.read(content(question.config, 1 << 20), str(question.config))
    now = datetime.now(UTC)
    at = moment(question.as_of) if question.as_of is not None else now
    return judge(manifest.manifest, settings.config, at, _facts(question, manifest, settings), decided_at=now)


def moment(text: str) -> datetime:
    """The moment that somebody named. Raises DeployError."""
    read = dates.read(text)
    if read is None:
        raise DeployError(f"{text!r} is no time.", dates.HOW)
    return read.at


def content(path: Path, limit: int) -> bytes:
    """The bytes of a file, and one more than `limit` at most. Raises DeployError."""
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise DeployError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from None


def _facts(question: Question, manifest: ManifestFile, settings: ConfigFile) -> Facts:
    run = RunDirectory(question.root or question.manifest.parent)
    inputs = {"manifest": f"sha256:{manifest.sha256}", "config": f"sha256:{settings.sha256}"}
    signatures = _signatures(question, manifest, settings)
    if question.root is None and not looking.present(run, manifest.manifest):
        return Facts(inputs=inputs, signatures=signatures)
    files, scorecard = looking.files(run, manifest.manifest)
    return Facts(files=files, scorecard=scorecard, signatures=signatures, inputs=inputs)


def _signatures(question: Question, manifest: ManifestFile, settings: ConfigFile) -> dict[int, SignatureFact]:
    if not settings.config.trusted_keys:
        return {}
    from readiness.engine.deploy import keys, signatures  # cryptography, only where keys are trusted

    trusted = keys.load(settings.config, question.config.absolute().parent)
    return signatures.verify(manifest.manifest, trusted)
