"""Change control: who may do what in which state, and what each kind of proposal changes."""

from __future__ import annotations

import pytest

from checklists import audit
from checklists.actions import control, gates, library, policies, projects, proposals, releases
from checklists.actions.deciding import newest_policy
from checklists.errors import Forbidden, Refused
from checklists.forms.base import published
from checklists.models import AuditEntry, ChecklistVersion, Environment, Message, Notification, Proposal
from readiness.engine.errors import ChecklistError, ParameterError, ReadinessError
from tests.conftest import SOURCE

POLICY = "required_roles: [technical-lead, product-owner]\nenforce_approvals: true\n"
OWN = SOURCE.replace("version: 1.0.0", "version: 1.1.0").replace("At least the target", "Above the target")


@pytest.fixture
def made(gate, project, people) -> Proposal:
    """A proposal of the contributor: a higher target accuracy for release 1.4.0."""
    return propose(gate, people.contributor)


def propose(gate, by, **more) -> Proposal:
    """Propose a threshold."""
    fields = {
        "kind": "threshold",
        "title": "Raise the target",
        "reason": "The last three releases were above 85 %.",
        "text": "target_accuracy: 85\n",
        "release": gate.release,
    }
    return proposals.propose(project=gate.release.project, by=by, **{**fields, **more})


def approve(proposal, *people) -> Proposal:
    """These people approve."""
    for person in people:
        proposals.vote(proposal=proposal.pk, by=person, approve=True)
    proposal.refresh_from_db()
    return proposal


def bring(proposal, people, state) -> Proposal:
    """The proposal in that state."""
    if state in ("approved", "activated"):
        approve(proposal, people.lead, people.product)
    if state == "activated":
        proposals.activate(proposal=proposal.pk, by=people.owner)
    if state == "rejected":
        proposals.vote(proposal=proposal.pk, by=people.compliance, approve=False, comment="Too early.")
    if state == "withdrawn":
        proposals.withdraw(proposal=proposal.pk, by=people.contributor)
    proposal.refresh_from_db()
    assert proposal.state == state
    return proposal


