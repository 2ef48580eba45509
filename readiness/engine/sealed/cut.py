"""A cut of the audit log: the entries that left the database, in one file that proves itself.

The file holds one entry a line, as `log.py` reads them, and as its last line a signed statement: which
stream, from which entry to which, the SHA-256 of the lines, and a checkpoint at the last of them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, BinaryIO, TypedDict

from readiness.engine.errors import BadContent
from readiness.engine.sealed import dsse, log
from readiness.engine.sealed.log_lines import MAX_LINE, parse
from readiness.engine.sealed.statements import CUT

_NO_CUT = "Name the file that `manage.py audit seal` wrote."


class Cut(TypedDict):
    """What the statement says: entries after `since` up to `until`, both as `length:hash`."""

    installation: str
    stream: str
    since: str
    until: str
    checkpoint: str
    cut_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A sealed file that was read; nobody's word before a key verified the envelope."""

    envelope: dsse.Envelope
    said: Cut
    sha256: str  # of the whole file
    broken: log.Break | None

    @property
    def start(self) -> log.Start:
        """The entry before the first one."""
        return point(self.said["since"])

    @property
    def end(self) -> log.Start:
        """The last entry."""
        return point(self.said["until"])


def sign(said: Cut, *, sha256: str, signer: dsse.Signer) -> bytes:
    """The last line; `sha256` of the lines before it in hex."""
    name = f"{said['installation']}/audit/{said['stream']}"
    stated = dsse.statement(subject=name, sha256=sha256, predicate_type=CUT, predicate=said)
    return dsse.sign(stated, signer) + b"\n"


def point(text: str) -> log.Start:
    """`length:hash` read. Raises ValueError."""
    length, _, hashed = text.partition(":")
    return log.Start(int(length), hashed)


def told(place: log.Start) -> str:
    """`length:hash`."""
    return f"{place.seq}:{place.hash}"


def read(file: BinaryIO, place: str) -> Sealed:
    """Read a sealed file in pieces and verify its chain; no signature. Raises BadContent."""
    whole, lines = hashlib.sha256(), hashlib.sha256()
    first = file.readline(MAX_LINE)
    stream, seq, previous = _beginning(first, place)
    start, broken, number = log.Start(seq, previous), None, seq
    raw = first
    while (following := file.readline(MAX_LINE)) or not raw.endswith(b"\n"):
        if not raw.endswith(b"\n"):
            raise BadContent(f"{place} ends in the middle of a line.", _NO_CUT)
        whole.update(raw)
        lines.update(raw)
        number += 1
        found = parse(raw)
        why = found if isinstance(found, str) else log.misfit(found, stream, number - 1, previous)
        broken = broken or (log.Break(number, why) if why else None)
        previous = "" if isinstance(found, str) else found.hash
        raw = following
    whole.update(raw)
    envelope, said = _statement(raw, place)
    end = log.Start(number, previous)
    broken = broken or _unlike(said, envelope, stream, (start, end), lines.hexdigest())
    return Sealed(envelope=envelope, said=said, sha256=whole.hexdigest(), broken=broken)


def _beginning(raw: bytes, place: str) -> tuple[str, int, str]:
    found = parse(raw)
    if isinstance(found, str):
        raise BadContent(f"{place} begins with no entry of an audit log.", _NO_CUT)
    return str(found.content["stream"]), found.seq - 1, found.previous


def _statement(last: bytes, place: str) -> tuple[dsse.Envelope, Cut]:
    problem = BadContent(f"{place} ends with no statement about a cut of the audit log.", _NO_CUT)
    try:
        envelope = dsse.read(last.removesuffix(b"\n"), place)
    except BadContent:
        raise problem from None
    raw: Any = envelope.predicate
    shaped = raw.keys() == Cut.__annotations__.keys() and all(isinstance(v, str) for v in raw.values())
    try:
        good = shaped and all(len(point(raw[name]).hash) == 64 for name in ("since", "until"))
    except ValueError:
        good = False
    if envelope.predicate_type != CUT or not good:
        raise problem
    found: Cut = raw
    return envelope, found


def _unlike(
    said: Cut, envelope: dsse.Envelope, stream: str, ends: tuple[log.Start, log.Start], sha256: str
) -> log.Break | None:
    start, end = ends
    if (said["stream"], point(said["since"]), point(said["until"])) != (stream, start, end):
        return log.Break(end.seq, "is not where the statement says that the file ends, or begins")
    if envelope.subject != sha256:
        return log.Break(end.seq, "is the last of lines whose SHA-256 is not the stated one")
    return None
