"""Signing: bound to the exact state, with fresh credentials, duties kept apart."""

from __future__ import annotations

import pytest

from checklists import clock
from checklists.actions import evidence, gate_roles, items, projects, releases
from checklists.errors import Forbidden, Refused, StaleForm, WrongPassword
from checklists.loaded import load
from checklists.models import AuditEntry, Evidence, Membership, SignOff
from checklists.snapshot import changes
from tests import signing
from tests.conftest import PASSWORD, run_checks

ROLE_OF = {"lead": "technical-lead", "product": "product-owner", "compliance": "compliance"}


def judged(gate):
    """What the gate says now."""
    return load(gate.pk).judge(clock.now())


def approve(gate, person, role, **more):
    """Approve with everything right, unless overridden."""
    given = {"password": PASSWORD, "digest": judged(gate).digest, "confirmed": [0, 1]} | more
    return signing.approve(gate=gate.pk, role=role, by=person, **given)


def all_sign(gate, people):
    """Three signatures."""
    for who, role in ROLE_OF.items():
        approve(gate, getattr(people, who), role)


def test_three_signatures_approve(ready_gate, people):
    """The gate is approved exactly when the third has signed; the signatures stay valid together."""
    states = []
    for who, role in ROLE_OF.items():
        approve(ready_gate, getattr(people, who), role)
        states.append(judged(ready_gate).verdict.state.value)
    assert states == ["ready", "ready", "approved"]


def test_what_is_stored(ready_gate, people):
    """Name, role, meaning, criteria, comment, snapshot and digest are kept; the audit entry has them too."""
    approve(ready_gate, people.lead, "technical-lead", comment="Good.")
    signed = SignOff.objects.get()
    assert signed.person_name == "Lead Person"
    assert "approve the deployment of Image classifier 1.4.0 to production" in signed.meaning
    assert signed.criteria == ["Performance meets the requirement", "Monitoring is adequate"]
    assert signed.snapshot == judged(ready_gate).snapshot
    entry = AuditEntry.objects.get(verb="gate.approved")
    assert entry.data["digest"] == signed.digest
    assert entry.data["criteria"] == signed.criteria


WRONG = [
    ("wrong password", {"password": "wrong"}, WrongPassword),
    ("empty password", {"password": ""}, WrongPassword),
    ("another state", {"digest": "sha256:other"}, StaleForm),
    ("a criterion not confirmed", {"confirmed": [0]}, Refused),
]


@pytest.mark.parametrize(("more", "error"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_refused(ready_gate, people, more, error):
    """Nothing is signed and nothing else changes."""
    with pytest.raises(error):
        approve(ready_gate, people.lead, "technical-lead", **more)
    assert not SignOff.objects.exists()


def test_not_ready(gate, people):
    """Approving needs every item settled; declining does not."""
    with pytest.raises(Refused):
        approve(gate, people.lead, "technical-lead")
    signing.decline(
        gate=gate.pk,
        role="technical-lead",
        by=people.lead,
        digest=judged(gate).digest,
        reason="Too early.",
    )
    assert judged(gate).verdict.state == "declined"


def test_decline_needs_a_reason(gate, people):
    """A decline says why."""
    with pytest.raises(Refused):
        signing.decline(
            gate=gate.pk,
            role="compliance",
            by=people.compliance,
            digest=judged(gate).digest,
            reason=" ",
        )


def test_twice_is_refused(ready_gate, people):
    """A second click signs nothing: one signature, a clear message."""
    approve(ready_gate, people.lead, "technical-lead")
    with pytest.raises(Refused, match="already"):
        approve(ready_gate, people.lead, "technical-lead")
    assert SignOff.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "role"),
    [
        ("owner", "technical-lead"),
        ("contributor", "compliance"),
        ("reader", "compliance"),
        ("outsider", "technical-lead"),
        ("lead", "compliance"),
        ("product", "compliance"),
    ],
)
def test_only_in_ones_own_role(ready_gate, people, who, role):
    """Nobody signs in a role they do not have."""
    with pytest.raises(Forbidden):
        approve(ready_gate, getattr(people, who), role)
    assert not SignOff.objects.exists()


def test_evidence_author_signs_only_as_technical_lead(ready_gate, people):
    """A product owner who attached evidence cannot sign; a technical lead who did can."""
    for person in (people.product, people.lead):
        evidence.attach_link(
            gate=ready_gate.pk, key="issues", by=person, url=f"https://x.example/{person.pk}"
        )
    with pytest.raises(Forbidden, match="attached evidence"):
        approve(ready_gate, people.product, "product-owner")
    approve(ready_gate, people.lead, "technical-lead")


