"""What time does: from its second on a waiver counts no more, and the sweep writes it down once."""

from __future__ import annotations

from copy import copy
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checklists import clock, queries, tasks
from checklists.actions import expiry, items, projects, signoffs, tokens, waivers
from checklists.loaded import load
from checklists.models import AuditEntry, DeploymentDecision, Gate, GateItem, Notification, Waiver
from checklists.reads import waivers as reads
from checklists.reads.inbox import counts
from tests import signing
from tests import waivers as made
from tests.conftest import run_checks


def signed_gate(gate, people):
    """Everything settled, `issues` by a waiver, and three signatures."""
    loaded = run_checks(gate, people.lead)
    row = made.approved(gate, people)
    seen = {item.key: item.row.changed_in for item in loaded.items}
    common = {"gate": gate.pk, "by": people.lead}
    items.tick(key="accuracy", seen=seen["accuracy"], confirmed=[1], **common)
    items.not_applicable(key="review", seen=seen["review"], reason="Reviewed with 1.3.", **common)
    sign(gate, people)
    return row


def sign(gate, people):
    """All three roles approve the present state."""
    who = {"technical-lead": people.second, "product-owner": people.product, "compliance": people.compliance}
    for role, person in who.items():
        digest = load(gate.pk).judge(clock.now()).digest
        criteria = range(len(signoffs.role_criteria(load(gate.pk), role)))
        signing.approve(gate=gate.pk, role=role, by=person, digest=digest, confirmed=criteria)


def verdict(gate, now):
    """What the gate says now, with the kinds of what is in the way."""
    found = load(gate.pk).judge(now.at).verdict
    return found.state.value, {b.kind for b in found.blockers}


def test_to_the_second(lenient, people, now):
    """Approved a second before the expiry, blocked with stale signatures at it: nothing has to be written."""
    row = signed_gate(lenient, people)
    now.at = row.expires_at - timedelta(seconds=1)
    assert verdict(lenient, now) == ("approved", set())
    now.at = row.expires_at
    assert verdict(lenient, now) == ("blocked", {"waiver", "stale"})
    lenient.refresh_from_db()
    assert (lenient.verdict, lenient.verdict_until) == ("approved", row.expires_at)


def test_approving_and_revoking_make_signatures_stale(lenient, people, now):
    """Whoever signed did not sign this: a waiver that comes or goes asks for new signatures."""
    row = signed_gate(lenient, people)
    waivers.revoke(gate=lenient.pk, waiver=row.pk, by=people.compliance, reason="No.")
    assert verdict(lenient, now) == ("open", {"open", "stale"})
    made.approved(lenient, people, days=11)
    assert verdict(lenient, now) == ("ready", {"stale"})


def test_a_waived_rule_is_signed_too(lenient, people, now):
    """A waiver of a rule changes what is signed when it comes and when it ends."""
    signed_gate(lenient, people)
    rule = made.approved(lenient, people, rule="rehearsal", days=2)
    assert verdict(lenient, now) == ("ready", {"stale"})
    sign(lenient, people)
    assert verdict(lenient, now) == ("approved", set())
    now.at = rule.expires_at
    assert verdict(lenient, now) == ("ready", {"stale"})


def test_old_signatures_do_not_come_back(lenient, people, now):
    """Signed without a waiver, then a rule was waived: its end does not bring that state back."""
    signed_gate(lenient, people)
    assert verdict(lenient, now)[0] == "approved"
    rule = made.approved(lenient, people, rule="rehearsal", days=2)
    assert verdict(lenient, now) == ("ready", {"stale"})
    now.at = rule.expires_at
    assert verdict(lenient, now) == ("ready", {"stale"})


