"""Who is told what when a gate's verdict changes, and when a signature goes stale."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from checklists.actions import evidence, items, signoffs
from checklists.loaded import load
from checklists.models import Gate, Notification, Webhook
from tests import signing
from tests.conftest import run_checks


def told(event_kind: str) -> set[str]:
    """User names with a line of that kind."""
    return set(Notification.objects.filter(kind=event_kind).values_list("person__username", flat=True))


def sign(gate, person, role):
    """Approve the present state."""
    from checklists import clock

    loaded = load(gate.pk)
    judged = loaded.judge(clock.now())
    criteria = range(len(signoffs.role_criteria(loaded, role)))
    return signing.approve(gate=gate.pk, role=role, by=person, digest=judged.digest, confirmed=list(criteria))


def sign_all(gate, people):
    """All three roles approve."""
    for person, role in (
        (people.lead, "technical-lead"),
        (people.product, "product-owner"),
        (people.compliance, "compliance"),
    ):
        sign(gate, person, role)


def test_ready_goes_to_those_who_may_sign(people, ready_gate):
    """Signers hear once that it waits for them; who made it ready (the lead) is not told what they did."""
    assert told("sign") == {"second", "product", "compliance"}
    line = Notification.objects.get(person=people.product, kind="sign")
    assert line.path == f"/gates/{ready_gate.pk}/"
    assert line.text == "Everything is settled. It waits for: technical lead, product owner, compliance."


def test_ready_passes_over_who_is_barred(people, gate):
    """Product attached evidence and so may not sign as product owner: no line asks them to."""
    evidence.attach_link(gate=gate.pk, key="issues", by=people.product, url="https://x.example/board")
    loaded = run_checks(gate, people.lead)
    seen = {item.key: item.row.changed_in for item in loaded.items}
    common = {"gate": gate.pk, "by": people.owner}
    items.tick(key="accuracy", seen=seen["accuracy"], confirmed=[1], **common)
    items.tick(key="issues", seen=seen["issues"], confirmed=[0], comment="None.", **common)
    items.not_applicable(key="review", seen=seen["review"], reason="No code changed.", **common)
    assert told("sign") == {"lead", "second", "compliance"}


def test_blocked_names_the_first_and_leads_to_its_row(people, gate, run_dir):
    """A failed check tells the makers, with what was observed, at the right row."""
    (run_dir / "model.bin").unlink()
    run_checks(gate, people.lead, "weights")
    assert told("blocked") == {"owner", "contributor", "lead", "second"}
    line = Notification.objects.filter(kind="blocked").first()
    assert line.path == f"/gates/{gate.pk}/#item-weights"
    assert "Weights are there: " in line.text


def test_blocked_is_told_once_while_it_lasts(people, gate, run_dir):
    """A second failure on a gate that is blocked already is no news."""
    (run_dir / "model.bin").unlink()
    run_checks(gate, people.lead, "weights")
    run_checks(gate, people.lead, "weights")
    assert Notification.objects.filter(kind="blocked", person=people.owner).count() == 1


def test_approved_tells_everybody_but_readers(people, ready_gate):
    """The last signature tells all who work on it but who gave it."""
    sign_all(ready_gate, people)
    assert told("approved") == {"owner", "contributor", "lead", "second", "product"}
    assert "Lead Person (technical lead)" in Notification.objects.filter(kind="approved").first().text


def test_stale_goes_to_the_signers(people, ready_gate):
    """New evidence after all signed: each signer hears it, and nobody is asked twice for the same."""
    sign_all(ready_gate, people)
    before = Notification.objects.filter(kind="sign").count()
    evidence.attach_link(gate=ready_gate.pk, key="issues", by=people.contributor, url="https://x.example/1")
    assert told("stale") == {"lead", "product", "compliance"}
    asked = Notification.objects.filter(kind="sign").order_by("pk")[before:]
    assert [line.person.username for line in asked] == ["second"]


def test_stale_again_is_told_again(people, ready_gate):
    """Signed anew and stale anew is another occurrence."""
    sign_all(ready_gate, people)
    evidence.attach_link(gate=ready_gate.pk, key="issues", by=people.contributor, url="https://x.example/1")
    sign(ready_gate, people.lead, "technical-lead")
    evidence.attach_link(gate=ready_gate.pk, key="issues", by=people.contributor, url="https://x.example/2")
    assert Notification.objects.filter(kind="stale", person=people.lead).count() == 2
    assert Notification.objects.filter(kind="stale", person=people.product).count() == 1


def test_declined_tells_the_reason(people, ready_gate):
    """Everybody who works on it reads who declined and why."""
    from checklists import clock

    digest = load(ready_gate.pk).judge(clock.now()).digest
    signing.decline(
        gate=ready_gate.pk,
        role="compliance",
        by=people.compliance,
        digest=digest,
        reason="The retention period is missing.",
    )
    assert told("declined") == {"owner", "contributor", "lead", "second", "product"}
    text = Notification.objects.filter(kind="declined").first().text
    assert text == "Compliance Person, compliance: “The retention period is missing.”"


@pytest.mark.parametrize("act", ["note", "attach"])
def test_no_question_without_news(people, gate, act):
    """An act that changes neither verdict nor signatures asks nothing about notifications or webhooks."""
    with CaptureQueriesContext(connection) as queries:
        if act == "note":
            items.note(gate=gate.pk, key="issues", by=people.lead, text="Looked.")
        else:
            evidence.attach_link(gate=gate.pk, key="issues", by=people.lead, url="https://x.example")
    asked = " ".join(query["sql"] for query in queries)
    assert Notification._meta.db_table not in asked
    assert Webhook._meta.db_table not in asked
    assert Gate.objects.get(pk=gate.pk).verdict == "open"
