"""Acts on gates: open one."""

from __future__ import annotations

from django.db import transaction

from checklists import clock
from checklists.actions.base import gate_act
from checklists.errors import Refused
from checklists.models import (
    ChecklistVersion,
    Environment,
    Gate,
    GateItem,
    GateRole,
    Person,
    ProjectStage,
    Release,
)
from checklists.models.gate import Stage
from checklists.permissions import Act, require
from readiness.engine.checklist import Role, SignOffRole

# A checklist that names no role (any Markdown list may be imported) is signed by the technical lead:
# without a signature nothing is ever approved.
# What the document itself claims counts half in the score until somebody verified it.
_CLAIMED = ("done", "partial")
NOBODY_NAMED = (SignOffRole(role=Role.TECHNICAL_LEAD),)


def open_gate(
    *,
    release: Release,
    checklist: ChecklistVersion,
    environment: Environment,
    by: Person,
    stage: str = "",
) -> Gate:
    """Apply a checklist to a release for an environment; every item starts open.

    `stage` must be one of the project's, and name this checklist and environment; a gate that a stage asks
    for takes that stage unasked. Raises Forbidden, Refused when that gate is already open, the environment is
    another project's, or the stage does not fit.
    """
    require(by, release.project_id, Act.CREATE_RELEASE)
    if environment.project_id != release.project_id:
        raise Refused("This environment belongs to another project.")
    if checklist.project_id not in (None, release.project_id):
        raise Refused("This checklist belongs to another project.")
    with transaction.atomic():
        Release.objects.select_for_update(no_key=True).get(
            pk=release.pk
        )  # two people open the same gate at once
        if Gate.objects.filter(release=release, checklist=checklist, environment=environment).exists():
            raise Refused(f"{release} already has this gate for {environment.name}.", "Open the present one.")
        gate = Gate.objects.create(
            release=release,
            checklist=checklist,
            environment=environment,
            stage=_stage(release, checklist, environment, stage),
            opened_by=by,
            opened_at=clock.now(),
        )
        add_rows(gate, checklist)
        with gate_act(gate.pk, by=by, act=Act.CREATE_RELEASE) as act:
            act.log("gate.opened", subject=environment.name, checklist=str(checklist))
    gate.refresh_from_db()
    return gate


def _stage(release: Release, checklist: ChecklistVersion, environment: Environment, asked: str) -> str:
    rows = ProjectStage.objects.filter(project=release.project_id).select_related("environment")
    taken = set(release.gates.filter(superseded_by=None).values_list("stage", flat=True))
    if not asked:
        fits = rows.filter(checklist_slug=checklist.slug, environment=environment)
        return next((row.stage for row in fits if row.stage not in taken), "")
    row = rows.filter(stage=asked).first()
    if row is None:
        raise Refused(f"This project has no stage {asked!r}.", "An owner adds it on the project’s page.")
    if (row.checklist_slug, row.environment_id) != (checklist.slug, environment.pk):
        wanted = f"{row.checklist_slug} for {row.environment.name}"
        raise Refused(f"The stage {Stage(asked).label.lower()} asks for {wanted}.")
    if asked in taken:
        raise Refused(f"{release} already has a gate for the stage {Stage(asked).label.lower()}.")
    return asked


def add_rows(gate: Gate, checklist: ChecklistVersion) -> None:
    """Items and roles of a new gate, everything open."""
    GateItem.objects.bulk_create(
        GateItem(
            gate=gate,
            key=item.id,
            position=position,
            role=item.role.value if item.role else "",
            requirement=item.requirement.value,
            has_checks=bool(item.checks),
            needs_person=item.by_person,
            partial=item.role is None and (item.checked or item.state in _CLAIMED),
        )
        for position, item in enumerate(checklist.checklist.items)
    )
    GateRole.objects.bulk_create(
        GateRole(gate=gate, role=role.role.value, position=position, conditional=role.conditional)
        for position, role in enumerate(checklist.checklist.sign_off or NOBODY_NAMED)
    )
