"""Acts of signing: approve, decline, withdraw, drop and restore a role."""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone

from checklists import audit
from checklists.actions.base import SUPERSEDED, GateAct, gate_act
from checklists.errors import Forbidden, Refused, StaleForm, WrongPassword
from checklists.loaded import LoadedGate
from checklists.models import GateRole, MemberRole, Membership, Person, SignOff
from checklists.models.signoff import SignOffDecision
from checklists.permissions import SIGNING_ROLES, may_drop, why_not_sign

NOT_READY = "Approving needs every item settled; something is still in the way."
CHANGED = "The gate changed while you were reading; nothing was signed."
CHANGED_ADVICE = "Look at what changed and sign the present state."
WRONG = "The password is wrong; nothing was signed."
CONFIRM_EACH = "Confirm each of the role's criteria."
REASON = "Say why you decline; the reason is printed in the report."
ALREADY = "You have already signed exactly this state."
ONLY_BY_HAND = "A person signs, with their password; neither a token nor a service account can."
NOT_DROPPABLE = "This role is not conditional; it always signs."


def meaning(decision: str, role: str, release: str, environment: str) -> str:
    """What a signature says, in words."""
    label = MemberRole(role).label.lower()
    if decision == SignOffDecision.APPROVE:
        return f"As {label}, I approve the deployment of {release} to {environment}, in the state shown."
    return f"As {label}, I decline the deployment of {release} to {environment}, in the state shown."


def approve(
    *,
    gate: int,
    role: str,
    by: Person,
    password: str,
    digest: str,
    confirmed: Collection[int],
    comment: str = "",
) -> LoadedGate:
    """Sign the present state in a role.

    `digest` is the state the signer was shown, `confirmed` the indexes of the role's criteria.

    Raises Forbidden, WrongPassword, StaleForm (the state changed), Refused (not ready, criteria, twice).
    """
    _check_credentials(gate, role, by, password)
    with gate_act(gate, by=by, act=None) as act:
        _may_sign(act, role)
        judged = act.judge()
        if judged.digest != digest:
            raise StaleForm(CHANGED, CHANGED_ADVICE)
        if not judged.verdict.may_approve:
            raise Refused(NOT_READY, "Resolve the blockers first.")
        criteria = role_criteria(act.loaded, role)
        if set(range(len(criteria))) - set(confirmed):
            raise Refused(CONFIRM_EACH)
        _sign(act, role, SignOffDecision.APPROVE, criteria, comment.strip())
    return act.loaded


def decline(*, gate: int, role: str, by: Person, password: str, digest: str, reason: str) -> LoadedGate:
    """Decline the present state with a reason; nothing needs to be ready. Raises as `approve`."""
    _check_credentials(gate, role, by, password)
    with gate_act(gate, by=by, act=None) as act:
        _may_sign(act, role)
        if act.judge().digest != digest:
            raise StaleForm(CHANGED, CHANGED_ADVICE)
        if not reason.strip():
            raise Refused(REASON)
        _sign(act, role, SignOffDecision.DECLINE, [], reason.strip())
    return act.loaded


