"""Acts on deployments: ask the deployment gate, report a deployment, roll it out, roll it back.

decide → (approve) → deploy → monitoring → roll out
                                 └────────→ roll back (at any time, with a reason)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from checklists import audit, clock
from checklists.actions import deciding, deployment_news, manifests, stages
from checklists.actions.deciding import Look
from checklists.actions.policies import activate_policy
from checklists.errors import Refused
from checklists.loaded import load
from checklists.models import (
    Deployment,
    DeploymentDecision,
    Environment,
    Gate,
    Person,
    ProjectStage,
    Release,
    ReleaseManifest,
)
from checklists.models.deployment import DecisionVerdict, DeploymentState
from checklists.models.gate import Stage
from checklists.permissions import Act, require

__all__ = ["Answer", "activate_policy", "decide_deployment", "deploy", "roll_back", "roll_out"]

WINDOW = (24, 48)  # hours of monitoring
SAME_ANSWER = timedelta(hours=1)
SKEW = timedelta(minutes=5)
NOT_APPROVED = "The deployment gate does not approve this now; nothing is recorded."
ASK_FIRST = "Ask for a decision first."
MOVED_ON = "This deployment is not being monitored any more."
OF_THE_MOMENT = ("as_of", "decided_at", "trace_id", "span_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the gate answered; `row` is None while it is not decided yet. `repeated`: nothing had changed."""

    look: Look
    row: DeploymentDecision | None
    repeated: bool = False


def decide_deployment(
    *, release: Release, environment: Environment, by: Person, pushed: int | None = None
) -> Answer:
    """Ask whether the release may be deployed now, and store the decision with its reasons.

    `pushed` is the number of a pipeline's manifest that speaks in place of the release plan. While gates are
    merely open or wait for signatures, nothing is stored. Asked again within an hour with nothing changed,
    the same person gets the decision that is there. Raises Forbidden, Refused, BlobError.
    """
    require(by, release.project_id, Act.DECIDE_DEPLOYMENT)
    if environment.project_id != release.project_id:
        raise Refused("This environment belongs to another project.")
    with transaction.atomic():
        return _decide(deciding.locked(release), environment, by, pushed)


def _decide(release: Release, environment: Environment, by: Person, pushed: int | None) -> Answer:
    """The same inside a transaction that holds the release and its gates."""
    now = clock.now()
    look = deciding.look(release, environment, now, _pushed(release, environment, pushed), asked=True)
    if look.decision is None:
        return Answer(look=look, row=None)
    manifest = manifests.keep(look.known, look.manifest, by) if look.manifest else None
    record = _record(look, manifest)
    last = release.decisions.filter(environment=environment).order_by("-pk").first()
    recent = last and last.asked_by_id == by.pk and last.decided_at > now - SAME_ANSWER
    if last and recent and _lasting(last.record) == _lasting(record):
        return Answer(look=look, row=last, repeated=True)
    row = DeploymentDecision.objects.create(
        release=release,
        environment=environment,
        gate=look.gate,
        policy=look.policy,
        manifest=manifest,
        scorecard=look.known.scorecard,
        verdict=look.decision.verdict.value,
        record=record,
        trace_id=look.decision.trace_id,
        asked_by=by,
        decided_at=now,
    )
    _log(
        release,
        environment,
        by,
        "deployment.decided",
        decision=row.pk,
        verdict=row.verdict,
        rules=sorted({reason.rule for reason in look.decision.reasons}),
        manifest=manifest.sha256 if manifest else "",
        trace_id=row.trace_id,
    )
    return Answer(look=look, row=row)


def _pushed(release: Release, environment: Environment, number: int | None) -> ReleaseManifest | None:
    if number is None:
        return None
    row = release.manifests.filter(number=number, environment=environment).first()
    if row is None:
        raise Refused(f"There is no manifest {number} of {release} for {environment.name}.")
    return row


def _record(look: Look, manifest: ReleaseManifest | None) -> dict[str, Any]:
    """The engine's record, with the answer in one word and the manifest among the inputs."""
    record = look.preview.to_dict() | {"state": look.state}
    if manifest:
        record["inputs"] |= {f"manifest {manifest.number}": f"sha256:{manifest.sha256}"}
    if look.policy is None:
        record["without_policy"] = deciding.NO_POLICY
    return record


def _lasting(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in OF_THE_MOMENT}


def deploy(
    *,
    release: Release,
    environment: Environment,
    by: Person,
    at: datetime | None = None,
    hours: int = WINDOW[0],
) -> Deployment:
    """Record that an approved release was deployed, archive its manifest, and begin the monitoring window.

    The last decision must be approve, and must still hold: it is decided again here.
    Raises Forbidden, Refused.
    """
    require(by, release.project_id, Act.DEPLOY)
    now = clock.now()
    at = at or now
    if not WINDOW[0] <= hours <= WINDOW[1]:
        raise Refused(f"The monitoring window is {WINDOW[0]} to {WINDOW[1]} hours.")
    if at > now + SKEW:
        raise Refused("The time of the deployment lies in the future.")
    with transaction.atomic():
        release = deciding.locked(release)
        if _present(release, environment):
            raise Refused(f"{release} is in {environment.name} already.", "Roll it back first.")
        answered = release.decisions.filter(environment=environment).order_by("-pk").first()
        if answered is None or answered.verdict != DecisionVerdict.APPROVE:
            raise Refused(NOT_APPROVED, ASK_FIRST)
        if at < answered.decided_at - SKEW:
            raise Refused("The time of the deployment lies before its approval.", "Say when it was deployed.")
        held = _decide(release, environment, by, _pushed_in(answered)).row
        if held is None or held.verdict != DecisionVerdict.APPROVE:
            raise Refused(NOT_APPROVED, "Look at what is in the way, and ask again.")
        if held.gate is None or held.manifest is None:
            raise Refused(NOT_APPROVED, ASK_FIRST)
        made = Deployment.objects.create(
            release=release,
            environment=environment,
            gate=held.gate,
            decision=held,
            manifest=held.manifest,
            deployed_at=at,
            deployed_by=by,
            monitoring_until=max(at, now) + timedelta(hours=hours),  # a late report shortens no watch
        )
        made.validation = _open_validation(release, environment, by)
        made.save(update_fields=["validation"])
        _log(
            release,
            environment,
            by,
            "release.deployed",
            deployment=made.pk,
            decision=held.pk,
            manifest=held.manifest.sha256,
            deployed_at=at.isoformat(),
            monitoring_until=made.monitoring_until.isoformat(),
            validation=made.validation_id,
        )
    return made


