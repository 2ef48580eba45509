"""Waivers: the state machine, who may do what, what an approved one does and when it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from checklists import clock
from checklists.actions import waivers
from checklists.errors import Forbidden, Refused
from checklists.models import AuditEntry, Waiver
from tests import waivers as made


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


def test_rejecting_and_revoking_need_a_reason(lenient, people):
    """Without a word nothing is rejected or revoked."""
    row = made.asked(lenient, people.lead)
    with pytest.raises(Refused, match=waivers.WHY_REJECT[:20]):
        do("reject", row, people.compliance, reason=" \0 ")
    do("approve", row, people.compliance)
    with pytest.raises(Refused, match=waivers.WHY_REVOKE[:20]):
        do("revoke", row, people.compliance, reason="\n")
    assert Waiver.objects.get().state == "approved"


def test_another_after_it_came_to_an_end(lenient, people):
    """One waiver of an item is written or asked for at a time; a rejected one does not stand in the way."""
    row = made.asked(lenient, people.lead)
    with pytest.raises(Refused, match="one at a time"):
        made.draft(lenient, people.owner)
    do("reject", row, people.compliance)
    again = made.asked(lenient, people.owner)
    do("approve", again, people.compliance)
    assert made.draft(lenient, people.lead).state == "draft"  # to follow the one in force


EDITS = {
    "reason": "Other.",
    "risk": "Other.",
    "mitigation": "Other.",
    "scope": "Other.",
    "expires_at": made.NOW + timedelta(days=99),
    "expires_zone": "Europe/Berlin",
    "owner": "outsider",
    "requested_by": "outsider",
    "rule": "rehearsal",
    "decided_by": "outsider",
    "decided_as": "product-owner",
    "decided_at": made.NOW,
    "decision_reason": "Other.",
    "before": {},
    "after": {},
}
ALWAYS = {"requested_by", "rule"}
DECISION = {"decided_by", "decided_as", "decided_at", "decision_reason", "before", "after"}
FROZEN = {
    "draft": ALWAYS,
    "review": EDITS.keys() - DECISION,
    "approved": EDITS.keys(),
    "rejected": EDITS.keys(),
    "withdrawn": EDITS.keys() - DECISION,
    "revoked": EDITS.keys() | {"revoked_by", "revoked_at", "revoke_reason"},
}


@pytest.mark.parametrize("state", FROZEN)
def test_direct_sql_changes_nothing(lenient, people, state):
    """Triggers hold the text from the moment it was asked for, a decision once it is made, and every row."""
    row = in_state(lenient, people, state)
    more = {"revoked_by": "outsider", "revoked_at": made.NOW, "revoke_reason": "Other."}
    changed = []
    for name in sorted(FROZEN[state]):
        value = (EDITS | more)[name]
        new = getattr(people, value) if value == "outsider" else value
        try:
            with transaction.atomic():
                Waiver.objects.filter(pk=row.pk).update(**{name: new})
            changed.append(name)
        except DatabaseError as error:
            assert "append-only" in str(error)  # noqa: PT017  # a table in one test
    assert changed == []
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Waiver.objects.filter(pk=row.pk)._raw_delete("default")


MOVES = [
    ("draft", "approved"), ("draft", "rejected"), ("draft", "revoked"),
    ("review", "draft"), ("approved", "review"), ("approved", "draft"), ("approved", "rejected"),
    ("rejected", "review"), ("rejected", "approved"), ("withdrawn", "draft"), ("withdrawn", "review"),
    ("revoked", "approved"), ("revoked", "draft"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "new"), MOVES)
def test_direct_sql_goes_no_other_way(lenient, people, state, new):
    """A state that no arrow leads to is refused by the database as well."""
    row = in_state(lenient, people, state)
    decided = {"decided_by": people.compliance, "decided_as": "compliance", "decided_at": made.NOW}
    more = decided if new in {"approved", "rejected", "revoked"} and state == "draft" else {}
    more |= {"revoked_by": people.owner, "revoked_at": made.NOW} if new == "revoked" else {}
    with pytest.raises(DatabaseError), transaction.atomic():
        Waiver.objects.filter(pk=row.pk).update(state=new, **more)
