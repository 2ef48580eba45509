"""Computing the chains of the audit log again, straight from the rows and quickly.

The quick way writes an entry's canonical JSON by msgspec, which agrees with RFC 8785 on nearly everything.
Where the hash does not fit, the exact way decides: the quick one never condemns an entry, and cannot excuse
one either, because canonical JSON that hashes right is what was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import rfc8785
from django.db import connection
from django.db.models import OuterRef, Subquery

from checklists.models import AuditEntry, AuditStream, Checkpoint
from readiness.engine import seal
from readiness.engine.sealed.log import GENESIS, hash_of

CHUNK = 2000


class Row(msgspec.Struct):
    """An entry as it stands in the database; the names are in canonical order."""

    actor_id: int | None
    actor_name: str
    at: str
    data: Any
    revision: int | None
    seq: int
    stream: str
    subject: str
    verb: str


class Stored(NamedTuple):
    """A row as it was read: content, and both hashes."""

    row: Row
    previous: str
    hash: str

    @property
    def content(self) -> dict[str, Any]:
        """What the hash covers, exactly. Raises ValueError for data that is no JSON."""
        found: dict[str, Any] = msgspec.structs.asdict(self.row)
        return {**found, "data": json.loads(self.row.data)}


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
    decode = msgspec.json.Decoder(float_hook=_fraction).decode
    encode = msgspec.json.Encoder(order="sorted").encode
    sha256 = hashlib.sha256
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


def _exactly(found: Stored) -> bool:
    try:
        return hash_of(found.previous, found.content) == found.hash
    except (ValueError, UnicodeEncodeError, seal.NotCanonicalError):
        return False


def stored(stream: str, *, after: int = 0, until: int | None = None) -> Iterator[Stored]:
    """The rows of a stream in order, as they stand; `data` is its JSON as text."""
    last = 2**62 if until is None else until
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(_QUERY[connection.vendor], [stream, after, last])
        while rows := cursor.fetchmany(CHUNK):
            for actor, name, at, data, revision, seq, subject, verb, previous, hashed in rows:
                yield Stored(
                    Row(actor, name, _moment(at), data, revision, seq, stream, subject, verb),
                    previous,
                    hashed,
                )


def _moment(text: str) -> str:
    """A time as the database holds it, in the form that is hashed; anything else stays as it is."""
    if len(text) == 19:  # SQLite leaves out a whole second's fraction
        text += ".000000"
    return f"{text[:10]}T{text[11:]}+00:00" if text[10:11] == " " else text


_ROWS = """
SELECT actor_id, CAST(actor_name AS TEXT), {at}, CAST(data AS TEXT), revision, seq, CAST(subject AS TEXT),
       CAST(verb AS TEXT), CAST(previous AS TEXT), CAST(hash AS TEXT)
  FROM checklists_auditentry WHERE stream = %s AND seq > %s AND seq <= %s ORDER BY seq
"""
_QUERY = {
    "sqlite": _ROWS.format(at="CAST(at AS TEXT)"),
    "postgresql": _ROWS.format(at="to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"),
}