RANK = {"approved": 3, "ready": 2, "open": 1, "blocked": 0, "declined": -1}
HOURS = st.sampled_from([0, 30, 99])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=250, deadline=None)
@given(st.data())
def test_time_never_makes_it_better(standing, data):
    """Any waivers, any two moments: the later verdict is never better, whoever signed in between."""
    loaded, people = standing
    targets = data.draw(st.lists(st.tuples(st.sampled_from(["", "issues"]), HOURS), max_size=2))
    waivers_ = [waiver_of(loaded, people, key, hours) for key, hours in [("issues", 99), *targets]]
    first = made.NOW + timedelta(hours=data.draw(HOURS))
    later = first + timedelta(hours=data.draw(HOURS))
    signed_at = data.draw(st.sampled_from([made.NOW, first, later]))
    signed_with = waivers_[: data.draw(st.integers(0, len(waivers_)))]
    digest = loaded.if_waived_by(signed_with, signed_at).judge(signed_at).digest
    gate = loaded.if_waived_by(waivers_, first)
    gate.signoffs = [copy(s) for s in loaded.signoffs]
    for signature in gate.signoffs:
        signature.digest = digest
    if signed_at <= first:  # nobody signs what is only to come
        before, after = gate.judge(first).verdict.state, gate.judge(later).verdict.state
        assert RANK[after.value] <= RANK[before.value]


@pytest.fixture
def standing(lenient, people):
    """A gate with three signatures whose item `issues` is open beneath its waiver."""
    signed_gate(lenient, people)
    return load(lenient.pk), people


def waiver_of(loaded, people, key, hours):
    """An approved waiver that was never stored."""
    item = loaded.item(key)
    return Waiver(
        gate=loaded.gate, item=item.row if item else None, rule="" if item else "rehearsal", **made.TEXTS,
        owner=people.lead, requested_by=people.lead, decided_by=people.compliance, decided_as="compliance",
        state="approved", expires_at=made.NOW + timedelta(hours=hours),
    )  # fmt: skip


def test_swept_once(lenient, people, now):
    """The sweep writes one entry and the new verdict; a second one finds nothing to do."""
    row = signed_gate(lenient, people)
    assert expiry.settle_due(now.forward(days=9)) == 0
    now.at = row.expires_at
    assert expiry.settle_due(now.at) == 1
    assert expiry.settle_due(now.forward(hours=1)) == 0
    row.refresh_from_db()
    assert row.expiry_noted_at == row.expires_at
    entry = AuditEntry.objects.get(verb="waiver.expired")
    assert (entry.subject, entry.actor_name, entry.data["waiver"]) == ("issues", "Readiness", row.pk)
    lenient.refresh_from_db()
    assert (lenient.verdict, lenient.verdict_until) == ("blocked", None)
    assert GateItem.objects.get(gate=lenient, key="issues").changed_in == entry.revision


def test_the_sweep_does_it(lenient, people, now):
    """The worker's clock calls it: what lists keep turns red, and who owns the waiver is told."""
    row = made.approved(lenient, people)
    now.at = row.expires_at
    tasks.sweep()
    lenient.refresh_from_db()
    assert lenient.verdict == "blocked"
    told = Notification.objects.filter(title__startswith="A waiver expired")
    assert {line.person for line in told} == {people.lead, people.compliance}


def test_gates_that_were_replaced_stay(lenient, people, now):
    """A superseded gate takes no more acts, not even that of the clock."""
    row = made.approved(lenient, people)
    other = made.open_gate(lenient.release.project, people, lenient.release.root, waivers=False, version="9")
    Gate.objects.filter(pk=lenient.pk).update(superseded_by=other)
    now.at = row.expires_at
    assert expiry.settle_due(now.at) == 0
    assert not AuditEntry.objects.filter(verb="waiver.expired").exists()


def test_lists_do_not_wait_for_the_sweep(lenient, people, now, client):
    """Between the expiry and the sweep, lists judge anew and nobody is asked to sign."""
    row = signed_gate(lenient, people)
    signing.withdraw(gate=lenient.pk, by=people.product, reason="Wait.")
    assert [role.role for role in queries.waiting_roles(people.product)] == ["product-owner"]
    assert counts(people.product).waiting == 1
    now.at = row.expires_at
    assert [gate.verdict for gate in queries.gates_with_work(people.product)] == ["blocked"]
    assert not queries.waiting_roles(people.product).exists()
    assert counts(people.product).waiting == 0
    client.force_login(people.reader)
    for path in ("/", "/projects/image-classifier/", f"/releases/{lenient.release_id}/"):
        page = client.get(path).content.decode()
        assert "its waiver expired" in page
        assert "state-blocked" in page