def _pushed_in(row: DeploymentDecision) -> int | None:
    """The number of the pushed manifest that a decision rests on, if any."""
    names = [name for name in row.record.get("inputs", {}) if name.startswith("pushed manifest ")]
    return int(names[0].rpartition(" ")[2]) if names else None


def _present(release: Release, environment: Environment) -> bool:
    there = release.deployments.filter(environment=environment)
    return there.exclude(state=DeploymentState.ROLLED_BACK).exists()


def _open_validation(release: Release, environment: Environment, by: Person) -> Gate | None:
    """The gate of the post-deployment stage for this environment: opened now, or the one that is open."""
    stage = Stage.POST_DEPLOYMENT
    present = release.gates.filter(stage=stage, environment=environment, superseded_by=None).first()
    row = ProjectStage.objects.filter(project=release.project_id, stage=stage, environment=environment)
    wanted = row.select_related("environment").first()
    if present or wanted is None:
        return present
    return stages.open_stage(release=release, row=wanted, by=by)


def roll_out(*, deployment: int, by: Person) -> Deployment:
    """Record the full rollout: after the monitoring window, and once a validation gate is approved.

    Raises Forbidden, Refused, Deployment.DoesNotExist.
    """
    with transaction.atomic():
        row = _locked(deployment, by)
        now = clock.now()
        if row.state != DeploymentState.MONITORING:
            raise Refused(MOVED_ON)
        if now < row.monitoring_until:
            until = f"{row.monitoring_until:%Y-%m-%d %H:%M} UTC"
            raise Refused(f"It is monitored until {until}.", "Wait until the window is over.")
        _check_validation(row, now)
        row.state, row.rolled_out_at, row.rolled_out_by = DeploymentState.ROLLED_OUT, now, by
        row.save(update_fields=["state", "rolled_out_at", "rolled_out_by"])
        _log(row.release, row.environment, by, "release.rolled_out", deployment=row.pk)
    return row


def _check_validation(row: Deployment, now: datetime) -> None:
    gate = validation_of(row)
    if gate is None:
        return
    loaded = load(gate.pk)
    verdict = loaded.judge(now).verdict
    if not verdict.approved:
        raise Refused(f"The post-deployment gate says {verdict.state.value}.", "Settle it first.")
    if any(signed.signed_at < row.deployed_at for signed in loaded.signoffs):
        raise Refused(
            "The post-deployment gate was signed before this deployment.",
            "Look at the gate again; withdraw the signature and sign anew.",
        )


def validation_of(row: Deployment) -> Gate | None:
    """The gate that validates a deployment now; one that was upgraded is followed to its newest version."""
    gate = row.validation
    while gate is not None and gate.superseded_by_id:
        gate = Gate.objects.get(pk=gate.superseded_by_id)
    return gate


def roll_back(*, deployment: int, by: Person, to_version: str, reason: str) -> Deployment:
    """Record that a deployment was taken back, to which version, and why. The deployment stays on record.

    Raises Forbidden, Refused, Deployment.DoesNotExist.
    """
    with transaction.atomic():
        row = _locked(deployment, by)
        if row.state == DeploymentState.ROLLED_BACK:
            raise Refused("This deployment was rolled back already.")
        if not reason.strip():
            raise Refused("Say why it was rolled back; the reason stays on record.")
        to_version = to_version.strip()
        if not to_version or to_version == row.release.version:
            raise Refused("Name the version that runs now, another than this one.")
        if len(to_version) > 60:
            raise Refused("A version has at most 60 characters.")
        now = clock.now()
        row.state, row.rolled_back_at, row.rolled_back_by = DeploymentState.ROLLED_BACK, now, by
        row.rolled_back_to, row.rollback_reason = to_version, reason.strip()
        row.save(
            update_fields=["state", "rolled_back_at", "rolled_back_by", "rolled_back_to", "rollback_reason"]
        )
        _log(
            row.release,
            row.environment,
            by,
            "release.rolled_back",
            deployment=row.pk,
            to_version=to_version,
            reason=row.rollback_reason,
        )
    return row


def _locked(deployment: int, by: Person) -> Deployment:
    rows = Deployment.objects.select_for_update(of=("self",), no_key=True).select_related(
        "release__project", "environment", "validation"
    )
    row = rows.get(pk=deployment)
    require(by, row.release.project_id, Act.DEPLOY)
    return row


def _log(release: Release, environment: Environment, by: Person, verb: str, **data: Any) -> None:
    audit.append(
        f"project:{release.project_id}",
        by=by,
        verb=verb,
        at=clock.now(),
        subject=f"{release} → {environment.name}",
        data=data,
    )
    deployment_news.tell(release, environment, by=by, verb=verb, data=data)