ACTS = {
    "approve": lambda p, people: proposals.vote(proposal=p.pk, by=people.second, approve=True),
    "reject": lambda p, people: proposals.vote(proposal=p.pk, by=people.second, approve=False, comment="No."),
    "withdraw": lambda p, people: proposals.withdraw(proposal=p.pk, by=people.contributor),
    "activate": lambda p, people: proposals.activate(proposal=p.pk, by=people.owner),
}
# What follows from an act in a state; None: refused, and nothing changes.
TABLE = {
    "open": {"approve": "open", "reject": "rejected", "withdraw": "withdrawn", "activate": None},
    "approved": {"approve": None, "reject": "rejected", "withdraw": "withdrawn", "activate": "activated"},
    "rejected": dict.fromkeys(ACTS),
    "withdrawn": dict.fromkeys(ACTS),
    "activated": dict.fromkeys(ACTS),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("state", TABLE)
def test_states(made, people, state, act):
    """Each act in each state does what the table says, or is refused and leaves everything as it was."""
    bring(made, people, state)
    expected = TABLE[state][act]
    logged = AuditEntry.objects.count()
    if expected is None:
        with pytest.raises(Refused):
            ACTS[act](made, people)
        assert AuditEntry.objects.count() == logged
    else:
        ACTS[act](made, people)
    made.refresh_from_db()
    assert made.state == (expected or state)


@pytest.mark.parametrize(
    ("act", "may"),
    [
        ("propose", {"owner", "contributor", "lead", "second", "product", "compliance"}),
        ("approve", {"owner", "lead", "second", "product", "compliance"}),
        ("withdraw", {"owner", "contributor"}),
        ("activate", {"owner", "lead", "second", "product", "compliance"}),
    ],
)
def test_who_may(made, gate, people, act, may):
    """Others are refused with Forbidden."""
    if act == "activate":
        approve(made, people.lead, people.product)
    tries = {
        "propose": lambda person: propose(gate, person),
        "approve": lambda person: proposals.vote(proposal=made.pk, by=person, approve=True),
        "withdraw": lambda person: proposals.withdraw(proposal=made.pk, by=person),
        "activate": lambda person: proposals.activate(proposal=made.pk, by=person),
    }
    allowed = set()
    for name, person in vars(people).items():
        try:
            tries[act](person)
        except Forbidden:
            continue
        except Refused:
            pass
        allowed.add(name)
    assert allowed == may


def test_two_others_are_two(gate, people):
    """Neither the proposer nor one person twice makes up the two approvals."""
    made = propose(gate, people.owner)
    with pytest.raises(Forbidden, match="two others"):
        proposals.vote(proposal=made.pk, by=people.owner, approve=True)
    approve(made, people.lead)
    for approves in (True, False):
        with pytest.raises(Refused, match="given once"):
            proposals.vote(proposal=made.pk, by=people.lead, approve=approves, comment="Changed my mind.")
    made.refresh_from_db()
    assert (made.state, proposals.approvals(made)) == ("open", 1)
    with pytest.raises(Refused, match="two others"):
        proposals.activate(proposal=made.pk, by=people.owner)
    assert approve(made, people.product).state == "approved"


def test_forged_state_is_not_enough(made, people):
    """A row that says approved without two votes is not activated."""
    Proposal.objects.filter(pk=made.pk).update(state="approved")
    with pytest.raises(Refused, match="two others"):
        proposals.activate(proposal=made.pk, by=people.owner)


def test_rejection_needs_a_reason(made, people):
    """A bare no is refused, and no vote is kept."""
    with pytest.raises(Refused, match="Say why"):
        proposals.vote(proposal=made.pk, by=people.lead, approve=False, comment="  ")
    assert not made.votes.exists()


def test_threshold_is_set_in_the_activators_name(made, gate, people):
    """The release promises the new value; the set's reason names the proposal."""
    bring(made, people, "activated")
    gate.release.refresh_from_db()
    now = gate.release.promised
    assert (now.values, now.number, now.set_by) == ({"target_accuracy": 85.0}, 2, people.owner)
    assert now.reason == f"Proposal {made.pk}: The last three releases were above 85 %."
    assert made.outcome == "Image classifier 1.4.0 now promises parameters 2."


def test_moved_base_cannot_be_activated(made, gate, people, checklist):
    """Somebody changed the value meanwhile: propose again; nothing changes."""
    approve(made, people.lead, people.product)
    releases.set_parameters(
        release=gate.release, by=people.owner, values={"target_accuracy": "81"}, checklist=checklist
    )
    with pytest.raises(Refused, match="has changed since"):
        proposals.activate(proposal=made.pk, by=people.owner)
    made.refresh_from_db()
    gate.release.refresh_from_db()
    assert (made.state, gate.release.promised.values) == ("approved", {"target_accuracy": 81.0})


BAD_THRESHOLDS = [
    "",
    "target_accuracy",
    "[1, 2]",
    "target_accuracy: high",
    "no_such_parameter: 1",
    "target_accuracy: 80",
    "a: &a 1\nb: *a",
    "target_accuracy: 1\ntarget_accuracy: 2",
    "target_accuracy: .nan",
    "1: 2",
]


@pytest.mark.parametrize("text", BAD_THRESHOLDS)
def test_thresholds_that_cannot_work(gate, people, text):
    """Refused when it is proposed, so that nobody votes on it."""
    with pytest.raises(ReadinessError):
        propose(gate, people.contributor, text=text)
    assert not Proposal.objects.exists()


def test_own_checklist(gate, project, people, checklist):
    """An activated checklist is the project's own version: offered here, and nowhere else."""
    made = propose(gate, people.lead, kind="checklist", release=None, checklist=checklist, text=OWN)
    assert made.base == SOURCE
    approve(made, people.owner, people.product)
    proposals.activate(proposal=made.pk, by=people.lead)
    own = ChecklistVersion.objects.get(project=project)
    assert (own.slug, own.version, own.checklist.slug) == (
        "image-classifier-small",
        "1.1.0",
        "image-classifier-small",
    )
    other = projects.create(by=people.outsider, name="Ranker")
    assert own in published(project)
    assert own not in published(other)
    theirs = Environment.objects.get(project=other)
    with pytest.raises(Refused, match="another project"):
        gates.open_gate(
            release=_release_of(other, people, gate), checklist=own, environment=theirs, by=people.outsider
        )
    assert audit.verify_all() == []


def _release_of(project, people, gate):
    from checklists.models import Release

    release = Release.objects.get(pk=gate.release.pk)
    release.pk, release.project = None, project
    release.save()
    return release


def test_next_version_starts_from_the_own_one(gate, project, people, checklist):
    """Once the project has its own version, a proposal is compared with that, whatever it started from."""
    first = propose(gate, people.lead, kind="checklist", release=None, checklist=checklist, text=OWN)
    approve(first, people.owner, people.product)
    proposals.activate(proposal=first.pk, by=people.lead)
    own = ChecklistVersion.objects.get(project=project)
    second = OWN.replace("version: 1.1.0", "version: 1.2.0")
    made = propose(gate, people.lead, kind="checklist", release=None, checklist=own, text=second)
    assert made.base == OWN
    from_old = propose(gate, people.lead, kind="checklist", release=None, checklist=checklist, text=second)
    assert from_old.base == OWN


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("version: 1.0.0", "version: 1.0.0", Refused),
        ("slug: small", "slug: other", Refused),
        ("file: {path: model.bin}", "no-such-kind: {}", ChecklistError),
        ("$target_accuracy", "$no_such_name", ChecklistError),
        ("---\ntitle", "----\ntitle", ReadinessError),
    ],
)
def test_checklists_that_cannot_work(gate, people, checklist, old, new, error):
    """A text that is the same, another checklist's, or no checklist is refused at once."""
    with pytest.raises(error):
        propose(
            gate,
            people.lead,
            kind="checklist",
            release=None,
            checklist=checklist,
            text=SOURCE.replace(old, new),
        )


