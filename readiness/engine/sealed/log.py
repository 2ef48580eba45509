"""One stream of the audit log outside the database: a canonical JSON object a line, chained by SHA-256.

A line holds what the entry's hash covers, and `previous` and `hash` beside it. Whoever holds the lines
computes every hash again; whoever also holds a checkpoint sees what was cut off or written anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from readiness.engine.errors import LimitExceeded
from readiness.engine.sealed.checkpoint import Checkpoint
from readiness.engine.sealed.log_lines import Entry, hash_of, line, parse

__all__ = ["FIRST", "GENESIS", "Break", "Compared", "Entry", "Log", "Standing", "Start", "against", "hash_of",
           "line", "read", "verify"]  # fmt: skip

GENESIS = "0" * 64
MAX_BYTES = 512 << 20


class Start(NamedTuple):
    """Where a file begins: after entry `seq`, whose hash is `hash`."""

    seq: int
    hash: str


FIRST = Start(0, GENESIS)


class Break(NamedTuple):
    """The first entry that does not fit, by its place in the stream, and why in words."""

    seq: int
    why: str


@dataclass(frozen=True, slots=True)
class Log:
    """The entries of one stream up to the first that does not fit; all of them when `broken` is None."""

    stream: str
    start: Start
    entries: tuple[Entry, ...]
    broken: Break | None = None

    @property
    def length(self) -> int:
        """The place of the last good entry."""
        return self.start.seq + len(self.entries)

    @property
    def head(self) -> str:
        """The hash of the last good entry."""
        return self.entries[-1].hash if self.entries else self.start.hash

    def hash_at(self, seq: int) -> str | None:
        """The hash of entry `seq`; None for one that this log does not hold."""
        if seq == self.start.seq:
            return self.start.hash
        place = seq - self.start.seq - 1
        return self.entries[place].hash if 0 <= place < len(self.entries) else None


class Standing(StrEnum):
    """How a log stands against a checkpoint; only COVERED is good."""

    COVERED = "covered"  # as it was when the head was signed; it may be ahead
    CUT_OFF = "cut off"  # shorter than what was signed
    REWRITTEN = "rewritten"  # another entry stands where the signed one stood
    BROKEN = "broken"  # the chain breaks before the signed entry
    BEFORE = "before"  # the signed entry lies before this log begins: nothing can be said
    OTHER = "other"  # the checkpoint is of another stream: nothing can be said


class Compared(NamedTuple):
    """How it stands, at which entry, and that in words (empty when covered)."""

    standing: Standing
    seq: int
    why: str


def read(data: bytes, place: str, *, start: Start | None = FIRST) -> Log:
    """Read and verify a file of lines; see `verify`. Raises LimitExceeded for one beyond MAX_BYTES."""
    if len(data) > MAX_BYTES:
        raise LimitExceeded(f"{place} is larger than a log may be ({MAX_BYTES >> 20} MB).")
    return verify(data.splitlines(keepends=True) if data else (), start)


def verify(lines: Iterable[bytes], start: Start | None = FIRST) -> Log:
    """The entries of the lines (each with its end), up to the first that does not fit.

    `start` None takes the first line's word for what came before it: right for a log whose beginning was cut
    and sealed, when a checkpoint vouches for its end. Never raises for what the lines hold.
    """
    entries: list[Entry] = []
    stream, begun = "", start
    seq, previous = start or (0, "")
    for number, raw in enumerate(lines):
        found = parse(raw)
        if isinstance(found, str):
            return Log(stream, begun or FIRST, tuple(entries), Break(seq + 1, found))
        if number == 0:
            stream = found.content["stream"]
            if begun is None:
                begun = Start(found.seq - 1, found.previous)
                seq, previous = begun
        if why := misfit(found, stream, seq, previous):
            return Log(stream, begun or FIRST, tuple(entries), Break(seq + 1, why))
        entries.append(found)
        seq, previous = found.seq, found.hash
    return Log(stream, begun or FIRST, tuple(entries))


def against(log: Log, checkpoint: Checkpoint) -> Compared:
    """How the log stands against a checkpoint; whether its signature is to be trusted is not asked here."""
    length = checkpoint.length
    if log.stream != checkpoint.stream:
        return Compared(Standing.OTHER, 0, f"the checkpoint is of the stream {checkpoint.stream}")
    if length < log.start.seq:
        return Compared(Standing.BEFORE, length, f"the log begins after entry {log.start.seq}")
    found = log.hash_at(length)
    if found is None and log.broken:
        return Compared(Standing.BROKEN, *log.broken)
    if found is None:
        why = f"the log ends at entry {log.length}; {length} entries were signed on {_day(checkpoint.at)}"
        return Compared(Standing.CUT_OFF, log.length + 1, why)
    if found != checkpoint.head:
        why = f"entry {length} is not the one that was signed on {_day(checkpoint.at)}"
        return Compared(Standing.REWRITTEN, length, why)
    return Compared(Standing.COVERED, length, "")


def _day(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="minutes")


def misfit(entry: Entry, stream: str, seq: int, previous: str) -> str:
    """Why the entry cannot follow entry `seq` with hash `previous`; empty when it does."""
    if entry.content["stream"] != stream:
        return f"belongs to the stream {entry.content['stream']}, not to {stream}"
    if entry.seq != seq + 1:
        return f"is missing; entry {entry.seq} stands in its place"
    if entry.previous != previous:
        return "does not follow the entry before it"
    if hash_of(previous, entry.content) != entry.hash:
        return "was changed after it was written"
    return ""
