"""Writing the audit log: one SHA-256 chain per stream.

An entry is written in the transaction of its act. The stream's row is locked first, so that two acts
never take the same position.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from checklists import where
from checklists.audit_chain import Broken, verify, verify_all
from checklists.models import AuditEntry, AuditStream, Person
from readiness.engine import seal
from readiness.engine.sealed.log import GENESIS

__all__ = [
    "ACCESS", "GENESIS", "INSTALLATION", "VERBS", "Broken", "acting", "acting_token", "append", "content",
    "refused", "verify", "verify_all",
]  # fmt: skip

INSTALLATION = "installation"
ACCESS = "access"  # who signed in, and who was refused

# The API token by which the present request acts, as `name rdy_prefix`; empty for a person on a page.
acting_token: ContextVar[str] = ContextVar("acting_token", default="")

# Every verb with its sentence; an unknown verb is a programming error and fails.
VERBS: dict[str, str] = {
    "account.created": "created an account",
    "account.changed": "changed an account",
    "account.activated": "activated an account",
    "account.deactivated": "deactivated an account",
    "account.password_set": "set the password of an account",
    "account.linked": "linked an account to the identity provider",
    "account.unlinked": "took an account's link to the identity provider away",
    "factor.added": "added a second factor",
    "factor.removed": "removed a second factor",
    "factor.codes": "made recovery codes",
    "session.ended": "ended sessions of an account",
    "project.second_factor": "changed whether signing asks for a second factor",
    "token.created": "created an API token",
    "token.revoked": "revoked an API token",
    "service_account.created": "created a service account",
    "service_account.deactivated": "deactivated a service account",
    "project.created": "created the project",
    "member.added": "added a member",
    "member.removed": "removed a member",
    "member.prolonged": "set when a member’s access ends",
    "invitation.made": "invited somebody",
    "invitation.accepted": "accepted an invitation",
    "invitation.revoked": "revoked an invitation",
    "auditor.read": "read as an auditor",
    "environment.added": "added an environment",
    "checklist.published": "published a checklist version",
    "release.created": "created the release",
    "release.snapshot": "took a new snapshot of the run",
    "release.pushed": "pushed the files of the release",
    "run.reported": "reported the results of checks that ran elsewhere",
    "parameters.set": "set the parameters",
    "parameters.frozen": "first used the parameters in a check",
    "gate.opened": "opened the gate",
    "item.ticked": "ticked the item",
    "item.reopened": "reopened the item",
    "item.not_applicable": "marked the item not applicable",
    "item.partial": "said how much of the item is done",
    "item.noted": "wrote a note",
    "evidence.attached": "attached evidence",
    "evidence.removed": "removed evidence",
    "run.requested": "requested checks",
    "run.finished": "checks finished",
    "run.ended": "the checks were ended",
    "role.dropped": "dropped a role from the gate",
    "role.restored": "restored a role to the gate",
    "gate.approved": "approved",
    "gate.declined": "declined",
    "signoff.withdrawn": "withdrew a sign-off",
    "key.made": "made a signing key",
    "key.rotated": "put a new signing key into use",
    "key.revoked": "revoked a signing key",
    "signing.refused": "tried to sign, and was refused",
    "act.refused": "tried what they may not do",
    "waiver.drafted": "drafted a waiver",
    "waiver.edited": "edited a waiver's draft",
    "waiver.submitted": "asked for a waiver",
    "waiver.withdrawn": "withdrew a request for a waiver",
    "waiver.approved": "approved a waiver",
    "waiver.rejected": "rejected a waiver",
    "waiver.revoked": "revoked a waiver",
    "waiver.expired": "a waiver expired",
    "rehearsal.recorded": "recorded a rollback rehearsal",
    "rehearsal.remediated": "recorded the remediation of a failed rehearsal",
    "webhook.added": "added a webhook",
    "webhook.changed": "changed a webhook",
    "webhook.stopped": "stopped a webhook",
    "webhook.started": "started a webhook again",
    "webhook.secret": "made a new secret for a webhook",
    "webhook.sent_again": "had an event sent to a webhook again",
    "channels.changed": "changed where the project's news go",
    "proposal.opened": "proposed a change",
    "proposal.voted": "voted on a proposal",
    "proposal.rejected": "rejected a proposal",
    "proposal.withdrawn": "withdrew a proposal",
    "proposal.activated": "activated a proposal",
    "board.set": "changed the address of the change board",
    "control.on": "switched change control on",
    "control.off": "switched change control off",
    "gate.upgraded": "upgraded the gate to another checklist version",
    "report.requested": "requested a report",
    "report.finished": "a report was rendered",
    "report.failed": "a report could not be rendered",
    "stages.set": "changed the stages",
    "gate.staged": "made the gate a stage’s gate",
    "scorecard.registered": "registered a scorecard",
    "plan.set": "changed the release plan",
    "manifest.assembled": "assembled a release manifest",
    "manifest.registered": "registered a release manifest",
    "policy.activated": "activated a deployment policy",
    "deployment.decided": "asked the deployment gate",
    "release.deployed": "deployed the release",
    "release.rolled_out": "rolled the release out in full",
    "release.rolled_back": "rolled the release back",
    "access.signed_in": "signed in",
    "access.signed_out": "signed out",
    "access.sign_in_failed": "could not sign in",
    "access.locked_out": "was locked out for a while after too many attempts",
    "access.refused": "asked for what they may not do",
    "access.foreign": "asked for what is not there or not theirs",
    "access.token_refused": "sent a token that does not count",
    "access.more": "was refused more often",
    "audit.cut": "cut the audit log, whose earlier entries lie in a sealed file",
    "schedule.added": "added a schedule",
    "schedule.stopped": "stopped a schedule",
    "schedule.fired": "did what the schedule says",
}


@contextmanager
def acting(token: str) -> Iterator[None]:
    """Every entry written inside says `via` which token it was written."""
    kept = acting_token.set(token)
    try:
        yield
    finally:
        acting_token.reset(kept)


def append(
    stream: str,
    *,
    by: Person | None,
    verb: str,
    at: datetime,
    subject: str = "",
    revision: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Append one entry to a stream; must run inside the act's transaction. `by` None means the system."""
    if verb not in VERBS:
        raise ValueError(f"unknown audit verb {verb!r}")
    token, place = acting_token.get(), where.current()
    head, _ = AuditStream.objects.select_for_update().get_or_create(name=stream, defaults={"head": GENESIS})
    entry = AuditEntry(
        stream=stream,
        seq=head.length + 1,
        at=at.astimezone(UTC),
        actor_id=by.pk if by else None,
        actor_name=by.name if by else "Readiness",
        verb=verb,
        subject=subject[:300],
        revision=revision,
        data={
            **(data or {}),
            **({"via": token} if token else {}),
            **({"from": place.said()} if place else {}),
        },
        previous=head.head,
    )
    entry.hash = seal.chain(entry.previous, content(entry))
    entry.save(force_insert=True)
    AuditStream.objects.filter(pk=stream).update(length=entry.seq, head=entry.hash)
    return entry


def refused(stream: str, *, by: Person | None, verb: str, at: datetime, subject: str, why: str) -> None:
    """Log an attempt that was refused, in a transaction of its own: that of the attempt is rolled back."""
    with transaction.atomic():
        append(stream, by=by, verb=verb, at=at, subject=subject, data={"why": why[:500]})
    place = where.current()
    if place:
        place.told = True


def content(entry: AuditEntry) -> dict[str, Any]:
    """What the hash of an entry covers (besides the previous hash)."""
    return {
        "stream": entry.stream,
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor_id": entry.actor_id,
        "actor_name": entry.actor_name,
        "verb": entry.verb,
        "subject": entry.subject,
        "revision": entry.revision,
        "data": entry.data,
    }