def withdraw(*, gate: int, by: Person, reason: str) -> LoadedGate:
    """Take back one's own live sign-off, with a reason. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=None) as act:
        mine = next((s for s in act.loaded.signoffs if s.person_id == by.pk), None)
        if mine is None:
            raise Refused("You have no signature on this gate.")
        if not reason.strip():
            raise Refused("Say why you withdraw your signature.")
        _retire(act, mine)
        _touch_approval(act, mine.role)
        act.log("signoff.withdrawn", subject=mine.role, decision=mine.decision, reason=reason.strip())
    return act.loaded


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
        _touch_approval(act, role)
        act.log("role.dropped", subject=role, reason=reason.strip())
    return act.loaded


def restore_role(*, gate: int, role: str, by: Person) -> LoadedGate:
    """Ask a dropped role to sign after all. Raises Forbidden, Refused."""
    with gate_act(gate, by=by, act=None) as act:
        row = _role(act, role)
        _may_drop(act, row)
        if not row.dropped_reason:
            raise Refused("This role is not dropped.")
        row.dropped_reason, row.dropped_by, row.dropped_at = "", None, None
        row.save(update_fields=["dropped_reason", "dropped_by", "dropped_at"])
        _touch_approval(act, role)
        act.log("role.restored", subject=role)
    return act.loaded


def role_criteria(loaded: LoadedGate, role: str) -> list[str]:
    """The criteria that a role confirms when it signs."""
    item = next((i for i in loaded.items if i.row.role == role), None)
    return [criterion.text for criterion in item.spec.criteria] if item else []


def refusal(loaded: LoadedGate, role: str, person: Person, roles: Collection[str]) -> str:
    """Why this person may not sign in this role on this gate; empty when they may."""
    if loaded.gate.superseded_by_id:
        return SUPERSEDED
    if any(r.role == role and r.dropped_reason for r in loaded.roles):
        return "This role is dropped from the gate."
    if not any(r.role == role for r in loaded.roles):
        return "This gate does not ask that role."
    mine = next((s for s in loaded.signoffs if s.person_id == person.pk), None)
    return why_not_sign(
        role=role,
        roles=roles,
        signed_as=mine.role if mine else None,
        service=person.is_service,
        **loaded.own_work(person.pk),
    )


def _check_credentials(gate: int, role: str, by: Person, password: str) -> None:
    # Before the transaction: hashing takes a while, and the lock of the gate must not be held meanwhile.
    # Whether this person may sign this gate is asked again under the lock.
    if audit.acting_token.get() or by.is_service:
        raise Forbidden(ONLY_BY_HAND, "Sign on the gate's page.")
    held = Membership.objects.filter(project__releases__gates=gate, person=by, role=role)
    if not by.is_active or role not in SIGNING_ROLES or not held.exists():
        raise Forbidden(f"You do not sign as {role.replace('-', ' ')} in this project.")
    if not by.check_password(password):
        raise WrongPassword(WRONG, "Type the password you sign in with.")


def _may_sign(act: GateAct, role: str) -> None:
    by = act.by
    if by is None:
        raise Forbidden("Only a person signs.")
    why = refusal(act.loaded, role, by, act.roles)
    if why:
        raise Forbidden(why)


def _sign(act: GateAct, role: str, decision: SignOffDecision, criteria: list[str], comment: str) -> None:
    by, judged, gate = act.by, act.judged, act.gate
    if by is None or judged is None:
        raise Forbidden("Only a person signs.")
    mine = next((s for s in act.loaded.signoffs if s.person_id == by.pk), None)
    if mine and mine.digest == judged.digest and mine.decision == decision:
        raise Refused(ALREADY)
    if mine:
        _retire(act, mine)
    local = timezone.localtime(act.at)
    offset = local.utcoffset()
    signed = SignOff.objects.create(
        gate=gate,
        role=role,
        person=by,
        person_name=by.name,
        decision=decision,
        meaning=meaning(decision, role, str(gate.release), gate.environment.name),
        criteria=criteria,
        comment=comment,
        digest=judged.digest,
        snapshot=judged.snapshot,
        signed_at=act.at,
        utc_offset_minutes=int(offset.total_seconds() // 60) if offset else 0,
    )
    act.loaded.signoffs.append(signed)
    _touch_approval(act, role)
    act.log(
        "gate.approved" if decision == SignOffDecision.APPROVE else "gate.declined",
        subject=role,
        digest=signed.digest,
        meaning=signed.meaning,
        criteria=criteria,
        comment=comment,
        signed_at=local.isoformat(timespec="seconds"),
        supersedes=mine.pk if mine else None,
    )


def _retire(act: GateAct, signoff: SignOff) -> None:
    signoff.live = False
    signoff.save(update_fields=["live"])
    act.loaded.signoffs.remove(signoff)


def _touch_approval(act: GateAct, role: str) -> None:
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
