"""What a backup says of itself, signed by the installation that made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from readiness.engine import seal
from readiness.engine.errors import ReadinessError
from readiness.engine.sealed import checkpoint, dsse, tar
from readiness.engine.sealed.keys import Keyring, SigningKey
from readiness.engine.sealed.tar import Member

KIND = "readiness-backup"
SCHEMA_VERSION = 1
PREDICATE = "urn:readiness:backup:v1"
MANIFEST, STATEMENT = "manifest.json", "manifest.dsse.json"
MAX_MANIFEST = 256 << 20
TAKE_IT = "Take the file as it was written, or an older backup."


class BackupRefused(ReadinessError):
    """A file that is no backup, or not as it was written."""

    usual = TAKE_IT


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup whose every byte was compared with its manifest, and that with its signature.

    `notes` are the checkpoints of every stream at its moment; `known` is whether a trusted key signed it.
    """

    said: Mapping[str, Any]
    members: Mapping[str, Member]
    notes: tuple[checkpoint.Note, ...]
    signer: str
    known: bool

    def beneath(self, folder: str) -> list[Member]:
        """The members of a folder, in order."""
        return [member for name, member in self.members.items() if name.startswith(f"{folder}/")]


def statement(data: bytes, said: Mapping[str, Any], key: SigningKey) -> bytes:
    """The envelope over a manifest."""
    predicate = {name: said[name] for name in ("installation", "made_at", "with_keys")}
    sha256 = hashlib.sha256(data).hexdigest()
    return dsse.sign(
        dsse.statement(subject=MANIFEST, sha256=sha256, predicate_type=PREDICATE, predicate=predicate), key
    )


def read(file: IO[bytes], place: str, trusted: Keyring) -> Backup:
    """Read a backup and hash all of it. Raises BackupRefused, BadContent."""
    found = {member.name: member for member in tar.members(file, place)}
    if list(found)[-2:] != [MANIFEST, STATEMENT] or found[MANIFEST].size > MAX_MANIFEST:
        raise BackupRefused(f"{place} is no backup of Readiness.")
    data = b"".join(tar.chunks(file, found[MANIFEST]))
    signed = dsse.read(b"".join(tar.chunks(file, found[STATEMENT])), STATEMENT)
    said = _said(data, place)
    key = trusted.find(signed.keyid)
    right = signed.predicate_type == PREDICATE and signed.subject == hashlib.sha256(data).hexdigest()
    if not right or (key and not key.verifies(signed.signature, signed.pae)):
        raise BackupRefused(f"The signature of {place} is not over its manifest: it was changed.")
    _compare(file, place, said, found)
    notes = tuple(
        checkpoint.read(text.encode(), "a checkpoint of the backup") for text in said["checkpoints"]
    )
    return Backup(said=said, members=found, notes=notes, signer=signed.keyid, known=key is not None)


def _said(data: bytes, place: str) -> Mapping[str, Any]:
    try:
        said = json.loads(data)
        known = said["kind"] == KIND and said["schema_version"] == SCHEMA_VERSION
        canonical = seal.canonical(said) == data
    except (ValueError, KeyError, TypeError):
        known = canonical = False
    if not (known and canonical):
        raise BackupRefused(f"{place} has a manifest that this release does not understand.")
    checked: Mapping[str, Any] = said
    return checked


def _compare(file: IO[bytes], place: str, said: Mapping[str, Any], found: Mapping[str, Member]) -> None:
    listed = {each["name"]: each for each in said["members"]}
    if list(listed) != list(found)[:-2]:
        raise BackupRefused(f"{place} holds other files than its manifest names.")
    for name, each in listed.items():
        if found[name].size != each["size"] or tar.sha256(file, found[name]) != each["sha256"]:
            raise BackupRefused(f"{name} in {place} was changed.")