def test_taken_version_and_name(gate, project, people, checklist):
    """A version that is published already, and a name that is everybody's, are refused."""
    library.publish(source=OWN.replace("slug: small", "slug: image-classifier-small"), by=None)
    with pytest.raises(Refused, match="another checklist called"):
        propose(gate, people.lead, kind="checklist", release=None, checklist=checklist, text=OWN)


def test_new_checklist_without_base(gate, project, people):
    """A checklist that replaces none is a proposal too."""
    made = propose(gate, people.lead, kind="checklist", release=None, text=SOURCE.replace("small", "tiny"))
    assert made.base == ""
    approve(made, people.owner, people.product)
    proposals.activate(proposal=made.pk, by=people.owner)
    assert ChecklistVersion.objects.get(project=project).slug == "image-classifier-tiny"


def test_policy(gate, project, people):
    """A policy is checked when proposed, and becomes the environment's newest."""
    where = Environment.objects.get(project=project, name="production")
    fields = {"kind": "policy", "release": None, "environment": where}
    for bad in ("", "required_roles: nobody\n", "no_such_key: 1\n", "a: ["):
        with pytest.raises(ReadinessError):
            propose(gate, people.lead, text=bad, **fields)
    made = propose(gate, people.lead, text=POLICY.replace("\n", "\r\n"), **fields)
    approve(made, people.owner, people.compliance)
    proposals.activate(proposal=made.pk, by=people.compliance)
    newest = newest_policy(where)
    assert (newest.number, newest.source, newest.proposal) == (1, POLICY, made)


def test_under_change_control(made, gate, project, people, checklist):
    """Switched on: neither thresholds nor policies change directly; by proposal they do."""
    control.switch_on(project=project, by=people.owner)
    with pytest.raises(Refused, match="under change control"):
        releases.set_parameters(
            release=gate.release, by=people.owner, values={"target_accuracy": "60"}, checklist=checklist
        )
    where = Environment.objects.get(project=project, name="production")
    with pytest.raises(Refused, match="under change control"):
        policies.activate_policy(environment=where, source=POLICY, by=people.owner)
    bring(made, people, "activated")


