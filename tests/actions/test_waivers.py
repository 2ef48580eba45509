"""Waivers: the state machine, who may do what, what an approved one does and when it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checklists import clock
from checklists.actions import waivers
from checklists.errors import Forbidden, Refused
from checklists.loaded import load
from checklists.models import AuditEntry, Waiver
from tests import waivers as made


@pytest.fixture
def now(monkeypatch):
    """The clock, set by the test."""
    return made.Clock(monkeypatch)


@pytest.fixture
def lenient(now, project, people, run_dir):
    """A gate that allows waivers, made by the contributor."""
    return made.open_gate(project, people, run_dir)


def in_state(gate, people, state: str) -> Waiver:
    """A waiver of the item `issues` in that state, asked for by the lead."""
    if state == "draft":
        return made.draft(gate, people.lead)
    if state in {"approved", "revoked", "expired"}:
        row = made.approved(gate, people)
        if state == "revoked":
            waivers.revoke(gate=gate.pk, waiver=row.pk, by=people.compliance, reason="No.")
        return row
    row = made.asked(gate, people.lead)
    at = {"gate": gate.pk, "waiver": row.pk}
    if state == "withdrawn":
        waivers.withdraw(by=people.lead, **at)
    if state == "rejected":
        waivers.reject(by=people.compliance, role="compliance", reason="Too long.", **at)
    return row


def do(act: str, row: Waiver, by, **more):
    """One act on a waiver with what it needs."""
    needs = {
        "edit": {**made.TEXTS, "owner": by, "expires_at": clock.now() + timedelta(days=3)},
        "approve": {"role": "compliance"},
        "reject": {"role": "compliance", "reason": "Too long."},
        "revoke": {"reason": "Settled otherwise."},
    }
    return getattr(waivers, act)(gate=row.gate_id, waiver=row.pk, by=by, **needs.get(act, {}) | more)


STATES = ("draft", "review", "approved", "withdrawn", "rejected", "revoked", "expired")
BY = {"approve": "compliance", "reject": "compliance", "revoke": "compliance"}  # the others: who asked
LEADS_TO = {
    ("edit", "draft"): "draft",
    ("submit", "draft"): "review",
    ("withdraw", "draft"): "withdrawn",
    ("withdraw", "review"): "withdrawn",
    ("approve", "review"): "approved",
    ("reject", "review"): "rejected",
    ("revoke", "approved"): "revoked",
}
ACTS = ("edit", "submit", "withdraw", "approve", "reject", "revoke")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
def test_every_act_in_every_state(lenient, people, now, act, state):
    """Exactly the arrows of the drawing exist; everything else is refused and changes and logs nothing."""
    row = in_state(lenient, people, state)
    if state == "expired":
        now.forward(days=11)
    before, entries = Waiver.objects.values().get(), AuditEntry.objects.count()
    by = getattr(people, BY.get(act, "lead"))
    if (act, state) in LEADS_TO:
        do(act, row, by)
        assert Waiver.objects.get().state == LEADS_TO[act, state]
        assert AuditEntry.objects.count() == entries + 1
    else:
        with pytest.raises(Refused):
            do(act, row, by)
        assert Waiver.objects.values().get() == before
        assert AuditEntry.objects.count() == entries


MAKERS = {"owner", "contributor", "lead", "second"}
DECIDERS = {"product", "compliance"}
EVERYBODY = ("owner", "contributor", "lead", "second", "product", "compliance", "reader", "outsider")
WHO = {
    "draft": MAKERS,
    "edit": {"lead"},
    "submit": {"lead"},
    "withdraw": {"lead"},
    "approve": DECIDERS,
    "reject": DECIDERS,
    "revoke": DECIDERS | {"owner", "lead"},
}
FROM = {"edit": "draft", "submit": "draft", "withdraw": "review", "revoke": "approved"}


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("act", WHO)
def test_who_may(lenient, people, act, who):
    """Makers ask, only who wrote it goes on with it, product owner and compliance decide."""
    by = getattr(people, who)
    row = in_state(lenient, people, FROM.get(act, "review")) if act != "draft" else None
    role = {"product": "product-owner"}.get(who, who)
    more = {"role": role} if act in {"approve", "reject"} else {}

    def act_on() -> object:
        return do(act, row, by, **more) if row else made.draft(lenient, by)

    if who in WHO[act]:
        act_on()
    else:
        with pytest.raises(Forbidden):
            act_on()


def test_waived_item_passes_and_expires(lenient, people, now):
    """Approved: the item counts as passed. Expired: from that second the gate is blocked, unasked."""
    row = made.approved(lenient, people)
    assert load(lenient.pk).item("issues").state == "waived"
    assert row.before["verdict"] == row.after["verdict"] == "open"
    assert row.before["blockers"] - row.after["blockers"] == 1
    assert row.after["score"] > row.before["score"]
    now.at = row.expires_at - timedelta(seconds=1)
    assert load(lenient.pk).judge(now.at).verdict.state == "open"
    now.at = row.expires_at
    judged = load(lenient.pk).judge(now.at)
    assert judged.verdict.state == "blocked"
    assert [b.kind for b in judged.verdict.blockers if b.item == "issues"] == ["waiver"]
