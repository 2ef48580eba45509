"""The score of a gate: what counts as done, half done and blocked, and how its course is kept."""

from __future__ import annotations

import pytest

from checklists.actions import gates, items, library
from checklists.errors import Forbidden, Refused
from checklists.loaded import load
from checklists.models import GateItem, ScorePoint
from checklists.scoring import score_of
from tests.conftest import run_checks


def score(gate) -> float | None:
    """The value now."""
    return score_of(load(gate.pk)).value


def test_nothing_checked_is_nothing_done(gate):
    """A new gate of a list without claims stands at 0, and approvals are no work."""
    found = score_of(load(gate.pk))
    assert (found.value, found.blockers, found.open) == (0.0, 0, 5)


def test_checks_count_and_a_passing_part_counts_half(gate, people):
    """Two of five pass by their checks; one more passes its check and waits for a person."""
    run_checks(gate, people.lead)
    assert score(gate) == 100 * (2 + 0.5) / 5


def test_what_does_not_apply_is_left_out(ready_gate):
    """Four of four that apply."""
    assert score(ready_gate) == 100.0


def test_half_done_is_said_and_taken_back(gate, people):
    """Somebody says that part is done: it counts half in the score and nowhere else."""
    common = {"gate": gate.pk, "key": "issues", "by": people.lead}
    before = load(gate.pk).judge(gate.opened_at)
    items.mark_partial(seen=0, partial=True, **common)
    assert score(gate) == 10.0
    assert load(gate.pk).judge(gate.opened_at).digest == before.digest
    seen = GateItem.objects.get(gate=gate, key="issues").changed_in
    items.mark_partial(seen=seen, partial=False, **common)
    assert score(gate) == 0.0


@pytest.mark.parametrize("who", ["product", "compliance", "reader", "outsider"])
def test_only_makers_say_how_much_is_done(gate, people, who):
    """Those who only sign or read do not."""
    with pytest.raises(Forbidden):
        items.mark_partial(gate=gate.pk, key="issues", by=getattr(people, who), seen=0, partial=True)


def test_only_an_open_item_is_half_done(ready_gate, people):
    """A settled one, an approval, and one that says so already are refused."""
    rows = {row.key: row.changed_in for row in GateItem.objects.filter(gate=ready_gate)}
    for key, partial in (("issues", True), ("approve-lead", True)):
        with pytest.raises(Refused):
            items.mark_partial(gate=ready_gate.pk, key=key, by=people.lead, seen=rows[key], partial=partial)


def test_claims_of_the_document_count_half(project, people, release):
    """What the list itself claims is half done until somebody verified it."""
    source = (
        "---\ntitle: Claims\nslug: claims\nversion: 1.0.0\n---\n"
        "## One (Weight 75%)\n- [ ] Written (done)\n- [ ] Begun (partial)\n- [x] Ticked\n"
        "- [ ] Not begun (pending)\n## Two (Weight 25%)\n- [ ] Other\n"
    )
    checklist = library.publish(source=source, by=None)
    environment = project.environments.get(name="staging")
    gate = gates.open_gate(release=release, checklist=checklist, environment=environment, by=people.lead)
    assert score(gate) == pytest.approx(75 * 1.5 / 4)
    assert GateItem.objects.filter(gate=gate, state="open").count() == 5


def test_the_course_is_kept_where_the_score_changes(gate, people):
    """A note changes nothing; an act that changes the score adds one point with its revision."""
    first = ScorePoint.objects.get(gate=gate)
    items.note(gate=gate.pk, key="issues", by=people.lead, text="Looked at it.")
    assert ScorePoint.objects.filter(gate=gate).count() == 1
    items.mark_partial(gate=gate.pk, key="review", by=people.lead, seen=0, partial=True)
    last = ScorePoint.objects.filter(gate=gate).last()
    assert (first.score, last.score, last.revision > first.revision) == (0.0, 10.0, True)