def test_release_author_signs_only_as_technical_lead(ready_gate, people, project):
    """The contributor who made the release cannot sign as compliance even when given the role."""
    for role in ("compliance", "technical-lead"):
        projects.add_member(project=project, by=people.owner, person=people.contributor, role=role)
    with pytest.raises(Forbidden, match="created this release"):
        approve(ready_gate, people.contributor, "compliance")
    approve(ready_gate, people.contributor, "technical-lead")
    with pytest.raises(Forbidden, match="one role"):
        approve(ready_gate, people.contributor, "compliance")


def test_equal_rerun_keeps_signatures(ready_gate, people):
    """Running the checks again with the same result makes no signature stale."""
    all_sign(ready_gate, people)
    run_checks(ready_gate, people.lead)
    assert judged(ready_gate).verdict.approved


def test_a_change_makes_stale_and_says_what(ready_gate, people):
    """New evidence: no longer approved, the diff names it, signing again restores."""
    all_sign(ready_gate, people)
    evidence.attach_link(
        gate=ready_gate.pk, key="issues", by=people.lead, url="https://x.example", name="Late find"
    )
    now = judged(ready_gate)
    assert now.verdict.state == "ready"
    assert set(now.verdict.signatures.values()) == {"stale"}
    signed = SignOff.objects.get(role="compliance")
    assert [(c.item, c.what, c.new) for c in changes(signed.snapshot, now.snapshot)] == [
        ("issues", "evidence added", "Late find")
    ]
    all_sign(ready_gate, people)
    assert judged(ready_gate).verdict.approved
    assert SignOff.objects.filter(live=True).count() == 3
    assert SignOff.objects.count() == 6


def test_notes_keep_signatures(ready_gate, people):
    """A note is discussion: it makes nothing stale."""
    all_sign(ready_gate, people)
    items.note(gate=ready_gate.pk, key="issues", by=people.product, text="Well done.")
    assert judged(ready_gate).verdict.approved


def test_moving_the_bar_is_marked(ready_gate, people, checklist):
    """A parameter changed after a check: reason demanded, results gone, the mark in the snapshot."""
    all_sign(ready_gate, people)
    change = {"release": ready_gate.release, "by": people.owner, "checklist": checklist}
    with pytest.raises(Refused, match="already used"):
        releases.set_parameters(values={"target_accuracy": "70"}, **change)
    made = releases.set_parameters(values={"target_accuracy": "70"}, reason="Agreed with product.", **change)
    assert (made.number, made.after_result) == (2, True)
    now = judged(ready_gate)
    assert now.verdict.state == "open"
    assert now.snapshot["parameters"]["bar_moved_after_result"]
    run_checks(ready_gate, people.lead)
    assert "needs ≥ 70 %" in load(ready_gate.pk).item("accuracy").observed


def test_dropping_a_role(ready_gate, people):
    """A conditional role dropped with a reason need not sign; a signed one cannot be dropped."""
    gate_roles.drop_role(
        gate=ready_gate.pk, role="compliance", by=people.compliance, reason="No personal data."
    )
    approve(ready_gate, people.lead, "technical-lead")
    approve(ready_gate, people.product, "product-owner")
    assert judged(ready_gate).verdict.approved
    with pytest.raises(Forbidden):
        approve(ready_gate, people.compliance, "compliance")
    with pytest.raises(Refused):
        gate_roles.drop_role(gate=ready_gate.pk, role="product-owner", by=people.owner, reason="x")
    with pytest.raises(Refused):
        gate_roles.drop_role(gate=ready_gate.pk, role="technical-lead", by=people.owner, reason="x")
    gate_roles.restore_role(gate=ready_gate.pk, role="compliance", by=people.owner)
    assert not judged(ready_gate).verdict.approved


@pytest.mark.parametrize("who", ["lead", "contributor", "reader", "product", "outsider"])
def test_who_may_not_drop_compliance(ready_gate, people, who):
    """Only an owner or compliance itself."""
    with pytest.raises(Forbidden):
        gate_roles.drop_role(gate=ready_gate.pk, role="compliance", by=getattr(people, who), reason="x")


def test_withdraw(ready_gate, people):
    """One's own signature can be withdrawn with a reason; the record stays, the withdrawal is one too."""
    all_sign(ready_gate, people)
    signing.withdraw(gate=ready_gate.pk, by=people.product, reason="Wrong release.")
    assert not judged(ready_gate).verdict.approved
    taken_back, withdrawal = SignOff.objects.filter(person=people.product)
    assert (taken_back.live, withdrawal.live) == (False, False)
    assert (withdrawal.decision, withdrawal.supersedes) == ("withdraw", taken_back)
    assert withdrawal.meaning.endswith("to production, because: Wrong release.")


