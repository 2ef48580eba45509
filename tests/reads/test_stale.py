"""What changed since a signature went stale: item, from, to, by whom and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from checklists import clock
from checklists.actions import evidence, gate_roles, items, releases
from checklists.loaded import load
from checklists.models import Evidence, SignOff
from checklists.reads import stale
from tests import signing
from tests.conftest import run_checks

LEAD = "technical-lead"


@pytest.fixture
def signed(ready_gate, people):
    """The technical lead's approval of a gate where nothing has changed yet."""
    signing.approve(gate=ready_gate.pk, role=LEAD, by=people.lead)
    return SignOff.objects.get()


def found(gate) -> list[tuple[str, str, str, str, str]]:
    """Item, what, from, to, by of every change since the one signature."""
    loaded = load(gate.pk)
    (changes,) = stale.since(loaded, loaded.judge(clock.now())).values()
    assert all((one.at is not None) == bool(one.by) for one in changes)
    return [(one.item, one.what, one.old, one.new, one.by) for one in changes]


def seen(gate, key: str) -> int:
    """The token of an item's form."""
    return load(gate.pk).item(key).row.changed_in


def test_nothing_is_stale(signed, ready_gate, django_assert_num_queries):
    """Nothing changed: nothing is told, and nothing asked."""
    loaded = load(ready_gate.pk)
    judged = loaded.judge(clock.now())
    with django_assert_num_queries(0):
        assert stale.since(loaded, judged) == {}


def test_a_tick(signed, ready_gate, people):
    """Reopened by one, ticked by another with other words: the last one is named."""
    where = {"gate": ready_gate.pk, "key": "issues"}
    items.reopen(**where, by=people.second, seen=seen(ready_gate, "issues"))
    assert found(ready_gate)[0] == ("issues", "state", "passed", "open", "Second Person")
    items.tick(**where, by=people.contributor, seen=seen(ready_gate, "issues"), confirmed=[0], comment="One.")
    assert set(found(ready_gate)) == {
        ("issues", "reason", "Two P2 left, both documented.", "One.", "Contributor Person"),
        ("issues", "decided by", "Lead Person", "Contributor Person", "Contributor Person"),
    }


def test_evidence(signed, ready_gate, people):
    """Each piece has its own author, also when two are attached and one is taken off."""
    where = {"gate": ready_gate.pk, "key": "issues"}
    for person, name in ((people.second, "first"), (people.product, "second")):
        evidence.attach_link(**where, by=person, url=f"https://x.example/{name}", name=name)
    assert found(ready_gate) == [
        ("issues", "evidence added", "", "first", "Second Person"),
        ("issues", "evidence added", "", "second", "Product Person"),
    ]
    first = Evidence.objects.get(name="first")
    signing.approve(gate=ready_gate.pk, role=LEAD, by=people.lead)
    evidence.remove(**where, by=people.second, evidence=first.pk)
    assert found(ready_gate) == [("issues", "evidence removed", "first", "", "Second Person")]


def test_the_bar(signed, ready_gate, people, checklist):
    """Who moved the threshold is named, with what it was, and the mark that a result was known."""
    releases.set_parameters(
        release=ready_gate.release,
        by=people.owner,
        checklist=checklist,
        values={"target_accuracy": "70"},
        reason="Agreed.",
    )
    run_checks(ready_gate, people.lead)
    changes = found(ready_gate)
    assert ("", "parameter", "80", "70", "Owner Person") in changes
    assert ("", "bar moved after result", "no", "yes", "Owner Person") in changes
    measured = [one for one in changes if one[0] == "accuracy" and "≥ 70" in one[3]]
    assert [one[4] for one in measured] == ["Readiness"]


def test_another_run(signed, ready_gate, people, run_dir):
    """A new snapshot is named with who took it, and each result with what took it away."""
    (run_dir / "metrics.json").write_text('{"test": {"accuracy": 0.9}}')
    releases.take_snapshot(release=ready_gate.release, by=people.contributor)
    changes = found(ready_gate)
    whole = [one for one in changes if one[0] == ""]
    assert [(one[1], one[4]) for one in whole] == [("changed", "Contributor Person")]
    assert ("weights", "state", "passed", "open", "Contributor Person") in changes


def test_a_role(signed, ready_gate, people):
    """A role that need not sign any more is a change, by who dropped it."""
    gate_roles.drop_role(gate=ready_gate.pk, role="compliance", by=people.owner, reason="No data.")
    assert found(ready_gate) == [("", "role", "signs", "No data.", "Owner Person")]


def test_only_what_came_after(now, signed, ready_gate, people):
    """Two signatures of different states: each is told what changed since itself."""
    now.forward(hours=1)
    evidence.attach_link(
        gate=ready_gate.pk, key="issues", by=people.second, url="https://x.example", name="A"
    )
    now.forward(hours=1)
    signing.approve(gate=ready_gate.pk, role="product-owner", by=people.product)
    now.forward(hours=1)
    evidence.attach_link(gate=ready_gate.pk, key="issues", by=people.lead, url="https://y.example", name="B")
    loaded = load(ready_gate.pk)
    told = stale.since(loaded, loaded.judge(clock.now()))
    first, second = (told[row.pk] for row in SignOff.objects.order_by("pk"))
    assert [(one.new, one.by) for one in first] == [("A", "Second Person"), ("B", "Lead Person")]
    assert [(one.new, one.by) for one in second] == [("B", "Lead Person")]
    assert second[0].at == now.at
    assert second[0].at - first[0].at == timedelta(hours=2)


def test_on_the_pages(signed, ready_gate, people, client):
    """The gate's page and the signing page name who changed what."""
    evidence.attach_link(
        gate=ready_gate.pk, key="issues", by=people.second, url="https://x.example", name="A"
    )
    client.force_login(people.lead)
    for path in (f"/gates/{ready_gate.pk}/", f"/gates/{ready_gate.pk}/sign/{LEAD}/"):
        assert "Second Person, " in client.get(path).content.decode(), path
    loaded = load(ready_gate.pk)
    ((change,),) = stale.since(loaded, loaded.judge(clock.now())).values()
    assert change.to_dict()["by"] == "Second Person"
    assert change.to_dict()["at"].endswith("+00:00")
