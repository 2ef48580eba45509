"""Reading the audit log's rows as they stand in the database, whatever stands there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

import msgspec
from django.db import OperationalError, connection

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
        return {**found, "data": json.loads(self.row.data, parse_int=_whole)}


def _whole(text: str) -> int | float:
    """PostgreSQL gives a huge fraction back as a whole number, which no entry can hold."""
    number = int(text) if len(text) < 18 else 2**53
    return number if abs(number) < 2**53 else float(text)


def stored(stream: str, *, after: int = 0, until: int | None = None) -> Iterator[Stored]:
    """The rows of a stream in order, as they stand; `data` is its JSON as text."""
    last = after
    try:
        for found in _stored(stream, after, until):
            yield found
            last = found.row.seq
    except OperationalError as error:
        # SQLite holds as text whatever was written with SQL; what is no UTF-8 was written by nobody else.
        if "decode" not in str(error):
            raise
        with _any_bytes():
            yield from _stored(stream, last, until)


def _stored(stream: str, after: int, until: int | None) -> Iterator[Stored]:
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(_QUERY[connection.vendor], [stream, after, 2**62 if until is None else until])
        while rows := cursor.fetchmany(CHUNK):
            for actor, name, at, data, revision, seq, subject, verb, previous, hashed in rows:
                row = Row(actor, name, _moment(at), data, revision, seq, stream, subject, verb)
                yield Stored(row, previous, hashed)


@contextmanager
def _any_bytes() -> Iterator[None]:
    connection.connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        connection.connection.text_factory = str


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
