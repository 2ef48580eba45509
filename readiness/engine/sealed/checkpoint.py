"""Checkpoints of the audit log: the head of one stream, as a signed note.

The form is C2SP's tlog-checkpoint (https://c2sp.org/tlog-checkpoint) inside a signed note
(https://c2sp.org/signed-note): origin, size and hash on a line each, then extension lines, an empty line,
signatures. Our log is a chain, not a tree: the hash is that of the stream's last entry, which covers all
entries before it; the first extension line says when the head was signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from readiness.engine.errors import BadContent
from readiness.engine.sealed.dsse import Signer
from readiness.engine.sealed.keys import Key

MAX_NOTE = 10_000
_ED25519 = b"\x01"
_STREAM = re.compile(r"[a-z]+(:[1-9][0-9]*)?")
_NAME = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """`length` entries of `stream`, the last with hash `head` (hex), as `installation` signed it `at`."""

    installation: str
    stream: str
    length: int
    head: str
    at: datetime

    @property
    def origin(self) -> str:
        """The log that it is about, as `installation/audit/stream`."""
        return f"{self.installation}/audit/{self.stream}"

    def body(self) -> bytes:
        """What is signed."""
        head = base64.b64encode(bytes.fromhex(self.head)).decode()
        return f"{self.origin}\n{self.length}\n{head}\ntime {self.at.isoformat()}\n".encode()


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint that was read; nobody's word before a key verified it."""

    data: bytes
    checkpoint: Checkpoint
    key_hash: bytes
    signature: bytes

    def by(self, key: Key) -> bool:
        """Whether this key signed it; says nothing of time."""
        name = self.checkpoint.installation
        hashed = key_hash(name, key.public)
        return hashed == self.key_hash and key.verifies(self.signature, self.checkpoint.body())


def key_hash(name: str, public: bytes) -> bytes:
    """The four bytes by which a signed note names a key."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def verifier_key(name: str, public: bytes) -> str:
    """A public key in the form of signed notes: `name+hash+key`."""
    return f"{name}+{key_hash(name, public).hex()}+{base64.b64encode(_ED25519 + public).decode()}"


def sign(checkpoint: Checkpoint, signer: Signer, public: bytes) -> bytes:
    """The note. `public` is the signer's public key, 32 raw bytes."""
    name, body = checkpoint.installation, checkpoint.body()
    if not _NAME.fullmatch(name) or not _STREAM.fullmatch(checkpoint.stream):
        raise ValueError(f"{checkpoint.origin!r} cannot be the origin of a checkpoint")
    sealed = base64.b64encode(key_hash(name, public) + signer.sign(body)).decode()
    return body + f"\n— {name} {sealed}\n".encode()


def read(data: bytes, place: str) -> Note:
    """A note in the one form that `sign` writes. Verifies no signature. Raises BadContent."""
    problem = BadContent(f"{place} is no checkpoint of an audit log.", "Name the file as it was delivered.")
    if len(data) > MAX_NOTE:
        raise problem
    try:
        body, _, tail = data.decode().partition("\n\n")
        origin, length, head, stated = body.split("\n")
        name, _, stream = origin.partition("/audit/")
        mark, signer, sealed = tail.removesuffix("\n").split(" ")
        raw = base64.b64decode(sealed, validate=True)
        checkpoint = Checkpoint(
            installation=name,
            stream=stream,
            length=int(length),
            head=base64.b64decode(head, validate=True).hex(),
            at=datetime.fromisoformat(stated.removeprefix("time ")),
        )
    except (ValueError, binascii.Error):
        raise problem from None
    whole = (
        mark == "—"
        and signer == name
        and _NAME.fullmatch(name)
        and _STREAM.fullmatch(stream)
        and len(raw) == 68
    )
    note = checkpoint.body() + f"\n— {name} {base64.b64encode(raw).decode()}\n".encode()
    if (
        not whole
        or checkpoint.at.tzinfo is None
        or checkpoint.length < 0
        or len(checkpoint.head) != 64
        or note != data
    ):
        raise problem
    return Note(data, checkpoint, raw[:4], raw[4:])
