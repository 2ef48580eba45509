"""Signatures that the audit log knows nothing of: rows that somebody put into the database."""

from __future__ import annotations

from collections.abc import Iterator

from checklists.audit import Broken
from checklists.models import AuditEntry, SignOff
from checklists.models.signoff import SignOffDecision

VERB = {SignOffDecision.APPROVE: "gate.approved", SignOffDecision.DECLINE: "gate.declined"}


def signatures() -> Iterator[Broken]:
    """Each signature without an entry of the same gate, person, role, decision, digest and moment."""
    told = {
        (stream, verb, actor, role, data.get("digest"), at)
        for stream, verb, actor, role, data, at in AuditEntry.objects.filter(verb__in=VERB.values())
        .order_by()
        .values_list("stream", "verb", "actor_id", "subject", "data", "at")
    }
    for signed in SignOff.objects.defer("snapshot").select_related("gate").order_by("pk"):
        verb = VERB[SignOffDecision(signed.decision)]
        entry = (signed.gate.stream, verb, signed.person_id, signed.role, signed.digest, signed.signed_at)
        if entry not in told:
            yield Broken(
                signed.gate.stream,
                0,
                f"has no entry for signature {signed.pk}: {signed.person_name} as {signed.role}",
            )
