"""The release that was approved before: what a later one is compared with."""

from __future__ import annotations

from django.db.models import Exists, Max, OuterRef, Q

from checklists import clock
from checklists.actions.run_directory import run_directory, snapshot_index
from checklists.loaded import load
from checklists.models import Deployment, Environment, Gate, Release
from checklists.models.deployment import DeploymentState
from checklists.models.gate import GateVerdict
from checklists.models.signoff import SignOffDecision
from readiness.engine.target import RunDirectory


def last_run(gate: int) -> RunDirectory | None:
    """The run directory of the release approved last for the same environment, bound to its snapshot.

    None when no other release is approved there. Raises RunDirectoryError when its directory has gone,
    BlobError when its index is missing or altered.
    """
    own = Gate.objects.select_related("release", "environment").get(pk=gate)
    release = last_release(own.environment, without=own.release)
    if release is None:
        return None
    return RunDirectory(
        run_directory(release),
        snapshot=snapshot_index(release.snapshot.digest),
        label=f"the approved release {release.version}",
    )


def last_release(environment: Environment, *, without: Release) -> Release | None:
    """The release approved last for an environment, but for one that was deployed there and taken back."""
    for gate in _approved(environment, without):
        loaded = load(gate)
        if loaded.judge(clock.now()).verdict.approved:  # the stored verdict is for lists only
            return loaded.gate.release
    return None


def _approved(environment: Environment, without: Release) -> list[int]:
    """Gates of other releases for the environment that lists show as approved, last signed first."""
    signed = Max(
        "signoffs__signed_at", filter=Q(signoffs__live=True, signoffs__decision=SignOffDecision.APPROVE)
    )
    there = Deployment.objects.filter(environment=environment, release=OuterRef("release"))
    stays = there.exclude(state=DeploymentState.ROLLED_BACK)
    gates = Gate.objects.filter(
        Exists(stays) | ~Exists(there),
        environment=environment,
        verdict=GateVerdict.APPROVED,
        superseded_by=None,
    )
    rows = gates.exclude(release=without).alias(signed=signed).order_by("-signed", "-pk")
    return list(rows.values_list("pk", flat=True))
