"""Acts on gates: open one."""

from __future__ import annotations

from django.db import transaction

from checklists import clock
from checklists.actions.base import gate_act
from checklists.errors import Refused
from checklists.models import ChecklistVersion, Environment, Gate, GateItem, GateRole, Person, Release
from checklists.permissions import Act, require
from readiness.engine.checklist import Role, SignOffRole

# A checklist that names no role (any Markdown list may be imported) is signed by the technical lead:
# without a signature nothing is ever approved.
NOBODY_NAMED = (SignOffRole(role=Role.TECHNICAL_LEAD),)


def open_gate(*, release: Release, checklist: ChecklistVersion, environment: Environment, by: Person) -> Gate:
    """Apply a checklist to a release for an environment; every item starts open.

    Raises Forbidden, Refused when that gate is already open or the environment is another project's.
    """
    require(by, release.project_id, Act.CREATE_RELEASE)
    if environment.project_id != release.project_id:
        raise Refused("This environment belongs to another project.")
    if Gate.objects.filter(release=release, checklist=checklist, environment=environment).exists():
        raise Refused(f"{release} already has this gate for {environment.name}.", "Open the present one.")
    with transaction.atomic():
        gate = Gate.objects.create(
            release=release,
            checklist=checklist,
            environment=environment,
            opened_by=by,
            opened_at=clock.now(),
        )
        _add_rows(gate, checklist)
        with gate_act(gate.pk, by=by, act=Act.CREATE_RELEASE) as act:
            act.log("gate.opened", subject=environment.name, checklist=str(checklist))
    gate.refresh_from_db()
    return gate


def _add_rows(gate: Gate, checklist: ChecklistVersion) -> None:
    GateItem.objects.bulk_create(
        GateItem(
            gate=gate,
            key=item.id,
            position=position,
            role=item.role.value if item.role else "",
            requirement=item.requirement.value,
            has_checks=bool(item.checks),
            needs_person=item.by_person,
        )
        for position, item in enumerate(checklist.checklist.items)
    )
    GateRole.objects.bulk_create(
        GateRole(gate=gate, role=role.role.value, position=position, conditional=role.conditional)
        for position, role in enumerate(checklist.checklist.sign_off or NOBODY_NAMED)
    )
