"""Acts on a gate's roles: drop and restore one that is conditional."""

from __future__ import annotations

from checklists.actions.base import GateAct, before_after, gate_act
from checklists.errors import Forbidden, Refused
from checklists.loaded import LoadedGate
from checklists.models import GateRole, Person
from checklists.permissions import may_drop

NOT_DROPPABLE = "This role is not conditional; it always signs."


def drop_role(*, gate: int, role: str, by: Person, reason: str) -> LoadedGate:
    """Say that a conditional role need not sign this gate, and why. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=None) as act:
        row = _role(act, role)
        _may_drop(act, row)
        if row.dropped_reason:
            raise Refused("This role is already dropped.")
        if not reason.strip():
            raise Refused("Say why this role need not sign; the reason is printed in the report.")
        if any(s.role == role for s in act.loaded.signoffs):
            raise Refused("Somebody signed in this role; it cannot be dropped any more.")
        row.dropped_reason, row.dropped_by, row.dropped_at = reason.strip(), by, act.at
        row.save(update_fields=["dropped_reason", "dropped_by", "dropped_at"])
        touch_approval(act, role)
        act.log("role.dropped", subject=role, reason=reason.strip())
    return act.loaded


def restore_role(*, gate: int, role: str, by: Person) -> LoadedGate:
    """Ask a dropped role to sign after all. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=None) as act:
        row = _role(act, role)
        _may_drop(act, row)
        if not row.dropped_reason:
            raise Refused("This role is not dropped.")
        change = before_after({"dropped": row.dropped_reason}, {"dropped": ""})
        row.dropped_reason, row.dropped_by, row.dropped_at = "", None, None
        row.save(update_fields=["dropped_reason", "dropped_by", "dropped_at"])
        touch_approval(act, role)
        act.log("role.restored", subject=role, **change)
    return act.loaded


def touch_approval(act: GateAct, role: str) -> None:
    """Let the page that waits for changes show the role's item anew."""
    item = next((i for i in act.loaded.items if i.row.role == role), None)
    if item:
        act.save(item)


def _role(act: GateAct, role: str) -> GateRole:
    row = next((r for r in act.loaded.roles if r.role == role), None)
    if row is None:
        raise Refused("This gate does not ask that role.")
    return row


def _may_drop(act: GateAct, row: GateRole) -> None:
    if not row.conditional:
        raise Refused(NOT_DROPPABLE)
    if not may_drop(act.roles, row.role):
        raise Forbidden("Only an owner, or the role itself, may drop or restore it.")
