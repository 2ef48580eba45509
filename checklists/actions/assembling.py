"""No act: a release's manifest from the rows, and what the server knows beside it. Nothing is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from checklists import blobs
from checklists.actions import plans
from checklists.actions.approved import last_release
from checklists.actions.run_directory import snapshot_index
from checklists.loaded import Judged, LoadedGate
from checklists.models import Environment, Rehearsal, Release, Scorecard
from checklists.reads import rehearsals, scorecards
from readiness.engine.deploy import assemble as engine
from readiness.engine.deploy import dates, deltas
from readiness.engine.deploy.facts import Facts, FileFact, SignatureFact
from readiness.engine.deploy.manifest import (
    Approval,
    Artifact,
    Configuration,
    Delta,
    GateVerdict,
    Manifest,
    Rollback,
    Waiver,
)
from readiness.engine.deploy.manifest import Rehearsal as RehearsalPart
from readiness.engine.policy import SignatureState
from readiness.engine.readers import config_file
from readiness.engine.suites import scorecard as reader

SCORECARD = "readiness-scorecard.json"
SIGNED_HERE = "signed here"
_CONFIG = re.compile(
    r"\.(ya?ml|toml|ini|cfg|conf|env|properties)$"
    r"|(^|/)(config|settings|params|parameters|hyperparameters)[^/]*\.json$|(^|/)requirements[^/]*\.txt$"
)
MOST_DELTAS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """A gate as it was judged for a manifest."""

    loaded: LoadedGate
    judged: Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The rows that a manifest is made of. `plan` is what people said, or a pushed manifest's part of it."""

    release: Release
    environment: Environment
    plan: plans.Plan
    plan_number: int
    scorecard: Scorecard | None
    rehearsal: Rehearsal | None
    gates: tuple[Inside, ...]
    at: datetime


def sources(
    release: Release,
    environment: Environment,
    gates: Iterable[Inside],
    at: datetime,
    pushed: Manifest | None = None,
) -> Sources:
    """Everything that is known now; a pushed manifest speaks in place of the plan kept here."""
    row = plans.newest(release, environment)
    return Sources(
        release=release,
        environment=environment,
        plan=_plan_of(pushed) if pushed else plans.of(row),
        plan_number=row.number if row and not pushed else 0,
        scorecard=scorecards.newest(release, environment),
        rehearsal=rehearsals.newest(release.project, environment),
        gates=tuple(gates),
        at=at,
    )


def _plan_of(pushed: Manifest) -> plans.Plan:
    rollback = pushed.rollback
    return plans.Plan(
        owner=pushed.owner,
        rollout=pushed.rollout,
        feature_flags=pushed.feature_flags,
        secrets=pushed.secrets,
        migrations=pushed.migrations,
        rollback=Rollback(trigger=rollback.trigger, steps=rollback.steps) if rollback else None,
        metrics=pushed.metrics,
    )


def assemble(known: Sources) -> Manifest:
    """The manifest of these rows. Raises DeployError for a contradiction, BlobError for lost bytes."""
    release, plan = known.release, known.plan
    index = snapshot_index(release.snapshot.digest)
    run = _run(known.scorecard, release) if known.scorecard else None
    return engine.assemble(
        project=release.project.slug,
        release=release.version,
        environment=known.environment.name,
        owner=plan.owner or release.created_by.name,
        generated_at=known.at,
        artifacts=[Artifact(path=e.path, sha256=f"sha256:{e.sha256}", size=e.size) for e in index.values()],
        configuration=_configuration(known, {path: entry.sha256 for path, entry in index.items()}),
        feature_flags=plan.feature_flags,
        secrets=plan.secrets,
        migrations=plan.migrations,
        rollout=plan.rollout,
        rollback=_rollback(plan.rollback, known.rehearsal),
        approvals=[approval for approval, _ in _approvals(known)],
        waivers=[*_waivers(known)],
        gates=[_verdict(inside) for inside in known.gates],
        metrics=plan.metrics,
        run=run,
        run_ids=[*_run_ids(known)],
    )


def _run(row: Scorecard, release: Release) -> engine.SuiteRun:
    card = reader.read_scorecard(blobs.get(row.sha256))
    named = msgspec.structs.replace(card, release=release.version)  # it may say "project/version"
    return engine.SuiteRun(card=named, path=SCORECARD, sha256=row.sha256)


def _configuration(known: Sources, files: dict[str, str]) -> Configuration:
    base = last_release(known.environment, without=known.release)
    if base is None:
        return Configuration()
    before = {path: entry.sha256 for path, entry in snapshot_index(base.snapshot.digest).items()}
    flags = plans.of(plans.newest(base, known.environment)).feature_flags
    found = [
        *_changed("parameters:", base.promised.values, known.release.promised.values),
        *deltas.of_flags(flags, known.plan.feature_flags),
        *_changed("", _config_files(before), _config_files(files)),
    ]
    return Configuration(base_release=base.version, deltas=tuple(found[:MOST_DELTAS]))


