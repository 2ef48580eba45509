"""`audit verify` names every row that lets a release through and that no act wrote."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from checklists import clock, unaccounted
from checklists.actions import deployments, gates, proposals, rehearsals, releases, waivers
from checklists.models import (
    Deployment,
    DeploymentDecision,
    DeploymentPolicy,
    ProposalVote,
    Rehearsal,
    Scorecard,
    Waiver,
)
from tests import governed
from tests import waivers as made


def found() -> list[str]:
    """What has no entry, in words."""
    return [bad.why for bad in unaccounted.rows()]


@pytest.fixture
def deployed(project, people, run_dir):
    """A release that went the whole way: scorecard, rehearsal, policy, decision, deployment."""
    checklist = governed.by_hand("quick")
    release = releases.create(
        project=project, by=people.contributor, version="3.0", root=str(run_dir), checklist=checklist
    )
    where = governed.environment(project)
    gate = gates.open_gate(release=release, checklist=checklist, environment=where, by=people.contributor)
    governed.approve(gate, people)
    governed.registered(release, people)
    rehearsals.record(
        project=project,
        by=people.lead,
        environment=where,
        performed_at=clock.now() - timedelta(hours=1),
        performed_by="Lena Lead",
        from_version="3.0",
        to_version="2.9",
        duration_seconds=60,
        outcome="passed",
    )
    governed.policy(project, people)
    answer = deployments.decide_deployment(release=release, environment=where, by=people.contributor)
    assert answer.row is not None
    assert answer.row.verdict == "approve", answer.look.preview.reasons
    return deployments.deploy(release=release, environment=where, by=people.contributor)


def test_everything_that_acts_wrote_is_accounted_for(deployed, lenient, people, project):
    """Nothing is named where only acts wrote, whatever became of the rows."""
    made.approved(lenient, people)
    rejected = made.asked(lenient, people.lead, "review")
    waivers.reject(
        gate=lenient.pk, waiver=rejected.pk, by=people.compliance, role="compliance", reason="Review it."
    )
    revoked = made.approved(lenient, people, "weights")
    waivers.revoke(gate=lenient.pk, waiver=revoked.pk, by=people.owner, reason="No longer needed.")
    proposal = proposals.propose(
        project=project,
        by=people.contributor,
        kind="threshold",
        title="Lower",
        reason="As agreed.",
        text="target_accuracy: 70\n",
        release=lenient.release,
    )
    proposals.vote(proposal=proposal.pk, by=people.lead, approve=True)
    proposals.vote(proposal=proposal.pk, by=people.product, approve=False, comment="Not so low.")
    assert found() == []


def test_a_waiver_approved_by_sql(lenient, people):
    """A waiver in review that a statement approved is named, and the command fails."""
    row = made.asked(lenient, people.lead)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE checklists_waiver SET state = 'approved', decided_by_id = %s, decided_as = 'compliance',"
            " decided_at = %s WHERE id = %s",
            [people.compliance.pk, clock.now(), row.pk],
        )
    assert found() == [f"has no entry for waiver {row.pk}: approved"]
    with pytest.raises(CommandError, match="changed outside"):
        call_command("audit", "verify", stdout=StringIO())


# Of each sort the columns that a copy changes, so that constraints take it.
COPIES = {
    Rehearsal: {"outcome": "passed"},
    Scorecard: {"sha256": "f" * 64},
    DeploymentPolicy: {"number": 7, "sha256": "f" * 64},
    DeploymentDecision: {"verdict": "approve"},
    Deployment: {"state": "rolled-back", "rolled_back_to": "1", "rollback_reason": "x"},
}


@pytest.mark.parametrize("model", COPIES, ids=lambda model: model.__name__)
def test_a_row_put_in(deployed, people, model):
    """A copy of a row that an act wrote has no entry of its own."""
    values = {k: v for k, v in model.objects.values().first().items() if k != "id"}
    if model is Deployment:
        values |= {"rolled_back_at": clock.now(), "rolled_back_by_id": people.owner.pk}
    copy = model.objects.create(**values | COPIES[model])
    assert len(found()) == 1
    assert str(copy.pk) in found()[0]


def test_a_vote_put_in(project, people, lenient):
    """Another person's vote that nobody gave is named."""
    proposal = proposals.propose(
        project=project,
        by=people.contributor,
        kind="threshold",
        title="Lower",
        reason="As agreed.",
        text="target_accuracy: 70\n",
        release=lenient.release,
    )
    vote = ProposalVote.objects.create(proposal=proposal, person=people.lead, approve=True, at=clock.now())
    assert found() == [f"has no entry for vote {vote.pk} on proposal {proposal.pk}"]


def test_another_persons_waiver(lenient, people, lifted_triggers):
    """An entry of the same waiver by another person does not account for it."""
    row = made.approved(lenient, people)
    assert found() == []
    Waiver.objects.filter(pk=row.pk).update(decided_by=people.product)
    assert found() == [f"has no entry for waiver {row.pk}: approved"]
