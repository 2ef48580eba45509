"""An open gate goes on with a newer version: what is kept, what reopens, what is given anew."""

from __future__ import annotations

import pytest

from checklists import audit, clock
from checklists.actions import evidence, gate_roles, items, library, signoffs, upgrades
from checklists.actions.base import SUPERSEDED
from checklists.actions.carrying import KEPT
from checklists.errors import Forbidden, Refused
from checklists.loaded import load
from checklists.models import (
    AuditEntry,
    Environment,
    Evidence,
    Gate,
    GateItem,
    Note,
    Notification,
    ParameterSet,
)
from tests import signing
from tests.conftest import SOURCE

NEXT = SOURCE.replace("version: 1.0.0", "version: 2.0.0")
CHANGED = NEXT.replace("  - Nothing open at P0 or P1", "  - Nothing open at P0, P1 or P2").replace(
    "- [ ] **Model card (optional but recommended)** {#card}", "- [ ] **Data card (optional)** {#data}"
)
MORE = CHANGED.replace(
    "sign_off:", '  least_images: {type: integer, default: 1000, help: "Images of the test set"}\nsign_off:'
)


def upgrade(gate, people, source=CHANGED, by=None) -> Gate:
    """Publish that text and upgrade the gate to it."""
    newer = library.publish(source=source, by=None)
    return upgrades.upgrade(gate=gate.pk, checklist=newer, by=by or people.lead)


def states(gate) -> dict[str, str]:
    """The state of each item that nobody signs."""
    return dict(GateItem.objects.filter(gate=gate, role="").values_list("key", "state"))


def test_offered_only_when_newer(gate, people, checklist):
    """Nothing is offered for the newest version; a later one is, and the latest of several."""
    assert upgrades.newer(gate) is None
    library.publish(source=NEXT, by=None)
    latest = library.publish(source=NEXT.replace("2.0.0", "1.9.0"), by=None)
    assert upgrades.newer(gate) == latest
    library.publish(source=NEXT.replace("slug: small", "slug: other"), by=None)
    assert upgrades.newer(gate) == latest


def test_own_version_is_offered_here_only(gate, people, project):
    """The project's own version of the checklist is an upgrade; another project's is not."""
    from checklists.actions import projects

    other = projects.create(by=people.outsider, name="Ranker")
    library.publish(source=NEXT, by=None, project=other)
    assert upgrades.newer(gate) is None
    own = library.publish(source=NEXT, by=None, project=project)
    assert upgrades.newer(gate) == own


def test_results_stay_where_the_item_is_the_same(ready_gate, people):
    """Same items keep state, run, reason and who decided; changed ones are open; new ones are open."""
    evidence.attach_link(gate=ready_gate.pk, key="issues", by=people.lead, url="https://x.example/board")
    items.note(gate=ready_gate.pk, key="issues", by=people.lead, text="Looked at the board.")
    before = {row.key: row for row in GateItem.objects.filter(gate=ready_gate)}
    made = upgrade(ready_gate, people)
    assert states(made) == {
        "weights": "passed", "accuracy": "passed", "issues": "open", "review": "na", "data": "open",
    }  # fmt: skip
    for row in GateItem.objects.filter(gate=made, key__in=["weights", "accuracy", "review"]):
        was = before[row.key]
        for name in KEPT:
            assert getattr(row, name) == getattr(was, name)
    piece = Evidence.objects.get(item__gate=made)
    assert (piece.item.key, piece.added_by, piece.url) == ("issues", people.lead, "https://x.example/board")
    assert Note.objects.get(item__gate=made).text == "Looked at the board."
    made_again = load(made.pk)
    assert made_again.judge(clock.now()).digest == made.digest
    assert made.verdict == "open"


def test_same_text_keeps_all(ready_gate, people):
    """A version that changes nothing keeps every result: the gate is ready again at once."""
    made = upgrade(ready_gate, people, NEXT)
    assert states(made) == states(ready_gate)
    assert made.verdict == "ready"


def test_signatures_are_given_anew(ready_gate, people):
    """What was signed was the old state."""
    judged = load(ready_gate.pk).judge(clock.now())
    signing.approve(
        gate=ready_gate.pk, role="technical-lead", by=people.lead, digest=judged.digest,
        confirmed=[0, 1],
    )  # fmt: skip
    made = upgrade(ready_gate, people, NEXT)
    assert not made.signoffs.exists()
    assert ready_gate.signoffs.count() == 1
    assert Notification.objects.filter(key__contains="gate.superseded").exists()


def test_dropped_roles_stay_dropped(gate, people):
    """A conditional role that was dropped with a reason is dropped in the new gate too."""
    gate_roles.drop_role(gate=gate.pk, role="compliance", by=people.owner, reason="Internal tool.")
    made = upgrade(gate, people, NEXT)
    assert made.roles.get(role="compliance").dropped_reason == "Internal tool."
    must = NEXT.replace("2.0.0", "3.0.0").replace(
        "{role: compliance, conditional: true}", "{role: compliance}"
    )
    assert upgrade(made, people, must).roles.get(role="compliance").dropped_reason == ""