def _config_files(files: dict[str, str]) -> dict[str, str]:
    return {path: f"sha256:{sha256}" for path, sha256 in files.items() if _CONFIG.search(path.lower())}


def _changed(where: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Delta]:
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            old, new = (_shown(key, values.get(key)) for values in (before, after))
            yield Delta(key=f"{where}{key}"[:200], before=old, after=new)


def _shown(key: str, value: Any) -> Any:
    """A value that may stand in a file: what a name promises to be a secret is masked."""
    return None if value is None else config_file.shown(key, value)


def _rollback(plan: Rollback | None, row: Rehearsal | None) -> Rollback | None:
    if row is None:
        return plan
    plan = plan or Rollback()
    at = dates.utc(row.performed_at)
    part = RehearsalPart(
        environment=row.environment.name,
        outcome=row.outcome,
        performed_at=at,
        performed_by=row.performed_by,
        from_version=row.from_version,
        to_version=row.to_version,
        duration_s=row.duration_seconds,
        gaps=row.gaps,
        log=row.log_name or None,
        sha256=f"sha256:{row.log_sha256}" if row.log_sha256 else None,
        remediation=row.remediation,
    )
    return msgspec.structs.replace(plan, rehearsed_at=at, rehearsal=part)


def _approvals(known: Sources) -> Iterator[tuple[Approval, str]]:
    """Sign-offs on the present state of the environment's own gates, each with the digest it covers."""
    counts = (SignatureState.VALID, SignatureState.DECLINED)
    for inside in known.gates:
        if inside.loaded.gate.environment_id != known.environment.pk:
            continue
        for signed in inside.loaded.signoffs:
            state = inside.judged.verdict.signatures.get(signed.role)
            if signed.digest == inside.judged.digest and state in counts:
                approval = Approval(
                    role=signed.role,
                    name=signed.person_name,
                    decision=signed.decision,
                    at=dates.utc(signed.signed_at),
                    comment=signed.comment,
                )
                yield approval, signed.digest


def _waivers(known: Sources) -> Iterator[Waiver]:
    for inside in known.gates:
        for row in inside.loaded.waivers:
            elsewhere = row.rule and inside.loaded.gate.environment_id != known.environment.pk
            if elsewhere or not row.live(known.at):
                continue
            key = next((item.key for item in inside.loaded.items if item.row.pk == row.item_id), "")
            # An item's waiver counts inside its gate; named like this it covers no rule here.
            item = f"{inside.loaded.gate.checklist.slug}: {key}" if key else ""
            yield Waiver(
                rule=row.rule,
                item=item,
                reason=row.reason,
                risk=row.risk,
                mitigation=row.mitigation,
                owner=row.owner.name,
                scope=row.scope,
                requested_by=row.requested_by.name,
                approved_by=row.decided_by.name if row.decided_by else "",
                approved_role=row.decided_as,
                approved_at=dates.utc(row.decided_at) if row.decided_at else "",
                expires_at=dates.utc(row.expires_at),
            )


def _verdict(inside: Inside) -> GateVerdict:
    gate = inside.loaded.gate
    return GateVerdict(
        stage=gate.stage,
        environment=gate.environment.name,
        checklist=f"{gate.checklist.slug} {gate.checklist.version}",
        verdict=inside.judged.verdict.state.value,
        digest=inside.judged.digest,
    )


def _run_ids(known: Sources) -> Iterator[str]:
    for inside in known.gates:
        yield from (f"check-run-{item.row.run_id}" for item in inside.loaded.items if item.row.run_id)


def facts(known: Sources, manifest: Manifest, inputs: dict[str, str], *, files: bool) -> Facts:
    """What the server knows of a manifest that it assembled: its sign-offs hold, its files are indexed."""
    verified = enumerate(digest for _, digest in _approvals(known))
    return Facts(
        files=_files(known) if files else None,
        signatures={
            place: SignatureFact(key=f"{SIGNED_HERE}, {digest[:19]}…")
            for place, digest in enumerate(verified)
        },
        inputs=inputs,
    )


def _files(known: Sources) -> dict[str, FileFact]:
    index = snapshot_index(known.release.snapshot.digest)
    found = {path: FileFact(sha256=e.sha256, size=e.size) for path, e in index.items()}
    if known.scorecard:
        found[SCORECARD] = FileFact(sha256=known.scorecard.sha256)
    row = known.rehearsal
    if row and row.log_name:
        found[row.log_name] = FileFact(sha256=row.log_sha256, size=row.log_size)
    return found
