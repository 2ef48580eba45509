"""What a signature is worth: by a key that somebody outside named, within its time, not revoked.

A key that only the file itself encloses proves nothing about where the file comes from, but what it says
must fit all the same, and what it admits against itself (retired, revoked) counts.

A revoked key: what it signs from that moment on is wrong. What it signed before counts only where something
else vouches for the time: the audit entry that records it lies under a checkpoint by another trusted key that
was not revoked. Else nobody can tell it from a forgery that was dated back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from readiness.engine.sealed.checkpoint import Note, key_hash
from readiness.engine.sealed.dsse import Envelope
from readiness.engine.sealed.keys import Key, Keyring
from readiness.engine.sealed.verify.result import State

VERIFIED, UNKNOWN, FAILED = State.VERIFIED, State.NOT_VERIFIED, State.FAILED


@dataclass(frozen=True, slots=True)
class Word:
    """What one signature is worth, why when it is not verified, and the key's id where it is known."""

    state: State
    why: str = ""
    key: str = ""


class Trust:
    """The keys that the verifier named, beside those that the file encloses."""

    def __init__(self, named: Keyring, enclosed: Keyring) -> None:
        self.named = Keyring(tuple(_stricter(key, enclosed.find(key.id)) for key in named.keys))
        self.enclosed = enclosed

    @property
    def any(self) -> bool:
        """Whether anybody named a key at all."""
        return bool(self.named.keys)

    def envelope(self, envelope: Envelope, at: datetime, *, vouched: bool = False) -> Word:
        """The worth of an envelope that says it was signed `at`; `vouched`: see this module."""

        def fits(key: Key) -> bool:
            return key.verifies(envelope.signature, envelope.pae)

        return self._judge(
            self.named.find(envelope.keyid),
            self.enclosed.find(envelope.keyid),
            fits,
            at,
            (envelope.keyid, str(envelope.predicate.get("installation"))),
            vouched=vouched,
        )

    def note(self, note: Note) -> Word:
        """The worth of a checkpoint. One by a revoked key is never verified: nothing vouches for it."""
        named = _by_hash(self.named.keys, note)
        enclosed = _by_hash(self.enclosed.keys, note)
        shown = note.key_hash.hex(), note.checkpoint.installation
        return self._judge(named, enclosed, note.by, note.checkpoint.at, shown, vouched=False)

    def _judge(  # noqa: PLR0911  # one answer a question
        self,
        named: Key | None,
        enclosed: Key | None,
        fits: Callable[[Key], bool],
        at: datetime,
        stated: tuple[str, str],
        *,
        vouched: bool,
    ) -> Word:
        key, (shown, installation) = named or enclosed, stated
        if key is None:
            return Word(UNKNOWN, f"it is signed by the key {_short(shown)}, which {self._nobody()}", shown)
        if not fits(key):
            return Word(FAILED, f"the signature is not by the key {_short(key.id)} that it names", key.id)
        if why := key.why_not(at):
            return Word(FAILED, f"it is dated {at.isoformat(timespec='seconds')}, but {why}", key.id)
        if named is None:
            return Word(UNKNOWN, f"it is signed by the key {_short(key.id)}, which {self._nobody()}", key.id)
        if named.installation not in ("", installation):
            whose = f"is that of {named.installation} by the file that you named, not of {installation}"
            return Word(UNKNOWN, f"the key {_short(key.id)} {whose}", key.id)
        if key.revoked_at and not vouched:
            return Word(
                UNKNOWN,
                f"the key {_short(key.id)} was revoked later, and no checkpoint by another key says that "
                "this was signed before",
                key.id,
            )
        return Word(VERIFIED, "", key.id)

    def _nobody(self) -> str:
        return "is not among the keys that you named" if self.any else "nobody outside this file vouches for"


def worst(states: Iterable[State]) -> State:
    """Failed before not verified before verified."""
    found = set(states)
    return next((state for state in (FAILED, UNKNOWN) if state in found), VERIFIED)


def _by_hash(keys: Iterable[Key], note: Note) -> Key | None:
    """The key that a note names. Its four bytes are no proof: of several, the one that signed it."""
    name = note.checkpoint.installation
    known = [key for key in keys if key_hash(name, key.public) == note.key_hash]
    return next((key for key in known if note.by(key)), known[0] if known else None)


def _stricter(named: Key, enclosed: Key | None) -> Key:
    """The named key with what the file itself admits about it: an earlier end, a revocation."""
    if enclosed is None:
        return named
    return replace(
        named,
        not_before=_latest(named.not_before, enclosed.not_before),
        not_after=_earlier(named.not_after, enclosed.not_after),
        revoked_at=_earlier(named.revoked_at, enclosed.revoked_at),
        reason=named.reason or enclosed.reason,
    )


def _earlier(named: datetime | None, enclosed: datetime | None) -> datetime | None:
    # A key file has whole seconds: the same moment must not come out as an earlier one.
    if named and enclosed and named.replace(microsecond=0) == enclosed:
        return named
    return min((moment for moment in (named, enclosed) if moment), default=None)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)


def _short(text: str) -> str:
    return f"{text[:12]}…" if len(text) > 12 else text
