"""Whether a stored sign-off still says what was signed: its envelope, its key, its columns, its place.

A row that does not is no signature: its role is unsigned until somebody signs. Rows from before signatures
were sealed have no envelope; they count when they are older than this installation's first key and younger
than their gate, and the audit log alone speaks for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta, timezone
from functools import lru_cache
from typing import Any

from django.db.models import CharField, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat

from checklists import keys
from checklists.models import AuditEntry, Checkpoint, SignOff
from readiness.engine import seal
from readiness.engine.errors import BadContent
from readiness.engine.sealed import checkpoint, dsse, statements
from readiness.engine.sealed.keys import Key, Keyring

BARE = "it has no envelope, though this installation sealed signatures when it was made"
EARLY = "it has no envelope, and is older than the gate"
ALTERED = "its envelope was altered"
FORGED = "its envelope is not signed by the key that it names"
UNKNOWN_KEY = "it is sealed by a key that this installation does not know"
MOVED = "it was made for another gate"
REPLACED = "it was replaced or withdrawn, and was put back"
OTHER_STATE = "the state kept with it is not the one that was signed"
UNVOUCHED = "its key was revoked, and no other key vouches for the log that holds it"
VERBS = ("gate.approved", "gate.declined", "signoff.withdrawn")
_WORDS = {
    "decision": "decision",
    "role": "role",
    "person": "account",
    "name": "name",
    "meaning": "meaning",
    "criteria": "confirmed criteria",
    "comment": "comment",
    "signed_at": "time",
    "credential": "credentials",
}


def asked(rows: QuerySet[SignOff]) -> QuerySet[Any]:
    """The rows with what `check` wants to know of each from others, in the same query.

    `replaced`: another row says so. `told`: the hash of the last envelope that the gate's log has of the
    person, so that taking the later row away puts no earlier one back.
    """
    stream = Concat(Value("gate:"), Cast(OuterRef("gate_id"), CharField()))
    said = AuditEntry.objects.filter(stream=stream, actor_id=OuterRef("person_id"), verb__in=VERBS)
    last = said.order_by("-seq").annotate(sealed=KT("data__envelope")).values("sealed")[:1]
    later = SignOff.objects.filter(supersedes=OuterRef("pk"))
    return rows.annotate(replaced=Exists(later), told=Subquery(last))


def problems(live: Iterable[SignOff]) -> dict[int, str]:
    """Of these live rows those that are no signature, by id, each with the reason. One query, or none."""
    rows = list(live)
    known = keys.ring() if rows else Keyring()
    return {row.pk: why for row in rows if (why := check(row, known))}


def check(signed: SignOff, ring: Keyring | None = None, *, whole: bool = False) -> str:
    """Why a stored row is not what was signed, in words; empty when it is.

    `whole` looks at the kept snapshot and at the row it replaces too, which costs a few milliseconds.
    """
    known = keys.ring() if ring is None else ring
    if not signed.envelope:
        return _bare(signed, known)
    if hashlib.sha256(signed.envelope.encode()).hexdigest() != signed.envelope_sha256:
        return ALTERED
    read = _read(signed.envelope)
    if read is None:
        return ALTERED
    key = known.find(read.keyid)
    if key is None or signed.key_id != read.keyid:
        return UNKNOWN_KEY
    if not _verified(signed.envelope, key.public):
        return FORGED
    return _said(signed, read, whole=whole) or _timely(signed, key, known)


def _bare(signed: SignOff, known: Keyring) -> str:
    """Rows without an envelope count on gates of that time only: nobody dates one back on a later gate."""
    if any(_since(key) <= signed.signed_at.timestamp() for key in known.keys):
        return BARE
    if _replaced(signed):
        return REPLACED
    opened = AuditEntry.objects.filter(stream=f"gate:{signed.gate_id}", seq=1).values_list("at", flat=True)
    began = opened.first()  # None after the log was cut and exported
    return EARLY if began and signed.signed_at < began else ""


def _replaced(signed: SignOff) -> bool:
    if not signed.live:
        return False
    other = signed.envelope and getattr(signed, "told", None) not in {None, "", signed.envelope_sha256}
    return bool(other) or getattr(signed, "replaced", False)


def _said(signed: SignOff, read: dsse.Envelope, *, whole: bool) -> str:
    said = read.predicate
    if read.predicate_type != statements.SIGN_OFF or said.get("gate") != signed.gate_id:
        return MOVED
    if read.subject != statements.bare(signed.digest):
        return "altered after signing: digest"
    for name, value in _columns(signed).items():
        if said.get(name) != value:
            return f"altered after signing: {_WORDS[name]}"
    if _replaced(signed):
        return REPLACED
    if whole and seal.digest(signed.snapshot) != signed.digest:
        return OTHER_STATE
    before = signed.supersedes.envelope_sha256 if whole and signed.supersedes else ""
    return "it names another signature as replaced" if whole and said.get("supersedes") != before else ""


def _columns(signed: SignOff) -> dict[str, Any]:
    zone = timezone(timedelta(minutes=signed.utc_offset_minutes))
    return {
        "decision": signed.decision,
        "role": signed.role,
        "person": signed.person_id,
        "name": signed.person_name,
        "meaning": signed.meaning,
        "criteria": signed.criteria,
        "comment": signed.comment,
        "signed_at": signed.signed_at.astimezone(zone).isoformat(timespec="microseconds"),
        "credential": {"methods": signed.methods, "challenge": signed.challenge},
    }


def _timely(signed: SignOff, key: Key, known: Keyring) -> str:
    why = key.why_not(signed.signed_at)
    if why or key.revoked_at is None:
        return why
    return "" if _vouched(signed, known) else UNVOUCHED


def _vouched(signed: SignOff, known: Keyring) -> bool:
    """Whether a head of the log that covers the signature's entry is signed by a key that is not revoked."""
    stream = f"gate:{signed.gate_id}"
    entries = AuditEntry.objects.filter(stream=stream, data__envelope=signed.envelope_sha256)
    seq = entries.values_list("seq", flat=True).first()
    trusted = {key.id: key for key in known.keys if key.revoked_at is None}
    heads = Checkpoint.objects.filter(stream=stream, length__gte=seq or 0, key_id__in=trusted)
    return seq is not None and any(_vouches(head, trusted[head.key_id], stream) for head in heads)


def _vouches(head: Checkpoint, key: Key, stream: str) -> bool:
    try:
        note = checkpoint.read(head.note.encode(), "a checkpoint")
    except BadContent:
        return False
    said = note.checkpoint
    there = AuditEntry.objects.filter(stream=stream, seq=said.length, hash=said.head)
    return said.stream == stream and note.by(key) and not key.why_not(said.at) and there.exists()


def _since(key: Key) -> float:
    return key.not_before.timestamp() if key.not_before else 0.0


@lru_cache(maxsize=1024)
def _read(envelope: str) -> dsse.Envelope | None:
    try:
        return dsse.read(envelope.encode(), "the envelope")
    except BadContent:
        return None


@lru_cache(maxsize=1024)
def _verified(envelope: str, public: bytes) -> bool:
    read = _read(envelope)
    return read is not None and Key(public=public).verifies(read.signature, read.pae)