def test_settled_otherwise(lenient, people, now):
    """What passes after its waiver expired is in nobody's way, and a live waiver of it is flagged."""
    row = made.approved(lenient, people)
    assert reads.not_needed(load(lenient.pk), [row]) == {}
    seen = load(lenient.pk).item("issues").row.changed_in
    items.tick(gate=lenient.pk, key="issues", by=people.lead, seen=seen, confirmed=[0], comment="None.")
    assert "passes by itself" in reads.not_needed(load(lenient.pk), [row])[row.pk]
    assert load(lenient.pk).item("issues").state == "passed"
    now.forward(days=20)
    assert "waiver" not in verdict(lenient, now)[1]


@pytest.mark.parametrize(
    ("outcome", "flagged"), [("passed", True), ("not asked", True), ("waived", False), ("blocked", False)]
)
def test_a_rule_that_holds_by_itself(lenient, people, now, outcome, flagged):
    """A waived rule that the newest decision found kept is flagged; one decided before the waiver is not."""
    row = made.approved(lenient, people, rule="rehearsal")

    def decision():
        return DeploymentDecision.objects.create(
            release=lenient.release, environment=lenient.environment, gate=lenient, verdict="approve",
            record={"rules": [{"rule": "rehearsal", "outcome": outcome}]}, trace_id="0" * 32,
            asked_by=people.lead, decided_at=now.at,
        )  # fmt: skip

    decision()
    assert reads.not_needed(load(lenient.pk), [row]) == {}
    now.forward(hours=1)
    decision()
    assert bool(reads.not_needed(load(lenient.pk), [row])) == flagged


REMINDED = [(10, []), (7.01, []), (7, [7]), (3, [7]), (1, [1]), (0.01, [1]), (0, [])]


@pytest.mark.parametrize(("left", "days"), REMINDED)
def test_reminders(lenient, people, now, left, days):
    """A week and a day before the end, one of the two, and nothing afterwards."""
    row = made.approved(lenient, people, days=10)
    now.at = row.expires_at - timedelta(days=left)
    found = reads.due_soon(now.at)
    assert [due.days for due in found] == days
    assert [due.key for due in found] == [f"waiver:{row.pk}:{day}d" for day in days]


def test_a_short_waiver_is_not_reminded_of_at_once(lenient, people, now):
    """Three days long: reminded a day before, not in the moment of its approval."""
    row = made.approved(lenient, people, days=3)
    assert reads.due_soon(now.at) == []
    now.at = row.expires_at - timedelta(hours=20)
    assert [due.days for due in reads.due_soon(now.at)] == [1]
    waivers.revoke(gate=lenient.pk, waiver=row.pk, by=people.lead, reason="Done.")
    assert reads.due_soon(now.at) == []


def test_whom_a_waiver_waits_for(lenient, people, project):
    """Those who may decide on it by their roles, and nobody else."""
    row = made.asked(lenient, people.lead)
    waiting = {name for name, person in vars(people).items() if row in reads.waiting(person)}
    assert waiting == {"product", "compliance"}
    projects.add_member(project=project, by=people.owner, person=people.lead, role="compliance")
    assert row not in reads.waiting(people.compliance)
    assert row in reads.waiting(people.product)


def test_api_says_so_at_once(lenient, people, now, client):
    """Status and list of the API turn red at the expiry's second; no 304 hides it."""
    row = signed_gate(lenient, people)
    _, token = tokens.create(
        by=people.lead,
        person=people.lead,
        name="pipeline",
        scopes=["read"],
        expires_at=made.NOW + timedelta(days=30),
    )
    headers = {"Authorization": f"Bearer {token}"}

    def said():
        one = client.get(f"/api/v1/gates/{lenient.pk}", headers=headers)
        listed = client.get("/api/v1/gates", headers=headers).json()
        headers["If-None-Match"] = one.headers.get("ETag", "")
        return one.json()["verdict"], listed["items"][0]["verdict"]

    assert said() == ("approved", "approved")
    now.at = row.expires_at
    assert said() == ("blocked", "blocked")
