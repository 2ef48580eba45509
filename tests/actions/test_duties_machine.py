"""Any order of joining, making, attaching, signing, withdrawing, changing, dropping: duties stay apart.

A state machine acts as everybody, in every role, and keeps by itself who may sign; each attempt must end as
that says, and what stands afterwards must hold whatever happened before.
"""

from __future__ import annotations

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from checklists import audit, clock, unaccounted
from checklists.actions import evidence, gate_roles, items, projects, signing_keys
from checklists.errors import Forbidden, Refused
from checklists.loaded import load
from checklists.models import Evidence, Membership, SignOff
from checklists.permissions import SIGNING_ROLES
from tests import signing

SIGNERS = ["product", "compliance", "second", "contributor", "lead"]
WHO = st.sampled_from([*SIGNERS, *SIGNERS, "owner", "outsider"])
ROLE = st.sampled_from(["own", "own", "own", *SIGNING_ROLES])
ANY = st.sampled_from(SIGNING_ROLES)
LEAD = "technical-lead"


class Duties(RuleBasedStateMachine):
    """Everybody tries everything on one gate; `world` is set by the test."""

    world: tuple

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.people, self.project = self.world
        self.inside = transaction.atomic()
        self.inside.__enter__()
        self.kept: dict[int, str] = {}

    def teardown(self) -> None:
        """The log verifies and tells of every record; then the gate is as it was, for the next run."""
        assert audit.verify(self.gate.stream) is None
        assert list(unaccounted.signatures()) == []
        transaction.set_rollback(True)
        self.inside.__exit__(None, None, None)

    def person(self, who: str):
        """An account by its short name."""
        return getattr(self.people, who)

    def members(self, who: str) -> set[str]:
        """The roles somebody has now."""
        held = Membership.objects.filter(project=self.project, person=self.person(who))
        return set(held.values_list("role", flat=True))

    def own_work(self, who: str) -> bool:
        """The contributor made the release; others have a part in it as long as their evidence counts."""
        attached = Evidence.objects.filter(added_by=self.person(who), removed_at=None)
        return who == "contributor" or attached.exists()

    def may_sign(self, who: str, role: str) -> bool:
        """The table of duties, said once more and differently."""
        loaded = load(self.gate.pk)
        dropped = any(row.role == role and row.dropped_reason for row in loaded.roles)
        elsewhere = any(s.person_id == self.person(who).pk and s.role != role for s in loaded.signoffs)
        part = role != LEAD and self.own_work(who)
        return role in self.members(who) and not (dropped or elsewhere or part)

    def tried(self, function, *refusals, **arguments) -> bool:
        """Whether an act was carried out; one that is refused leaves nothing behind but a word in the log."""
        rows = SignOff.objects.count()
        try:
            with transaction.atomic():
                function(gate=self.gate.pk, **arguments)
        except refusals:
            assert SignOff.objects.count() == rows
            return False
        return True

    def chosen(self, who: str, role: str) -> str:
        """A role by its name; "own" is the last one, in the order of the form, that somebody holds."""
        held = [one for one in SIGNING_ROLES if one in self.members(who)]
        return role if role != "own" else held[-1] if held else LEAD

    @rule(who=WHO, role=ANY)
    def join_or_leave(self, who, role):
        """Somebody gets a role, or loses it; owners stay owners."""
        held = Membership.objects.filter(project=self.project, person=self.person(who), role=role).first()
        giver = self.people.second if who == "owner" else self.people.owner
        if held:
            projects.remove_member(project=self.project, by=giver, membership=held)
        else:
            projects.add_member(project=self.project, by=giver, person=self.person(who), role=role)

    @rule(who=WHO)
    def attach_or_take_off(self, who):
        """Somebody attaches a link, or takes off the one they attached."""
        mine = Evidence.objects.filter(added_by=self.person(who), removed_at=None).first()
        where = {"key": "issues", "by": self.person(who)}
        if mine:
            done = self.tried(evidence.remove, Forbidden, evidence=mine.pk, **where)
        else:
            url = f"https://x.example/{who}"
            done = self.tried(evidence.attach_link, Forbidden, url=url, **where)
        assert done == bool(self.members(who))

    @rule(
        who=st.sampled_from(["lead", "second", "contributor"]), words=st.sampled_from(["One P2.", "Two P2."])
    )
    def change(self, who, words):
        """The item that a person decides is decided anew."""
        if self.members(who) & {LEAD, "contributor", "owner"}:
            by, where = self.person(who), {"gate": self.gate.pk, "key": "issues"}
            if self.seen("state") != "open":
                items.reopen(**where, by=by, seen=self.seen("changed_in"))
            items.tick(**where, by=by, seen=self.seen("changed_in"), confirmed=[0], comment=words)

    def seen(self, column: str):
        """What the item's row says."""
        return getattr(load(self.gate.pk).item("issues").row, column)

    @rule(who=WHO, role=ROLE, decision=st.sampled_from(["approve", "approve", "decline"]))
    def sign(self, who, role, decision):
        """Carried out exactly for whom the table allows, once; approving needs a gate that is ready."""
        loaded, role = load(self.gate.pk), self.chosen(who, role)
        now, person = loaded.judge(clock.now()), self.person(who)
        again = [s for s in loaded.signoffs if s.person_id == person.pk and s.decision == decision]
        fits = self.may_sign(who, role) and all(s.digest != now.digest for s in again)
        if decision == "approve":
            fits = fits and now.verdict.may_approve
            done = self.tried(signing.approve, Forbidden, Refused, role=role, by=person)
        else:
            done = self.tried(signing.decline, Forbidden, Refused, role=role, by=person, reason="No.")
        assert done == fits

    @rule(who=WHO)
    def withdraw(self, who):
        """Who belongs to the project takes back what they signed, whatever they did since."""
        mine = SignOff.objects.filter(gate=self.gate, person=self.person(who), live=True).exists()
        done = self.tried(signing.withdraw, Forbidden, Refused, by=self.person(who), reason="Again.")
        assert done == (mine and bool(self.members(who)))

    @rule(who=WHO, role=ANY)
    def drop_or_restore(self, who, role):
        """A conditional role is dropped or asked again by those who may, unless somebody signed in it."""
        row = next(row for row in load(self.gate.pk).roles if row.role == role)
        signed = any(s.role == role for s in load(self.gate.pk).signoffs)
        may = "owner" in self.members(who) or (role != LEAD and role in self.members(who))
        if row.dropped_reason:
            done = self.tried(gate_roles.restore_role, Forbidden, Refused, role=role, by=self.person(who))
            assert done == may
        else:
            by = self.person(who)
            done = self.tried(gate_roles.drop_role, Forbidden, Refused, role=role, by=by, reason="Not asked.")
            assert done == (may and role != LEAD and not signed)

    @rule()
    def rotate(self):
        """The installation puts a new key into use."""
        signing_keys.rotate()

    @invariant()
    def what_stands_holds(self):
        """Duties are apart; approved is exactly signed by all; records stay, and the log tells of each."""
        loaded = load(self.gate.pk)
        now = loaded.judge(clock.now())
        assert loaded.invalid == []
        current = [s for s in loaded.signoffs if s.digest == now.digest]
        self.apart(loaded.signoffs, current)
        asked = {row.role for row in loaded.roles if not row.dropped_reason}
        approved = {s.role for s in current if s.decision == "approve"}
        declined = any(s.decision == "decline" and s.role in asked for s in current)
        assert now.verdict.approved == (asked <= approved and not declined)
        rows = dict(SignOff.objects.values_list("pk", "envelope"))
        assert self.kept.items() <= rows.items()
        assert all(rows.values())
        self.kept = rows

    def apart(self, live, current):
        """One person, one role; who has a part in the release signs this state as technical lead only."""
        assert len({s.person_id for s in live}) == len(live)
        names = {getattr(self.people, who).pk: who for who in vars(self.people)}
        for signed in current:
            assert signed.role == LEAD or not self.own_work(names[signed.person_id])


def test_duties_stay_apart(ready_gate, people, project):
    """Every order that is found keeps the rules."""
    for person, role in (("second", "owner"), ("second", "product-owner"), ("contributor", "compliance")):
        projects.add_member(project=project, by=people.owner, person=getattr(people, person), role=role)
    signing_keys.ensure()
    Duties.world = (ready_gate, people, project)
    run_state_machine_as_test(
        Duties,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
