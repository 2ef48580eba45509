"""Computing the chains of the audit log again, straight from the rows and quickly.

The quick way writes an entry's canonical JSON by msgspec, which agrees with RFC 8785 on nearly everything.
Where the hash does not fit, the exact way decides: the quick one never condemns an entry, and cannot excuse
one either, because canonical JSON that hashes right is what was written.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec
import rfc8785
from django.db.models import OuterRef, Subquery

from checklists.audit_rows import Stored, stored
from checklists.models import AuditEntry, AuditStream, Checkpoint
from readiness.engine import seal
from readiness.engine.sealed.log import GENESIS, hash_of


@dataclass(frozen=True, slots=True)
class Broken:
    """The first bad place of a stream; `seq` 0 is none of its entries."""

    stream: str
    seq: int
    why: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A stream as far as it holds: its length and last hash."""

    stream: str
    length: int
    head: str
    broken: Broken | None = None


def verify(stream: str) -> Broken | None:
    """Recompute a stream's chain and look at both its ends; the first entry that does not fit, or None."""
    head = AuditStream.objects.filter(pk=stream).first() or AuditStream(name=stream)
    start = (head.cut, head.cut_head) if head.cut else (0, GENESIS)
    chain = follow(stream, *start, until=head.length)
    if chain.broken:
        return chain.broken
    if (chain.length, chain.head) != (head.length, head.head or GENESIS):
        return Broken(stream, chain.length + 1, f"the stream should end at entry {head.length}")
    return _ends(stream)


def _ends(stream: str) -> Broken | None:
    """What stands before a stream's beginning or behind its end; one query, while others may write."""
    entries = AuditEntry.objects.filter(stream=OuterRef("name")).order_by()
    heads = AuditStream.objects.filter(pk=stream).annotate(
        first=Subquery(entries.order_by("seq").values("seq")[:1]),
        last=Subquery(entries.order_by("-seq").values("seq")[:1]),
    )
    row = heads.values_list("length", "cut", "first", "last").first()
    if row is None:
        left = AuditEntry.objects.filter(stream=stream).exists()
        return Broken(stream, 1, "the row of the stream is missing") if left else None
    length, cut, first, last = row
    if first is not None and first <= cut:
        return Broken(stream, first, "was cut, and stands here all the same")
    if (last or cut) > length:
        return Broken(stream, length + 1, f"stands behind the end of the stream, entry {length}")
    return None


def verify_all() -> list[Broken]:
    """The first bad place of every stream that has one."""
    return [broken for name in names() if (broken := verify(name))]


def names() -> list[str]:
    """Every stream that has a head, an entry or a checkpoint."""
    found = set(AuditStream.objects.values_list("name", flat=True))
    for model in (AuditEntry, Checkpoint):
        found |= set(model.objects.order_by().values_list("stream", flat=True).distinct())
    return sorted(found)


def follow(stream: str, seq: int = 0, previous: str = GENESIS, *, until: int | None = None) -> Chain:
    """The chain of the entries after entry `seq`, whose hash is `previous`, to the first that breaks it."""
    decode, encode, sha256 = quick_decode, quick_encode, hashlib.sha256
    for row, before, hashed in stored(stream, after=seq, until=until):
        if row.seq != seq + 1:
            return Chain(stream, seq, previous, Broken(stream, seq + 1, f"entry {seq + 1} is missing"))
        seq += 1
        if before != previous:
            why = "does not follow the entry before it"
            return Chain(stream, seq - 1, previous, Broken(stream, seq, why))
        text = row.data
        try:
            row.data = decode(text)
            quick = sha256(b"%b\n%b" % (previous.encode(), encode(row))).hexdigest()
        except (ValueError, TypeError):  # odd data, or odd types: the exact way decides
            quick = ""
        if quick != hashed:
            row.data = text
            if not _exactly(Stored(row, before, hashed)):
                why = "was changed after it was written"
                return Chain(stream, seq - 1, previous, Broken(stream, seq, why))
        previous = hashed
    return Chain(stream, seq, previous)


def _fraction(text: str) -> msgspec.Raw:
    return msgspec.Raw(rfc8785.dumps(float(text)))


quick_decode = msgspec.json.Decoder(float_hook=_fraction).decode
quick_encode = msgspec.json.Encoder(order="sorted").encode


def _exactly(found: Stored) -> bool:
    try:
        return hash_of(found.previous, found.content) == found.hash
    except (ValueError, UnicodeEncodeError, seal.NotCanonicalError):
        return False
