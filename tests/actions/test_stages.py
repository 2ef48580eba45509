"""Stages: asked for by owners, opened with a release, passed in order, never skipped."""

from __future__ import annotations

import pytest

from checklists import clock
from checklists.actions import gates, releases, stages
from checklists.actions.deciding import before_deployment, inside
from checklists.errors import Forbidden, Refused
from checklists.loaded import load
from checklists.models import AuditEntry, Gate, ProjectStage
from checklists.reads.stages import missing, track
from tests.governed import approve, by_hand, environment, set_stages, settle


@pytest.fixture
def staged(project, people, checklist):
    """A project with readiness, production and post-deployment."""
    for slug in ("quick", "final", "after"):
        by_hand(slug)
    set_stages(
        project,
        people,
        readiness=("quick", "staging"),
        production=("final", "production"),
        post_deployment=("after", "production"),
    )
    return project


@pytest.fixture
def made(staged, people, run_dir):
    """A release of that project."""
    return releases.create(project=staged, by=people.contributor, version="2.0.0", root=str(run_dir))


def gate_of(release, stage):
    """The release's gate for a stage."""
    return Gate.objects.get(release=release, stage=stage, superseded_by=None)


def says(gate):
    """What a gate says now, and the kinds of what is in its way."""
    verdict = load(gate.pk).judge(clock.now()).verdict
    return verdict.state.value, {blocker.kind for blocker in verdict.blockers}


def test_a_release_opens_its_gates(made):
    """All stages but the one after deployment; no checklist need be named."""
    assert list(made.gates.order_by("pk").values_list("stage", flat=True)) == ["readiness", "production"]


def test_order_is_enforced(made, people):
    """A later stage stays open until the one before is approved, whatever was done on it."""
    later = gate_of(made, "production")
    settle(later, people)
    assert says(later) == ("open", {"stage", "unsigned"})
    approve(gate_of(made, "readiness"), people)
    assert says(later)[0] == "ready"
    later.refresh_from_db()
    assert later.verdict == "ready"


def test_a_stage_that_comes_later_closes_what_was_approved(made, staged, people):
    """Lists and decisions alike: an approved gate is open again while a new earlier stage lacks its gate."""
    for stage in ("readiness", "production"):
        approve(gate_of(made, stage), people)
    last = gate_of(made, "production")
    assert last.verdict == "approved"
    by_hand("built")
    rows = {
        row.stage: stages.Demand(checklist=row.checklist_slug, environment=row.environment)
        for row in ProjectStage.objects.all()
    }
    rows["build"] = stages.Demand(checklist="built", environment=environment(staged, "staging"))
    stages.set_stages(project=staged, by=people.owner, rows=rows)
    last.refresh_from_db()
    assert last.verdict == "open"
    assert missing(track(made, clock.now()))
    opened = stages.open_stages(release=made, by=people.lead)
    assert [gate.stage for gate in opened] == ["build"]
    assert not missing(track(made, clock.now()))


def test_the_track_in_words(made, people):
    """Each stage with its verdict, and the first that is not approved."""
    approve(gate_of(made, "readiness"), people)
    steps = track(made, clock.now())
    assert [(s.stage, s.words, s.here) for s in steps] == [
        ("readiness", "Approved", False),
        ("production", "Open", True),
        ("post-deployment", "Opens when the release is deployed", False),
    ]


def test_an_open_gate_becomes_the_stage(gate, project, people):
    """Stages that come to a project take the gates that fit; nothing done on them is lost."""
    set_stages(project, people, production=("small", "production"))
    assert [g.pk for g in stages.open_stages(release=gate.release, by=people.lead)] == [gate.pk]
    gate.refresh_from_db()
    assert gate.stage == "production"
    assert AuditEntry.objects.filter(verb="gate.staged", stream=gate.stream).exists()
    assert stages.open_stages(release=gate.release, by=people.lead) == []


def test_a_gate_by_hand_takes_its_stage(release, project, people, checklist):
    """Nobody opens a stage's gate beside the stages."""
    set_stages(project, people, production=("small", "production"))
    opened = gates.open_gate(
        release=release, checklist=checklist, environment=environment(project), by=people.lead
    )
    assert opened.stage == "production"


