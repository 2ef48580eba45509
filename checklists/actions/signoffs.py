"""Acts of signing: approve, decline, withdraw. See gate_roles.py for dropping a role."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from checklists import audit, challenges, clock, credentials, keys, permissions
from checklists.actions.base import SUPERSEDED, GateAct, gate_act
from checklists.actions.gate_roles import touch_approval
from checklists.actions.signoff_records import (
    APPROVE,
    DECLINE,
    WITHDRAW,
    Proof,
    Word,
    refuse_repeated,
    store,
)
from checklists.challenges import Bound
from checklists.credentials import Given
from checklists.errors import Forbidden, Refused, StaleForm
from checklists.loaded import LoadedGate
from checklists.models import Gate, Membership, Person, SignOff
from checklists.permissions import SIGNING_ROLES, why_not_sign
from readiness.engine.errors import ReadinessError

NOT_READY = "Approving needs every item settled; something is still in the way."
CHANGED = "The gate changed while you were reading; nothing was signed."
CHANGED_ADVICE = "Look at what changed and sign the present state."
CONFIRM_EACH = "Confirm each of the role's criteria."
REASON = "Say why you decline; the reason is printed in the report."
WHY_WITHDRAW = "Say why you withdraw your signature; the reason is printed in the report."
ALREADY = "You have already signed exactly this state."
NOTHING_SIGNED = "You have no signature on this gate."
ONLY_BY_HAND = "A person signs, with their own credentials; neither a token nor a service account can."


def approve(
    *,
    gate: int,
    role: str,
    by: Person,
    given: Given,
    challenge: str,
    digest: str,
    confirmed: Collection[int],
    comment: str = "",
) -> LoadedGate:
    """Sign the present state in a role.

    `digest` is the state the signer was shown, `challenge` the text that came with it (see challenges.py),
    `given` the credentials of this very request, `confirmed` the indexes of the role's criteria.

    Raises Forbidden, WrongPassword, StaleForm (the state changed, the form is old or another's), Refused
    (not ready, criteria, twice).
    """
    with _refusals_logged(gate, by, role):
        bound = Bound(person=by.pk, gate=gate, role=role, digest=digest)
        proof = _prove(by, given, challenge, bound)
        with gate_act(gate, by=by, act=None) as act:
            _check_state(act, role, digest)
            judged = act.judge()
            if not judged.verdict.may_approve:
                raise Refused(NOT_READY, "Resolve the blockers first.")
            criteria = role_criteria(act.loaded, role)
            if set(range(len(criteria))) - set(confirmed):
                raise Refused(CONFIRM_EACH)
            word = Word(
                decision=APPROVE,
                role=role,
                digest=digest,
                snapshot=judged.snapshot,
                criteria=criteria,
                comment=comment.strip(),
                supersedes=_mine(act),
            )
            _sign(act, word, proof)
    return act.loaded


def decline(
    *, gate: int, role: str, by: Person, given: Given, challenge: str, digest: str, reason: str
) -> LoadedGate:
    """Decline the present state with a reason; nothing needs to be ready. Raises as `approve`."""
    with _refusals_logged(gate, by, role):
        bound = Bound(person=by.pk, gate=gate, role=role, digest=digest)
        proof = _prove(by, given, challenge, bound)
        with gate_act(gate, by=by, act=None) as act:
            _check_state(act, role, digest)
            if not reason.strip():
                raise Refused(REASON)
            word = Word(
                decision=DECLINE,
                role=role,
                digest=digest,
                snapshot=act.judge().snapshot,
                comment=reason.strip(),
                supersedes=_mine(act),
            )
            _sign(act, word, proof)
    return act.loaded


def withdraw(*, gate: int, by: Person, given: Given, challenge: str, reason: str) -> LoadedGate:
    """Take back one's own live sign-off, with a reason: a record of its own that replaces it.

    The challenge is bound to the role and digest of that sign-off; whether the gate changed since does not
    matter. Raises as `approve`.
    """
    standing = SignOff.objects.filter(gate=gate, person=by, live=True).first()
    role = standing.role if standing else ""
    with _refusals_logged(gate, by, role):
        if standing is None:
            raise Refused(NOTHING_SIGNED)
        bound = Bound(person=by.pk, gate=gate, role=role, digest=standing.digest)
        proof = _prove(by, given, challenge, bound, held=False)
        with gate_act(gate, by=by, act=None) as act:
            mine = _mine(act)
            if mine != standing:
                raise StaleForm(CHANGED, CHANGED_ADVICE)
            if not reason.strip():
                raise Refused(WHY_WITHDRAW)
            word = Word(
                decision=WITHDRAW,
                role=role,
                digest=standing.digest,
                snapshot=standing.snapshot,
                comment=reason.strip(),
                supersedes=mine,
            )
            _replace(act, word, proof)
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


def _prove(by: Person, given: Given, challenge: str, bound: Bound, *, held: bool = True) -> Proof:
    # Before the transaction: hashing takes a while, and the lock of the gate must not be held meanwhile.
    # Whether this person may sign this gate is asked again under the lock.
    if audit.acting_token.get() or by.is_service:
        raise Forbidden(ONLY_BY_HAND, "Sign on the gate's page.")
    project = Gate.objects.select_related("release").get(pk=bound.gate).release.project_id
    roles = permissions.roles_of(by, project)
    if bound.role not in SIGNING_ROLES or not roles or (held and bound.role not in roles):
        raise Forbidden(f"You do not sign as {bound.role.replace('-', ' ')} in this project.")
    name = challenges.read(challenge, bound)
    refuse_repeated(name)
    methods = credentials.check(by, project, given, name)
    keys.signer()  # made here when it is the first signature, and missed here when it is gone
    return Proof(methods=methods, challenge=name)


def _check_state(act: GateAct, role: str, digest: str) -> None:
    why = refusal(act.loaded, role, act.person, act.roles)
    if why:
        raise Forbidden(why)
    if act.judge().digest != digest:
        raise StaleForm(CHANGED, CHANGED_ADVICE)


def _sign(act: GateAct, word: Word, proof: Proof) -> None:
    mine = word.supersedes
    if mine in act.loaded.signoffs and (mine.digest, mine.decision) == (word.digest, word.decision):
        raise Refused(ALREADY)
    _replace(act, word, proof)


def _replace(act: GateAct, word: Word, proof: Proof) -> None:
    if word.supersedes:
        word.supersedes.live = False
        word.supersedes.save(update_fields=["live"])
        act.loaded.forget(word.supersedes)
    signed = store(act, word, proof)
    if signed.live:
        act.loaded.signoffs.append(signed)
    touch_approval(act, word.role)


def _mine(act: GateAct) -> SignOff | None:
    standing = [*act.loaded.signoffs, *(row for row, _ in act.loaded.invalid)]
    return next((row for row in standing if row.person_id == act.person.pk), None)


def log_refusal(gate: int, by: Person, role: str, why: str) -> None:
    """Keep a refused attempt of somebody who signs in this project in the gate's own log.

    Those of others are kept where refused requests are: nobody from outside fills the gate's log.
    """
    now = clock.now()
    held = Membership.objects.live(now).filter(person=by, role__in=SIGNING_ROLES)
    if held.filter(project__releases__gates=gate).exists():
        audit.refused(f"gate:{gate}", by=by, verb="signing.refused", at=now, subject=role, why=why)


@contextmanager
def _refusals_logged(gate: int, by: Person, role: str) -> Iterator[None]:
    try:
        yield
    except ReadinessError as error:
        log_refusal(gate, by, role, error.message)
        raise