def test_a_decline_outweighs_approvals(ready_gate, people):
    """The second technical lead declines: declined, although the first approved."""
    all_sign(ready_gate, people)
    signing.decline(
        gate=ready_gate.pk,
        role="technical-lead",
        by=people.second,
        digest=judged(ready_gate).digest,
        reason="Flaky.",
    )
    assert judged(ready_gate).verdict.state == "declined"


def test_deactivated_people_do_not_sign(ready_gate, people):
    """A deactivated account has no roles."""
    people.lead.is_active = False
    people.lead.save()
    with pytest.raises(Forbidden):
        approve(ready_gate, people.lead, "technical-lead")


def test_evidence_taken_off_again_binds_nobody(ready_gate, people):
    """A slip can be mended: only evidence that is there makes its author a party to the case."""
    where = {"gate": ready_gate.pk, "key": "issues", "by": people.product}
    evidence.attach_link(url="https://x.example", **where)
    evidence.remove(evidence=Evidence.objects.get().pk, **where)
    approve(ready_gate, people.product, "product-owner")


@pytest.mark.parametrize("how", ["removed", "deactivated"])
def test_a_signature_outlives_the_role(ready_gate, people, project, how):
    """What somebody signed while they might stays valid; they can neither renew nor withdraw it."""
    all_sign(ready_gate, people)
    if how == "removed":
        membership = Membership.objects.get(project=project, person=people.compliance)
        projects.remove_member(project=project, by=people.owner, membership=membership)
    else:
        people.compliance.is_active = False
        people.compliance.save()
    assert judged(ready_gate).verdict.approved
    with pytest.raises(Forbidden):
        signing.withdraw(gate=ready_gate.pk, by=people.compliance, reason="x")
    evidence.attach_link(gate=ready_gate.pk, key="issues", by=people.lead, url="https://x.example")
    with pytest.raises(Forbidden):
        approve(ready_gate, people.compliance, "compliance")
    assert judged(ready_gate).verdict.signatures["compliance"] == "stale"


def test_back_with_another_role(ready_gate, people, project):
    """Removed and added again in another role: the old signature binds; withdrawn, the new role may sign."""
    approve(ready_gate, people.product, "product-owner")
    membership = Membership.objects.get(project=project, person=people.product)
    projects.remove_member(project=project, by=people.owner, membership=membership)
    projects.add_member(project=project, by=people.owner, person=people.product, role="compliance")
    with pytest.raises(Forbidden, match="one role"):
        approve(ready_gate, people.product, "compliance")
    signing.withdraw(gate=ready_gate.pk, by=people.product, reason="Other role now.")
    approve(ready_gate, people.product, "compliance")
    assert judged(ready_gate).verdict.signatures["product-owner"] == "missing"


def test_a_decline_of_somebody_who_is_gone(ready_gate, people):
    """It stands for the state that was declined; others may sign another one."""
    given = {"gate": ready_gate.pk, "role": "compliance", "by": people.compliance, "password": PASSWORD}
    signing.decline(digest=judged(ready_gate).digest, reason="No.", **given)
    people.compliance.is_active = False
    people.compliance.save()
    assert judged(ready_gate).verdict.state == "declined"
    evidence.attach_link(gate=ready_gate.pk, key="issues", by=people.lead, url="https://x.example")
    assert judged(ready_gate).verdict.state == "ready"


def test_a_decline_cannot_be_dropped_away(ready_gate, people):
    """Who declined must withdraw or sign again; dropping the role does not lift it."""
    signing.decline(
        gate=ready_gate.pk,
        role="compliance",
        by=people.compliance,
        digest=judged(ready_gate).digest,
        reason="No.",
    )
    with pytest.raises(Refused, match="signed in this role"):
        gate_roles.drop_role(gate=ready_gate.pk, role="compliance", by=people.owner, reason="Not needed.")
    assert judged(ready_gate).verdict.state == "declined"


def test_kept_verdict_equals_decided(ready_gate, people):
    """What lists show is what deciding anew says, after every act."""
    all_sign(ready_gate, people)
    ready_gate.refresh_from_db()
    now = judged(ready_gate)
    assert (ready_gate.verdict, ready_gate.digest) == (now.verdict.state.value, now.digest)
