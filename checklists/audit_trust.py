"""Whose signatures count when the audit log is verified: checkpoints, and statements of cuts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from checklists import keys
from checklists.models import Checkpoint
from readiness.engine.sealed import checkpoint as notes
from readiness.engine.sealed import dsse
from readiness.engine.sealed.keys import Key, Keyring

REVOKED = "which was revoked"


class Given(NamedTuple):
    """A checkpoint and where it comes from; `row` for one of the database."""

    place: str
    note: notes.Note
    stored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """Whose signatures count, and under which names this installation signs, or signed."""

    ring: Keyring
    names: frozenset[str]

    @classmethod
    def here(cls, ring: Keyring | None = None) -> Trusted:
        """The keys of this installation, or those that somebody brought along."""
        rows = Checkpoint.objects.order_by().values_list("note", flat=True)
        used = {note.partition("/audit/")[0] for note in rows.iterator()}
        return cls(ring=ring or keys.ring(), names=frozenset({keys.installation(), *used}))

    def key_of(self, note: notes.Note) -> Key | None:
        """The trusted key that signed a checkpoint of this installation."""
        if note.checkpoint.installation not in self.names:
            return None
        return next((key for key in self.ring.keys if note.by(key)), None)

    def why_not(self, note: notes.Note, key: Key | None) -> str:
        """Why a checkpoint proves nothing by itself; empty when it does."""
        said = note.checkpoint
        if said.installation not in self.names:
            return f"is of another installation, {said.installation}"
        if key is None:
            return "is not signed by a key that is known here"
        if key.revoked_at:
            return f"is signed by the key {key.id[:12]}, {REVOKED}"
        return key.why_not(said.at) and f"is signed by a key that did not count then: {key.why_not(said.at)}"


def signed(envelope: dsse.Envelope, trusted: Trusted) -> str:
    """Why a statement proves nothing here; empty when a trusted key signed it."""
    key = trusted.ring.find(envelope.keyid)
    if key is None or not key.verifies(envelope.signature, envelope.pae):
        return "is not signed by a key that is known here"
    if envelope.predicate.get("installation") not in trusted.names:
        return f"is of another installation, {envelope.predicate.get('installation')}"
    return f"is signed by the key {key.id[:12]}, which was revoked" if key.revoked_at else ""
