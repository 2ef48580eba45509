"""The release that was approved before: what a check of a later one may compare with."""

from __future__ import annotations

from django.db.models import Max, Q

from checklists import clock
from checklists.actions.run_directory import run_directory, snapshot_index
from checklists.loaded import load
from checklists.models import Gate
from checklists.models.gate import GateVerdict
from checklists.models.signoff import SignOffDecision
from readiness.engine.target import RunDirectory


def last_run(gate: int) -> RunDirectory | None:
    """The run directory of the release approved last for the same environment, bound to its snapshot.

    None when no other release is approved there. Raises RunDirectoryError when its directory has gone,
    BlobError when its index is missing or altered.
    """
    own = Gate.objects.select_related("release").get(pk=gate)
    for other in _approved(own):
        loaded = load(other.pk)
        if loaded.judge(clock.now()).verdict.approved:  # the stored verdict is for lists only
            release = loaded.gate.release
            return RunDirectory(
                run_directory(release),
                snapshot=snapshot_index(release.snapshot.digest),
                label=f"the approved release {release.version}",
            )
    return None


def _approved(own: Gate) -> list[Gate]:
    """Gates of other releases for the same environment that lists show as approved, last signed first."""
    signed = Max(
        "signoffs__signed_at", filter=Q(signoffs__live=True, signoffs__decision=SignOffDecision.APPROVE)
    )
    gates = Gate.objects.filter(environment=own.environment_id, verdict=GateVerdict.APPROVED)
    return list(gates.exclude(release=own.release_id).alias(signed=signed).order_by("-signed", "-pk"))
