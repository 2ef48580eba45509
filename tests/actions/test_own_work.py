"""Duties are apart for pipelines too: who pushed the files or reported results signs as lead only."""

from __future__ import annotations

import hashlib

import pytest

from checklists import audit
from checklists.actions import (
    projects,
    proposals,
    pushes,
    reported,
    signoffs,
    tokens,
    waiver_rules,
)
from checklists.actions import waivers as deciding
from checklists.errors import Forbidden
from checklists.loaded import load
from checklists.models import Membership, Waiver
from checklists.models.release import ReleaseFiles
from checklists.permissions import members_of, roles_of
from readiness.engine import file_index, parameters
from readiness.engine.target import Entry
from tests import waivers

FILES = {"model.bin": b"weights", "card.md": b"# Card\n", "metrics.json": b'{"test": {"accuracy": 0.876}}'}


@pytest.fixture
def everybody_makes(project, people):
    """Who signs may push and report as well, as in a small team."""
    for person in (people.lead, people.product, people.compliance):
        projects.add_member(project=project, by=people.owner, person=person, role="contributor")


def declared(project, by, **more: bytes):
    """The release 2.0 of these files, which stay elsewhere, with its gate."""
    held = FILES | {name.replace("_", "."): data for name, data in more.items()}
    entries = [Entry(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in held.items()]
    wanted = pushes.Wanted(checklist="small", environment="production")
    index = file_index.pack(entries)
    return pushes.declare(project=project, by=by, version="2.0", index=index, wanted=wanted)


def report(pushed, by) -> None:
    """Every check passed, says this person."""
    gate, values = pushed.gate, pushed.release.promised.values
    finding = {
        "outcome": "PASS",
        "message": "fine",
        "advice": "",
        "measurements": [],
        "charts": [],
        "details": {},
    }
    items = [
        {
            "key": item.id,
            "results": [
                {
                    "kind": check.kind,
                    "params": parameters.substitute(check.params, values),
                    "finding": finding,
                    "duration_s": 0.1,
                    "files": [],
                }
                for check in item.checks
            ],
        }
        for item in gate.checklist.checklist.items
        if item.checks
    ]
    used = gate.checklist
    document = {
        "digest": pushed.release.snapshot.digest,
        "gate": gate.pk,
        "checklist": {"slug": used.slug, "version": used.version, "sha256": used.sha256},
        "parameters": pushed.release.promised.number,
        "items": items,
    }
    reported.take(release=pushed.release, by=by, reported_by="ci", report=reported.parse(document))


def refusals(gate, person) -> dict[str, str]:
    """Why a person may not sign, by the roles held."""
    held = roles_of(person, gate.release.project_id)
    loaded = load(gate.pk)
    return {
        role: signoffs.refusal(loaded, role, person, held)
        for role in held & {"technical-lead", "product-owner", "compliance"}
    }


def waiver_refusal(gate, person, role, asked_by) -> str:
    """Why a person may not decide on somebody's waiver."""
    loaded = load(gate.pk)
    loaded.members = members_of(gate.release.project_id)
    waiver = Waiver(gate=gate, requested_by=asked_by, owner=asked_by)
    return waiver_rules.refusal(loaded, waiver, role, person, roles_of(person, gate.release.project_id))


@pytest.mark.usefixtures("everybody_makes", "checklist")
def test_who_reported_results(project, people):
    """Results are a person's word, as evidence is: not to be approved by the same person."""
    pushed = declared(project, people.contributor)
    report(pushed, people.compliance)
    assert refusals(pushed.gate, people.compliance) == {
        "compliance": "You reported results of this gate's checks, so somebody else must sign as compliance."
    }
    assert refusals(pushed.gate, people.product) == {"product-owner": ""}
    assert "You reported results" in waiver_refusal(
        pushed.gate, people.compliance, "compliance", people.second
    )
    report(pushed, people.lead)  # only results that count now bind whoever reported them
    assert refusals(pushed.gate, people.compliance) == {"compliance": ""}
    assert refusals(pushed.gate, people.lead) == {"technical-lead": ""}


@pytest.mark.usefixtures("everybody_makes", "checklist")
def test_who_pushed_the_present_files(project, people):
    """Other files under a release that somebody else created are the pusher's work."""
    declared(project, people.contributor)
    pushed = declared(project, people.product, model_bin=b"other weights")
    assert pushed.release.files == ReleaseFiles.ELSEWHERE
    assert refusals(pushed.gate, people.product) == {
        "product-owner": "You pushed the files of this release, so somebody else must sign as product owner."
    }
    assert "You pushed the files" in waiver_refusal(
        pushed.gate, people.product, "product-owner", people.second
    )
    declared(project, people.compliance, model_bin=b"other weights")  # the same files: nothing is brought
    assert refusals(pushed.gate, people.compliance) == {"compliance": ""}
    again = declared(project, people.lead, model_bin=b"third weights")
    assert refusals(again.gate, people.product) == {"product-owner": ""}
    assert refusals(again.gate, people.lead) == {"technical-lead": ""}


def test_neither_token_nor_service_account_decides(lenient, project, people):
    """In a request by token nobody decides on a waiver, votes or activates; a service account never does."""
    row = waivers.asked(lenient, people.lead)
    proposal = proposals.propose(
        project=project,
        by=people.contributor,
        kind="threshold",
        title="Lower",
        reason="As agreed.",
        text="target_accuracy: 70\n",
        release=lenient.release,
    )
    robot = tokens.create_service_account(project=project, by=people.owner, name="ci", role="contributor")
    Membership.objects.filter(person=robot).update(role="compliance")  # as only a statement could

    def acts(person):
        yield lambda: deciding.approve(gate=lenient.pk, waiver=row.pk, by=person, role="compliance")
        yield lambda: deciding.reject(
            gate=lenient.pk, waiver=row.pk, by=person, role="compliance", reason="No."
        )
        yield lambda: proposals.vote(proposal=proposal.pk, by=person, approve=True)
        yield lambda: proposals.activate(proposal=proposal.pk, by=person)

    with audit.acting("ci rdy_abcdefgh"):
        for act in acts(people.compliance):
            with pytest.raises(Forbidden, match="neither a token nor"):
                act()
    for act in acts(robot):
        with pytest.raises(Forbidden, match="neither a token nor"):
            act()
    proposals.vote(proposal=proposal.pk, by=people.compliance, approve=True)
    deciding.approve(gate=lenient.pk, waiver=row.pk, by=people.compliance, role="compliance")
