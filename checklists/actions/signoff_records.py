"""The record of a signature: what it says in words, its envelope under the installation's key, its row."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from checklists import checkpoints, keys
from checklists.actions.base import GateAct
from checklists.errors import Refused
from checklists.models import MemberRole, SignOff
from checklists.models.signoff import SignOffDecision
from readiness.engine.sealed import dsse, statements

APPROVE, DECLINE, WITHDRAW = SignOffDecision.APPROVE, SignOffDecision.DECLINE, SignOffDecision.WITHDRAW
VERBS = {APPROVE: "gate.approved", DECLINE: "gate.declined", WITHDRAW: "signoff.withdrawn"}
REPEATED = "This very request was carried out already; it counts once, and nothing was signed again."
REPEATED_ADVICE = "Look at the gate: it shows what stands."


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How the signer proved who they are, and the name of the challenge it was given for."""

    methods: tuple[str, ...]
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What is decided, in which role, on which state, and why."""

    decision: SignOffDecision
    role: str
    digest: str
    snapshot: Mapping[str, Any] = field(repr=False)
    criteria: list[str] = field(default_factory=list)
    comment: str = ""
    supersedes: SignOff | None = None


def meaning(
    decision: str,
    role: str,
    release: str,
    environment: str,
    *,
    criteria: Collection[str] = (),
    comment: str = "",
) -> str:
    """What a signature says, in words: the act and the reason for it."""
    act = {APPROVE: "approve", DECLINE: "decline", WITHDRAW: "withdraw my word on"}[SignOffDecision(decision)]
    said = f"As {MemberRole(role).label.lower()}, I {act} the deployment of {release} to {environment}"
    if decision != APPROVE:
        return f"{said}, because: {comment}" if comment else f"{said}, because of the reason that I give."
    confirmed = f" and I confirmed: {'; '.join(text.rstrip('.') for text in criteria)}" if criteria else ""
    added = f" My comment: {comment}" if comment else ""
    return f"{said}, because every item of the checklist is settled{confirmed}.{added}"


def refuse_repeated(challenge: str) -> None:
    """Raise Refused when this challenge made a signature already."""
    if SignOff.objects.filter(challenge=challenge).exists():
        raise Refused(REPEATED, REPEATED_ADVICE)


def store(act: GateAct, word: Word, proof: Proof) -> SignOff:
    """Seal and keep a signature, log it, and sign the head of the log. Raises Refused, KeyMissing."""
    gate, local = act.gate, timezone.localtime(act.at)
    said = meaning(
        word.decision,
        word.role,
        str(gate.release),
        gate.environment.name,
        criteria=word.criteria,
        comment=word.comment,
    )
    key = keys.signer()
    sealed = dsse.sign(statements.sign_off(_stated(act, word, proof, said, local), digest=word.digest), key)
    signed = SignOff(
        gate=gate,
        role=word.role,
        person=act.person,
        person_name=act.person.name,
        decision=word.decision,
        meaning=said,
        criteria=word.criteria,
        comment=word.comment,
        digest=word.digest,
        snapshot=word.snapshot,
        signed_at=act.at,
        utc_offset_minutes=_offset(local),
        live=word.decision != WITHDRAW,
        supersedes=word.supersedes,
        methods=list(proof.methods),
        challenge=proof.challenge,
        envelope=sealed.decode(),
        envelope_sha256=hashlib.sha256(sealed).hexdigest(),
        key_id=key.id,
    )
    _save(signed)
    _log(act, signed, local)
    return signed


def _stated(act: GateAct, word: Word, proof: Proof, said: str, local: datetime) -> statements.SignOff:
    gate, release = act.gate, act.gate.release
    used = gate.checklist
    return statements.SignOff(
        installation=keys.installation(),
        gate=gate.pk,
        project=release.project.slug,
        release=release.version,
        environment=gate.environment.name,
        checklist=f"{used.slug}@{used.version} sha256:{statements.bare(used.sha256)}",
        decision=word.decision.value,
        role=word.role,
        person=act.person.pk,
        name=act.person.name,
        meaning=said,
        criteria=word.criteria,
        comment=word.comment,
        signed_at=local.isoformat(timespec="microseconds"),
        credential=statements.Credential(methods=list(proof.methods), challenge=proof.challenge),
        supersedes=word.supersedes.envelope_sha256 if word.supersedes else "",
    )


def _save(signed: SignOff) -> None:
    try:
        with transaction.atomic():
            signed.save(force_insert=True)
    except IntegrityError:
        refuse_repeated(signed.challenge)  # another process was first
        raise


def _log(act: GateAct, signed: SignOff, local: datetime) -> None:
    act.log(
        VERBS[SignOffDecision(signed.decision)],
        subject=signed.role,
        digest=signed.digest,
        meaning=signed.meaning,
        criteria=signed.criteria,
        comment=signed.comment,
        signed_at=local.isoformat(timespec="seconds"),
        methods=signed.methods,
        envelope=signed.envelope_sha256,
        supersedes=signed.supersedes_id,
    )
    checkpoints.sign_head(act.gate.stream, cause="sign-off", at=act.at)


def _offset(local: datetime) -> int:
    offset = local.utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0
