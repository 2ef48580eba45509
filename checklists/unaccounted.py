"""Rows that the audit log knows nothing of: somebody put them into the database.

Signatures, and whatever else lets a release through: decided waivers, rehearsals, scorecards, policies,
votes, decisions of the deployment gate, deployments.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from checklists import keys, unaccounted_keys
from checklists.audit import Broken
from checklists.models import (
    AuditEntry,
    Deployment,
    DeploymentDecision,
    DeploymentPolicy,
    ProposalVote,
    Rehearsal,
    Scorecard,
    SignOff,
    Waiver,
)
from checklists.models.signoff import SignOffDecision
from checklists.models.waiver import WaiverState
from checklists.signatures import asked, check

VERB = {
    SignOffDecision.APPROVE: "gate.approved",
    SignOffDecision.DECLINE: "gate.declined",
    SignOffDecision.WITHDRAW: "signoff.withdrawn",
}
DECIDED = {
    WaiverState.APPROVED: "waiver.approved",
    WaiverState.REVOKED: "waiver.approved",  # it was approved once
    WaiverState.REJECTED: "waiver.rejected",
}
# Of each verb, the part of its entry's data that says which row it is about.
NAMED_BY = {
    "waiver.approved": "waiver",
    "waiver.rejected": "waiver",
    "rehearsal.recorded": "rehearsal",
    "scorecard.registered": "sha256",
    "policy.activated": "after",
    "proposal.voted": "proposal",
    "proposal.rejected": "proposal",
    "deployment.decided": "decision",
    "release.deployed": "deployment",
}


class Record(NamedTuple):
    """A row by what its entry says: stream, verb, actor, the part that names it; `words` is for people."""

    stream: str
    verb: str
    actor: int | None
    name: str
    words: str


def rows() -> Iterator[Broken]:
    """Each row without an entry of the same stream, verb, person and name."""
    yield from signatures()
    yield from unaccounted_keys.rows()
    entries = AuditEntry.objects.filter(verb__in=NAMED_BY).order_by()
    told = {
        (stream, verb, actor, str(data.get(NAMED_BY[verb])))
        for stream, verb, actor, data in entries.values_list("stream", "verb", "actor_id", "data")
    }
    for record in (*_waivers(), *_registered(), *_deployed()):
        if record[:4] not in told:
            yield Broken(record.stream, 0, f"has no entry for {record.words}")


def _waivers() -> Iterator[Record]:
    for row in Waiver.objects.filter(state__in=DECIDED).select_related("gate").order_by("pk"):
        verb = DECIDED[WaiverState(row.state)]
        words = f"waiver {row.pk}: {row.get_state_display().lower()}"
        yield Record(row.gate.stream, verb, row.decided_by_id, str(row.pk), words)


def _registered() -> Iterator[Record]:
    for row in Rehearsal.objects.order_by("pk"):
        stream = f"project:{row.project_id}"
        yield Record(stream, "rehearsal.recorded", row.recorded_by_id, str(row.pk), f"rehearsal {row.pk}")
    for card in Scorecard.objects.defer("document").select_related("release").order_by("pk"):
        stream, words = f"project:{card.release.project_id}", f"scorecard {card.pk}"
        yield Record(stream, "scorecard.registered", card.registered_by_id, card.sha256, words)
    for policy in DeploymentPolicy.objects.order_by("pk"):
        stream, words = f"project:{policy.project_id}", f"policy {policy.number}, id {policy.pk}"
        name = str({"sha256": policy.sha256})
        yield Record(stream, "policy.activated", policy.activated_by_id, name, words)
    for vote in ProposalVote.objects.select_related("proposal").order_by("pk"):
        verb = "proposal.voted" if vote.approve else "proposal.rejected"
        stream, of = f"project:{vote.proposal.project_id}", vote.proposal_id
        yield Record(stream, verb, vote.person_id, str(of), f"vote {vote.pk} on proposal {of}")


def _deployed() -> Iterator[Record]:
    for row in DeploymentDecision.objects.defer("record").select_related("release").order_by("pk"):
        stream, words = f"project:{row.release.project_id}", f"decision {row.pk}: {row.verdict}"
        yield Record(stream, "deployment.decided", row.asked_by_id, str(row.pk), words)
    for made in Deployment.objects.select_related("release").order_by("pk"):
        stream, words = f"project:{made.release.project_id}", f"deployment {made.pk}"
        yield Record(stream, "release.deployed", made.deployed_by_id, str(made.pk), words)


def signatures() -> Iterator[Broken]:
    """Signatures that the log does not tell of or that are not what was signed; those told of and missing."""
    told = {_told(*row) for row in _entries()}
    kept, ring = set(), keys.ring()
    rows = asked(SignOff.objects.all())
    for signed in rows.select_related("gate", "supersedes").order_by("pk").iterator(chunk_size=200):
        stream, who = signed.gate.stream, f"signature {signed.pk}: {signed.person_name} as {signed.role}"
        verb = VERB[SignOffDecision(signed.decision)]
        data = {"digest": signed.digest, "envelope": signed.envelope_sha256}
        fact = _told(stream, verb, signed.person_id, signed.role, data, signed.signed_at)
        kept.add(fact)
        if fact not in told:
            yield Broken(stream, 0, f"has no entry for {who}")
        if why := check(signed, ring, whole=True):
            yield Broken(stream, 0, f"has a {who}, which does not count: {why}")
        if signed.envelope and not signed.live and not signed.replaced and signed.decision != "withdraw":
            yield Broken(stream, 0, f"has a {who}, put out of force without a record")
    for fact in sorted(told - kept, key=str):
        if fact.envelope:
            yield Broken(fact.stream, 0, f"tells of a signature as {fact.role} that is not there any more")


class Fact(NamedTuple):
    """A signature as an entry tells it; entries from before signatures were sealed name no envelope."""

    stream: str
    verb: str
    actor: int | None
    role: str
    digest: str
    envelope: str
    at: datetime


def _entries() -> Iterable[tuple[str, str, int | None, str, Any, datetime]]:
    entries = AuditEntry.objects.filter(verb__in=VERB.values()).order_by()
    return entries.values_list("stream", "verb", "actor_id", "subject", "data", "at")


def _told(stream: str, verb: str, actor: int | None, role: str, data: Any, at: datetime) -> Fact:  # noqa: PLR0917  # one row
    return Fact(stream, verb, actor, role, data.get("digest", ""), data.get("envelope", ""), at)
