"""What a bundle or a PDF holds, taken apart into the same parts; nothing here is believed yet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from readiness.engine import seal
from readiness.engine.errors import BadContent, ReadinessError
from readiness.engine.readers import plain_json
from readiness.engine.sealed import checkpoint, dsse, keys, log, notes, statements
from readiness.engine.sealed.checkpoint import Note
from readiness.engine.sealed.dsse import Envelope
from readiness.engine.sealed.keys import Keyring
from readiness.engine.sealed.verify.fields import Fields, moment
from readiness.engine.sealed.verify.trust import UNKNOWN, Trust, Word

Bytes = bytes | memoryview
MAX_JSON = 256 << 20
MAX_SIGN_OFFS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The parts of a file. `kind` is bundle or report.

    `shown` is snapshot.json, `snapshots` are signed states by SHA-256, `evidence` sizes of files by their
    true SHA-256, `results` check runs by name, `index` says which evidence is whose. `checklist` or `index`
    None, empty mappings: the file does not hold them.
    """

    kind: str
    report: bytes
    seal: bytes
    log: Bytes
    checkpoint: bytes
    sign_offs: Sequence[bytes]
    keys: bytes
    earlier: Sequence[bytes] = ()
    shown: bytes | None = None
    snapshots: Mapping[str, bytes] = field(default_factory=dict)
    evidence: Mapping[str, int] = field(default_factory=dict)
    results: Mapping[str, bytes] = field(default_factory=dict)
    checklist: bytes | None = None
    index: bytes | None = None


class PartError(Exception):
    """A part that cannot be read at all; `claim` is what fails by it."""

    def __init__(self, claim: str, why: str) -> None:
        super().__init__(why)
        self.claim = claim
        self.why = why


@dataclass(slots=True, kw_only=True)
class SignOff:
    """One sign-off's envelope with what it says; `word` and `worth` are found out later."""

    envelope: Envelope
    said: Fields
    at: datetime
    word: Word = field(default_factory=lambda: Word(UNKNOWN))
    worth: str = ""

    @property
    def digest(self) -> str:
        """The state that it is about, as `sha256:…`."""
        return f"sha256:{self.envelope.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The parts, read. `stated` is the report's statement, `report` report.json."""

    material: Material
    trust: Trust
    envelope: Envelope
    stated: Fields
    made_at: datetime
    report: Fields
    log: log.Log
    note: Note
    earlier: tuple[Note, ...]
    outside: tuple[tuple[str, Note], ...]
    sign_offs: tuple[SignOff, ...]

    @property
    def snapshot(self) -> Mapping[str, Any]:
        """The state that the report shows."""
        return self.report.under("signed").under("snapshot").data

    @property
    def digest(self) -> str:
        """Its digest, computed."""
        return seal.digest(self.snapshot)


def read(material: Material, named: Keyring, outside: Mapping[str, bytes]) -> Case:
    """Read every part. Raises PartError for one that has no usable form, BadContent for a bad `outside`."""
    with _part("keys"):
        trust = Trust(named, keys.read(material.keys, "keys.json"))
    with _part("origin"):
        envelope = dsse.read(material.seal, "report.dsse.json")
        if envelope.predicate_type != statements.REPORT:
            raise BadContent("report.dsse.json is no statement on a report.", "")
        stated = Fields(envelope.predicate, "the statement on the report")
        made_at = stated.moment("made_at")
    with _part("report"):
        report = Fields(canonical_json(material.report, "report.json"), "report.json")
    with _part("log"):
        found = log.read(bytes(material.log), "the audit log", start=None)
    with _part("checkpoint"):
        note = checkpoint.read(material.checkpoint, "the checkpoint")
        earlier = tuple(checkpoint.read(one, "an earlier checkpoint") for one in material.earlier)
    with _part("signatures"):
        sign_offs = tuple(_sign_off(data, number) for number, data in enumerate(material.sign_offs, 1))
    return Case(
        material=material,
        trust=trust,
        envelope=envelope,
        stated=stated,
        made_at=made_at,
        report=report,
        log=found,
        note=note,
        earlier=earlier,
        outside=tuple((name, note) for name, data in outside.items() for note in notes.read(data, name)),
        sign_offs=sign_offs,
    )


def canonical_json(data: Bytes, place: str) -> Any:
    """JSON in its one canonical form. Raises BadContent."""
    raw = bytes(data)
    if len(raw) > MAX_JSON:
        raise BadContent(f"{place} is larger than {MAX_JSON >> 20} MB.", "")
    try:
        loaded = plain_json.parse(raw.decode(), place)
        try:
            same = seal.canonical(loaded) == raw
        except seal.NotCanonicalError:
            loaded = _as_written(loaded)
            same = seal.canonical(loaded) == raw
    except (UnicodeDecodeError, seal.NotCanonicalError):
        same = False
    if not same:
        raise BadContent(f"{place} is not in the canonical form: it was written again, or changed.", "")
    return loaded


def _as_written(value: Any) -> Any:
    """Integers beyond what JSON holds exactly were fractions: 1e20 is written without a point."""
    if isinstance(value, Mapping):
        return {key: _as_written(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_written(each) for each in value]
    return float(value) if type(value) is int and 2**53 <= abs(value) <= 2**1000 else value


def sha256(data: Bytes) -> str:
    """Lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def _sign_off(data: bytes, number: int) -> SignOff:
    place = f"sign-off {number}"
    envelope = dsse.read(data, place)
    if envelope.predicate_type != statements.SIGN_OFF:
        raise BadContent(f"{place} is no sign-off: its statement is of another kind.", "")
    said = Fields(envelope.predicate, place)
    return SignOff(envelope=envelope, said=said, at=moment(said.text("signed_at"), place))


@contextmanager
def _part(claim: str) -> Iterator[None]:
    try:
        yield
    except ReadinessError as error:
        raise PartError(claim, error.message) from None
