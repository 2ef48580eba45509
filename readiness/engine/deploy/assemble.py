"""A manifest from plain values: no disk, no clock. The command line and the server both call `assemble`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from readiness.engine.deploy import dates, hidden, reading
from readiness.engine.deploy.manifest import (
    Approval,
    Artifact,
    Configuration,
    Flag,
    GateVerdict,
    Manifest,
    Metrics,
    Migration,
    Rollback,
    Rollout,
    Scorecard,
    Secret,
    Waiver,
    digest_of,
)
from readiness.engine.deploy.places import DeployError
from readiness.engine.suites import scorecard as suites

_WAIVER = ("reason", "risk", "mitigation", "owner", "scope", "requested_by", "approved_by", "approved_role",
           "approved_at", "expires_at", "rule")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """A registered run of the suites: its scorecard, where that lies beneath the release, and its hash."""

    card: suites.Scorecard
    path: str
    sha256: str


def assemble(
    *,
    project: str,
    release: str,
    environment: str,
    owner: str,
    generated_at: datetime,
    artifacts: Iterable[Artifact] = (),
    configuration: Configuration | None = None,
    feature_flags: Mapping[str, Flag] | None = None,
    secrets: Iterable[Secret] = (),
    migrations: Iterable[Migration] = (),
    rollout: Rollout | None = None,
    rollback: Rollback | None = None,
    approvals: Iterable[Approval] = (),
    waivers: Iterable[Waiver] = (),
    gates: Iterable[GateVerdict] = (),
    metrics: Metrics | None = None,
    run: SuiteRun | None = None,
    run_ids: Iterable[str] = (),
    trace_ids: Iterable[str] = (),
) -> Manifest:
    """The manifest of a release; `run` adds scorecard, ids, waivers and figures.

    Raises DeployError when the scorecard is of another release or contradicts a figure, for a path that
    stands twice and for what looks like a secret.
    """
    if run and run.card.release != release:
        raise DeployError(
            f"The scorecard is for the release {run.card.release}, this is {release}.",
            "Run the suites for this release.",
        )
    listed = tuple(sorted(artifacts, key=lambda artifact: artifact.path))
    manifest = Manifest(
        schema_version=1,
        project=project,
        release=release,
        environment=environment,
        generated_at=dates.utc(generated_at),
        owner=owner,
        artifacts=listed,
        artifact_digest=digest_of(listed),
        configuration=configuration or Configuration(),
        feature_flags=dict(feature_flags or {}),
        secrets=tuple(secrets),
        migrations=tuple(migrations),
        rollout=rollout,
        rollback=rollback,
        approvals=tuple(approvals),
        waivers=(*waivers, *(_waiver(note) for note in (run.card.waivers if run else ()))),
        scorecard=_scorecard(run) if run else None,
        run_ids=_unique([*run_ids, *([run.card.run_id] if run else [])]),
        trace_ids=_unique([*trace_ids, *([run.card.trace_id] if run else [])]),
        gates=tuple(gates),
        metrics=_metrics(metrics or Metrics(), run),
    )
    return _checked(manifest)


def dump(manifest: Manifest) -> str:
    """The text of `release-manifest.json`."""
    return json.dumps(manifest.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _checked(manifest: Manifest) -> Manifest:
    """The same manifest after it was read back: what is written is what the gate will accept."""
    name, text = "The manifest", dump(manifest)
    hidden.refuse(json.loads(text), text, name)
    return reading.convert(json.loads(text), name)


def _unique(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in ids if each))


def _scorecard(run: SuiteRun) -> Scorecard:
    return Scorecard(
        path=run.path,
        sha256=run.sha256,
        run_id=run.card.run_id,
        overall_passed=run.card.overall_passed,
        generated_at=run.card.generated_at,
        release=run.card.release,
        environment=run.card.environment,
        partial=run.card.partial or run.card.interrupted,
    )


def _waiver(note: suites.WaiverNote) -> Waiver:
    told: dict[str, Any] = {name: getattr(note, name) for name in _WAIVER}
    return Waiver(suite=note.suite or "*", item=", ".join(note.findings), **told)


def _metrics(said: Metrics, run: SuiteRun | None) -> Metrics:
    """The figures that were said, and the worst ones of the suites; two that differ are a contradiction."""
    merged = msgspec.structs.asdict(said)
    for name, value in (suites.figures(run.card) if run else {}).items():
        if merged[name] not in (None, value):
            raise DeployError(
                f"metrics.{name} is said to be {merged[name]:g}, the suites measured {value:g}.",
                "Take out the one that is not measured.",
            )
        merged[name] = value
    return Metrics(**merged)
