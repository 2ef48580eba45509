"""Every event that is told, with its sentence and the kind of notification it makes."""

from __future__ import annotations

from typing import NamedTuple

from checklists.models.outbox import NotificationKind as Kind


class Event(NamedTuple):
    """What happened, in words that follow "when", and whose box of the preferences it belongs to."""

    words: str
    kind: Kind


EVENTS: dict[str, Event] = {
    "gate.blocked": Event("a gate is blocked", Kind.BLOCKED),
    "gate.ready": Event("a gate is ready to sign", Kind.SIGN),
    "gate.approved": Event("a gate is approved", Kind.APPROVED),
    "gate.declined": Event("a gate is declined", Kind.DECLINED),
    "gate.superseded": Event("a gate is upgraded to a newer checklist", Kind.PROPOSAL),
    "signature.stale": Event("a signature goes stale", Kind.STALE),
    "waiver.requested": Event("a waiver waits for a decision", Kind.WAIVER),
    "waiver.approved": Event("a waiver is approved", Kind.WAIVER),
    "waiver.rejected": Event("a waiver is rejected", Kind.WAIVER),
    "waiver.revoked": Event("a waiver is revoked", Kind.WAIVER),
    "waiver.expiring": Event("a waiver expires soon", Kind.WAIVER),
    "waiver.expired": Event("a waiver expired", Kind.WAIVER),
    "rehearsal.recorded": Event("a rollback rehearsal is recorded", Kind.REHEARSAL),
    "rehearsal.failed": Event("a rollback rehearsal failed", Kind.REHEARSAL),
    "rehearsal.remediated": Event("a failed rehearsal is remediated", Kind.REHEARSAL),
    "rehearsal.due": Event("a rollback rehearsal is due soon", Kind.REHEARSAL),
    "rehearsal.overdue": Event("a rollback rehearsal is overdue", Kind.REHEARSAL),
    "scorecard.registered": Event("a scorecard is registered", Kind.DEPLOYMENT),
    "manifest.registered": Event("a release manifest is registered", Kind.DEPLOYMENT),
    "decision.made": Event("the deployment gate decided", Kind.DEPLOYMENT),
    "deployment.deployed": Event("a release is deployed", Kind.DEPLOYMENT),
    "deployment.monitoring_ended": Event("a monitoring window ended", Kind.DEPLOYMENT),
    "deployment.rolled_out": Event("a release is fully rolled out", Kind.DEPLOYMENT),
    "deployment.rolled_back": Event("a release is rolled back", Kind.DEPLOYMENT),
    "proposal.opened": Event("a change is proposed", Kind.PROPOSAL),
    "proposal.approved": Event("a proposal has its two approvals", Kind.PROPOSAL),
    "proposal.rejected": Event("a proposal is rejected", Kind.PROPOSAL),
    "proposal.withdrawn": Event("a proposal is withdrawn", Kind.PROPOSAL),
    "proposal.activated": Event("a proposal is activated", Kind.PROPOSAL),
    "schedule.ran": Event("something scheduled was done", Kind.DEPLOYMENT),
    "audit.checkpoint": Event("a checkpoint of the audit log is signed", Kind.DEPLOYMENT),
    "webhook.ping": Event("the address is tried out", Kind.DEPLOYMENT),
}

# Nobody chooses pings, and everybody who is chosen gets them.
CHOSEN = tuple(name for name in EVENTS if name != "webhook.ping")

# What comes by mail to who has chosen nothing. A gate is blocked many times a day while work goes on.
WANTED_BY_MAIL = frozenset(Kind) - {Kind.BLOCKED, Kind.DEPLOYMENT}