def test_change_control_ends_by_proposal_only(gate, project, people):
    """Only owners switch it on, once; off takes the votes of two others."""
    fields = {"kind": "control", "release": None, "text": ""}
    with pytest.raises(Refused, match="not under change control"):
        propose(gate, people.owner, **fields)
    with pytest.raises(Forbidden):
        control.switch_on(project=project, by=people.lead)
    control.switch_on(project=project, by=people.owner)
    with pytest.raises(Refused, match="already"):
        control.switch_on(project=project, by=people.owner)
    made = propose(gate, people.owner, **fields)
    approve(made, people.lead, people.second)
    proposals.activate(proposal=made.pk, by=people.owner)
    project.refresh_from_db()
    assert not project.change_control
    verbs = AuditEntry.objects.filter(verb__startswith="control.").values_list("verb", flat=True)
    assert list(verbs.order_by("seq")) == ["control.on", "control.off"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " "),
        ("reason", ""),
        ("link", "javascript:alert(1)"),
        ("link", "https://"),
        ("link", "https://[::1/"),
        ("text", "a" * 100_001),
        ("text", "a\n" * 2001),
    ],
)
def test_what_every_proposal_needs(gate, people, field, value):
    """Title, reason, a plain link, a text of bounded size."""
    with pytest.raises(Refused):
        propose(gate, people.lead, **{field: value})


def test_another_projects_things(gate, people, checklist):
    """A proposal changes its own project's things only."""
    other = projects.create(by=people.lead, name="Ranker")
    fields = {"kind": "threshold", "title": "T", "reason": "R", "text": "target_accuracy: 1"}
    with pytest.raises(Refused, match="another project"):
        proposals.propose(project=other, by=people.lead, release=gate.release, **fields)
    where = gate.environment
    with pytest.raises(Refused, match="another project"):
        proposals.propose(
            project=other, by=people.lead, environment=where, **fields | {"kind": "policy", "text": POLICY}
        )


def test_who_hears_of_it(settings, gate, project, people):
    """Voters hear of a proposal, its proposer of the decision, the board's address of each step by mail."""
    settings.EMAIL_HOST = "localhost"
    control.set_board(project=project, by=people.owner, address="board@example.org")
    made = bring(propose(gate, people.contributor), people, "activated")
    opened = Notification.objects.filter(key__contains="proposal.opened").values_list(
        "person__username", flat=True
    )
    assert set(opened) == {"owner", "lead", "second", "product", "compliance"}
    line = Notification.objects.get(key__contains="proposal.approved", person=people.contributor)
    assert line.path == f"/projects/image-classifier/changes/{made.pk}/"
    board = Message.objects.filter(to="board@example.org").order_by("pk").values_list("subject", flat=True)
    assert list(board) == [
        "[Image classifier] Contributor Person proposes: Raise the target",
        "[Image classifier] Ready to activate: Raise the target",
        "[Image classifier] In effect: Raise the target",
    ]


def test_board_address(settings, project, people):
    """Owners only, a real address; the former one is told that it hears no more."""
    settings.EMAIL_HOST = "localhost"
    with pytest.raises(Forbidden):
        control.set_board(project=project, by=people.lead, address="a@example.org")
    with pytest.raises(Refused):
        control.set_board(project=project, by=people.owner, address="not an address")
    control.set_board(project=project, by=people.owner, address="a@example.org")
    control.set_board(project=project, by=people.owner, address="a@example.org")
    control.set_board(project=project, by=people.owner, address="")
    assert list(Message.objects.values_list("to", flat=True)) == ["a@example.org"]
    assert AuditEntry.objects.filter(verb="board.set").count() == 2


def test_unknown_parameter_is_named(gate, people):
    """The refusal says which parameters there are."""
    with pytest.raises(ParameterError, match="no_such") as caught:
        propose(gate, people.lead, text="no_such: 1")
    assert "target_accuracy" in caught.value.advice