@pytest.mark.parametrize(
    ("stage", "place", "words"),
    [
        ("build", "production", "no stage 'build'"),
        ("production", "staging", "asks for small for production"),
        ("nonsense", "production", "no stage 'nonsense'"),
    ],
)
def test_a_stage_must_fit(release, project, people, checklist, stage, place, words):
    """A stage that the project has not, or with another environment, is refused by name."""
    set_stages(project, people, production=("small", "production"))
    with pytest.raises(Refused, match=words):
        gates.open_gate(
            release=release,
            checklist=checklist,
            environment=environment(project, place),
            by=people.lead,
            stage=stage,
        )


def test_set_stages_is_for_owners_and_logged(project, people, checklist):
    """Others are refused; the entry says what was before and after; the same again is refused."""
    row = {"production": stages.Demand(checklist="small", environment=environment(project))}
    with pytest.raises(Forbidden):
        stages.set_stages(project=project, by=people.lead, rows=row)
    stages.set_stages(project=project, by=people.owner, rows=row)
    entry = AuditEntry.objects.get(verb="stages.set")
    assert entry.data == {
        "before": {"production": "not asked"},
        "after": {"production": "small for production"},
    }
    with pytest.raises(Refused, match="nothing changed"):
        stages.set_stages(project=project, by=people.owner, rows=row)
    stages.set_stages(project=project, by=people.owner, rows={})
    assert not ProjectStage.objects.exists()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ({"nonsense": ("small", "production")}, "There is no stage"),
        ({"build": ("missing", "production")}, "No checklist 'missing'"),
        ({"build": ("small", "production"), "approval": ("small", "production")}, "ask for the same gate"),
    ],
)
def test_wrong_stages_are_refused(project, people, checklist, rows, words):
    """An unknown stage or checklist, and two stages with one gate; nothing is stored."""
    wanted = {
        stage: stages.Demand(checklist=slug, environment=environment(project, name))
        for stage, (slug, name) in rows.items()
    }
    with pytest.raises(Refused, match=words):
        stages.set_stages(project=project, by=people.owner, rows=wanted)
    assert not ProjectStage.objects.exists()


def test_parameters_of_all_stages_are_promised(staged, project, people, run_dir, checklist):
    """A release promises what its stages' checklists ask, and a change keeps what it does not name."""
    set_stages(project, people, readiness=("small", "staging"), production=("final", "production"))
    made = releases.create(
        project=project,
        by=people.contributor,
        version="2.1.0",
        root=str(run_dir),
        parameters={"target_accuracy": "82"},
    )
    assert made.promised.values == {"target_accuracy": 82.0}
    changed = releases.set_parameters(
        release=made, by=people.owner, values={"target_accuracy": 85}, checklist=checklist
    )
    assert changed.values == {"target_accuracy": 85.0}
    other = gate_of(made, "production").checklist
    with pytest.raises(Refused, match="nothing changed"):
        releases.set_parameters(release=made, by=people.owner, values={}, checklist=other)


def test_without_stages_a_checklist_is_needed(project, people, run_dir):
    """Where nothing says which gate comes, the release names a checklist."""
    with pytest.raises(Refused, match="Choose the checklist"):
        releases.create(project=project, by=people.lead, version="3", root=str(run_dir))


def test_the_deployment_gate_judges_each_stage_as_its_own_page_does(
    made, people, django_assert_max_num_queries
):
    """The same verdicts and digests as one by one, and each gate is loaded once."""
    approve(gate_of(made, "readiness"), people)
    settle(gate_of(made, "production"), people)
    now = clock.now()
    rows, missing_stages = before_deployment(made, environment(made.project))
    assert missing_stages == []
    with django_assert_max_num_queries(16):
        found = inside(rows, now)
    alone = [load(row.pk).judge(now) for row in rows]
    assert [(one.judged.digest, one.judged.verdict) for one in found] == [
        (j.digest, j.verdict) for j in alone
    ]
    again = [one.loaded.judge(now).digest for one in found]
    assert again == [j.digest for j in alone]