def test_old_gate_takes_no_more_acts(gate, people):
    """It stays to be read; every act is refused, signing and upgrading too."""
    made = upgrade(gate, people)
    gate.refresh_from_db()
    assert gate.superseded_by == made
    assert upgrades.newer(gate) is None
    with pytest.raises(Refused, match="was replaced"):
        items.note(gate=gate.pk, key="issues", by=people.lead, text="Too late.")
    with pytest.raises(Refused, match="was replaced"):
        upgrades.upgrade(gate=gate.pk, checklist=made.checklist, by=people.lead)
    loaded = load(gate.pk)
    assert signoffs.refusal(loaded, "technical-lead", people.lead, ["technical-lead"]) == SUPERSEDED


def test_both_logs_tell_it(gate, people):
    """The old stream names what replaced it, the new one what it came from, kept and reopened."""
    made = upgrade(gate, people)
    ended = AuditEntry.objects.get(stream=f"gate:{gate.pk}", verb="gate.upgraded")
    opened = AuditEntry.objects.get(stream=f"gate:{made.pk}", verb="gate.opened")
    assert ended.data["replaced_by"] == made.pk
    assert (opened.data["upgrade_of"], opened.data["reopened"]) == (gate.pk, [])
    assert "weights" in opened.data["kept"]
    assert audit.verify_all() == []


def test_new_parameters_take_their_defaults(ready_gate, people, lifted_triggers):
    """Only then is there another set; it counts as used and as moved just as the one before."""
    old = ready_gate.release.promised
    ParameterSet.objects.filter(pk=old.pk).update(after_result=True, reason="Agreed.")
    old.refresh_from_db()
    assert old.frozen_at
    made = upgrade(ready_gate, people, MORE)
    made.release.refresh_from_db()
    now = made.release.promised
    assert now.values == {"target_accuracy": 80.0, "least_images": 1000}
    assert (now.number, now.frozen_at, now.after_result) == (2, old.frozen_at, True)
    assert now.reason == "Defaults of Small checklist 2.0.0: least_images."


def test_no_new_parameter_no_new_set(gate, people):
    """An upgrade without new parameters leaves the promise alone."""
    upgrade(gate, people)
    assert ParameterSet.objects.count() == 1


def test_other_gates_are_judged_anew(gate, people, checklist, project):
    """When the release promises more, its other gates' digests say so at once."""
    from checklists.actions import gates

    staging = Environment.objects.get(project=project, name="staging")
    other = gates.open_gate(
        release=gate.release, checklist=checklist, environment=staging, by=people.contributor
    )
    upgrade(gate, people, MORE)
    stored = Gate.objects.get(pk=other.pk).digest
    assert stored != other.digest
    assert stored == load(other.pk).judge(clock.now()).digest


@pytest.mark.parametrize("name", ["product", "compliance", "reader", "outsider"])
def test_makers_only(gate, people, name):
    """Who may open a gate may upgrade it."""
    with pytest.raises(Forbidden):
        upgrade(gate, people, by=getattr(people, name))
    assert Gate.objects.count() == 1


def test_approved_gates_stay(ready_gate, people):
    """What was approved was approved with that version."""
    for person, role, count in (
        (people.lead, "technical-lead", 2),
        (people.product, "product-owner", 1),
        (people.compliance, "compliance", 1),
    ):
        digest = load(ready_gate.pk).judge(clock.now()).digest
        signing.approve(
            gate=ready_gate.pk, role=role, by=person, digest=digest,
            confirmed=list(range(count)),
        )  # fmt: skip
    with pytest.raises(Refused, match="approved"):
        upgrade(ready_gate, people)


def test_not_while_checks_run(gate, people):
    """A running check would end on a gate that takes no more acts."""
    from checklists.actions import runs

    runs.request_one(gate=gate.pk, key="weights", by=people.lead)
    with pytest.raises(Refused, match="running"):
        upgrade(gate, people)


def test_not_to_an_older_or_another(gate, people):
    """Only what is offered is taken."""
    other = library.publish(source=NEXT.replace("slug: small", "slug: other"), by=None)
    for version in (gate.checklist, other):
        with pytest.raises(Refused, match="no newer version"):
            upgrades.upgrade(gate=gate.pk, checklist=version, by=people.lead)


def test_stage_goes_along(gate, people):
    """The new gate holds the old one's stage; two gates never hold it at once."""
    Gate.objects.filter(pk=gate.pk).update(stage="production")
    made = upgrade(gate, people)
    assert made.stage == "production"
    assert Gate.objects.get(pk=gate.pk).stage == "production"
