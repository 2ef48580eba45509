"""Ticking, reopening, not applicable, notes."""

from __future__ import annotations

import pytest

from checklists.actions import evidence, items, runs
from checklists.errors import Forbidden, Refused, StaleForm
from checklists.loaded import load
from checklists.models import AuditEntry, Note
from tests.conftest import run_checks


def state(gate, key):
    """Stored state of an item."""
    return load(gate.pk).item(key).row.state


def seen(gate, key):
    """What a form shown now would carry."""
    return load(gate.pk).item(key).row.changed_in


def test_everything_starts_open(gate):
    """Nothing is known before the first check, whatever the document claims."""
    assert {i.row.state for i in load(gate.pk).items} == {"open"}


def test_checks_decide_and_people_confirm(gate, people):
    """Checks alone pass an item without `(confirm)`; the other waits for a person, then passes."""
    run_checks(gate, people.lead)
    assert state(gate, "weights") == "passed"
    assert state(gate, "accuracy") == "open"
    items.tick(gate=gate.pk, key="accuracy", by=people.lead, seen=seen(gate, "accuracy"), confirmed=[1])
    item = load(gate.pk).item("accuracy")
    assert (item.row.state, item.row.decided, item.row.confirmed) == ("passed", "person", [1])
    assert item.row.decided_by == people.lead


REFUSED = [
    ("weights", [0], "x", items.CHECKS_DECIDE),
    ("accuracy", [1], "", items.NOT_YET_CHECKED),
    ("issues", [], "looked", items.CONFIRM_ALL),
    ("issues", [0], "", items.NEEDS_EVIDENCE),
    ("approve-lead", [0, 1], "x", "signing"),
]


@pytest.mark.parametrize(("key", "confirmed", "comment", "why"), REFUSED)
def test_ticks_refused(gate, people, key, confirmed, comment, why):
    """Scripted items, unchecked ones, unconfirmed criteria, no evidence, approvals: refused."""
    before = AuditEntry.objects.count()
    with pytest.raises(Refused, match=why[:30]):
        items.tick(
            gate=gate.pk, key=key, by=people.lead, seen=seen(gate, key), confirmed=confirmed, comment=comment
        )
    assert state(gate, key) == "open"
    assert AuditEntry.objects.count() == before


def test_a_failed_item_is_never_ticked(gate, people, run_dir):
    """A failed item clears by a new run only: neither tick nor not-applicable helps."""
    (run_dir / "metrics.json").write_text('{"test": {"accuracy": 0.5}}')
    from checklists.actions import releases

    releases.take_snapshot(release=gate.release, by=people.lead)
    run_checks(gate, people.lead)
    assert state(gate, "accuracy") == "failed"
    with pytest.raises(Refused):
        items.tick(gate=gate.pk, key="accuracy", by=people.lead, seen=seen(gate, "accuracy"), confirmed=[1])
    assert state(gate, "accuracy") == "failed"


def test_skipped_check_leaves_the_item_open(gate, people, run_dir):
    """A recommended item whose file is absent stays open and may be marked not applicable with a reason."""
    (run_dir / "card.md").unlink()
    from checklists.actions import releases

    releases.take_snapshot(release=gate.release, by=people.lead)
    run_checks(gate, people.lead)
    assert state(gate, "card") == "open"
    items.not_applicable(
        gate=gate.pk, key="card", by=people.lead, seen=seen(gate, "card"), reason="Internal model."
    )
    assert state(gate, "card") == "na"
    run_checks(gate, people.lead, "card")
    assert state(gate, "card") == "na"


@pytest.mark.parametrize(
    ("key", "reason"),
    [("issues", "no"), ("weights", "no"), ("review", ""), ("review", "  "), ("approve-lead", "x")],
)
def test_not_applicable_refused(gate, people, key, reason):
    """Mandatory items, approvals, and any item without a reason."""
    with pytest.raises(Refused):
        items.not_applicable(gate=gate.pk, key=key, by=people.lead, seen=seen(gate, key), reason=reason)
    assert state(gate, key) == "open"


def test_reopen(gate, people):
    """A tick can be taken back; what checks decided cannot."""
    run_checks(gate, people.lead)
    items.tick(
        gate=gate.pk, key="issues", by=people.lead, seen=seen(gate, "issues"), confirmed=[0], comment="None."
    )
    items.reopen(gate=gate.pk, key="issues", by=people.lead, seen=seen(gate, "issues"))
    assert state(gate, "issues") == "open"
    with pytest.raises(Refused):
        items.reopen(gate=gate.pk, key="weights", by=people.lead, seen=seen(gate, "weights"))


def test_stale_form(gate, people):
    """Who did not see the last change changes nothing."""
    old = seen(gate, "issues")
    items.note(gate=gate.pk, key="issues", by=people.product, text="Wait, one more bug.")
    with pytest.raises(StaleForm):
        items.tick(gate=gate.pk, key="issues", by=people.lead, seen=old, confirmed=[0], comment="None.")
    assert state(gate, "issues") == "open"


def test_no_tick_while_checks_run(gate, people):
    """An item whose checks are queued waits for their result."""
    runs.request_one(gate=gate.pk, key="accuracy", by=people.lead)
    with pytest.raises(Refused):
        items.tick(gate=gate.pk, key="accuracy", by=people.lead, seen=seen(gate, "accuracy"), confirmed=[1])


def test_notes(gate, people):
    """Product owner and compliance note, readers do not; empty notes are refused."""
    items.note(gate=gate.pk, key="issues", by=people.compliance, text=" Seen. ")
    assert Note.objects.get().text == "Seen."
    with pytest.raises(Forbidden):
        items.note(gate=gate.pk, key="issues", by=people.reader, text="x")
    with pytest.raises(Refused):
        items.note(gate=gate.pk, key="issues", by=people.compliance, text=" ")


@pytest.mark.parametrize("who", ["product", "compliance", "reader", "outsider"])
def test_who_may_not_tick(gate, people, who):
    """Only makers tick."""
    with pytest.raises(Forbidden):
        items.tick(gate=gate.pk, key="issues", by=getattr(people, who), seen=0, confirmed=[0], comment="x")


def test_evidence_counts_instead_of_a_comment(gate, people):
    """An item without checks may be ticked on its evidence."""
    evidence.attach_link(gate=gate.pk, key="issues", by=people.lead, url="https://bugs.example/query")
    items.tick(gate=gate.pk, key="issues", by=people.lead, seen=seen(gate, "issues"), confirmed=[0])
    assert state(gate, "issues") == "passed"
