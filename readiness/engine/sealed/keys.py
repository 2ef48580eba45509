"""Ed25519 keys of an installation: ids, windows of validity, revocation, and the file that names them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from readiness.engine import seal
from readiness.engine.errors import BadContent
from readiness.engine.readers import plain_json

SCHEMA_VERSION = 1
KIND = "readiness-keys"
MAX_KEYS = 1000
_END = b"-----END PUBLIC KEY-----"


def key_id(public: bytes) -> str:
    """The id of a public key: lower-case SHA-256 hex of its 32 raw bytes."""
    return hashlib.sha256(public).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A public key (32 raw bytes), when it may sign, and whether its word is worth less since a moment.

    None as `not_before` or `not_after` is an open end. After `revoked_at` nothing by it counts; what it
    signed before counts only where something else vouches for the time (see sealed/verify). `installation`
    is whose it is by the file that it was read from; empty when that does not say, as PEM does not.
    """

    public: bytes
    not_before: datetime | None = None
    not_after: datetime | None = None
    revoked_at: datetime | None = None
    reason: str = ""
    installation: str = ""

    @property
    def id(self) -> str:
        """See `key_id`."""
        return key_id(self.public)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature over the data is by this key; says nothing of time."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True

    def why_not(self, at: datetime) -> str:
        """Why the key may not have signed at that moment, in words; empty when it may."""
        if self.not_before and at < self.not_before:
            return f"the key is used since {_moment(self.not_before)} only"
        if self.not_after and at > self.not_after:
            return f"the key was retired on {_moment(self.not_after)}"
        if self.revoked_at and at >= self.revoked_at:
            return f"the key was revoked on {_moment(self.revoked_at)}" + (
                f": {self.reason}" if self.reason else ""
            )
        return ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data: times in ISO 8601, UTC."""
        return {
            "id": self.id,
            "algorithm": "ed25519",
            "public": base64.b64encode(self.public).decode(),
            "not_before": _moment(self.not_before),
            "not_after": _moment(self.not_after),
            "revoked_at": _moment(self.revoked_at),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key in memory. Its text form is PEM (PKCS #8, not encrypted)."""

    private: Ed25519PrivateKey

    @classmethod
    def make(cls) -> SigningKey:
        """A new one."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, pem: bytes, place: str) -> SigningKey:
        """From PEM; `place` names it in messages. Raises BadContent."""
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise BadContent(f"{place} is no private key in PEM: {str(error)[:120]}.", "") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise BadContent(f"{place} is no Ed25519 key.", "Make one with: manage.py keys rotate.")
        return cls(key)

    @property
    def public(self) -> bytes:
        """The 32 raw bytes of the public key."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def id(self) -> str:
        """See `key_id`."""
        return key_id(self.public)

    def sign(self, data: bytes) -> bytes:
        """64 bytes."""
        return self.private.sign(data)

    def pem(self) -> bytes:
        """The private key as PEM."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True, slots=True)
class Keyring:
    """Public keys, by id. Empty where nobody named any: then nothing is trusted."""

    keys: tuple[Key, ...] = ()

    def find(self, wanted: str) -> Key | None:
        """The key of that id."""
        return next((key for key in self.keys if key.id == wanted), None)

    def files(self) -> list[bytes]:
        """As files that `read` reads, one for each installation; none for no key."""
        owners = sorted({key.installation for key in self.keys})
        mine = {owner: Keyring(tuple(k for k in self.keys if k.installation == owner)) for owner in owners}
        return [seal.canonical(ring.to_dict(owner)) for owner, ring in mine.items()]

    def to_dict(self, installation: str) -> dict[str, Any]:
        """The form that `manage.py keys export` writes and a bundle encloses."""
        return {
            "schema_version": SCHEMA_VERSION,
            "kind": KIND,
            "installation": installation,
            "keys": [key.to_dict() for key in self.keys],
        }


def read(data: bytes, place: str) -> Keyring:
    """The keys of a file: one or several public keys in PEM, or JSON as `Keyring.to_dict` writes it.

    Raises BadContent for anything else, for private keys, and for a file without a key.
    """
    if b"PRIVATE KEY" in data:
        raise BadContent(f"{place} holds a private key.", "Name the public key; this one is not secret now.")
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        found = _from_json(data, place)
    else:
        found = tuple(_from_pem(part + _END, place) for part in data.split(_END)[:-1])
    if not found:
        raise BadContent(f"{place} holds no public key.", "Name PEM, or what `manage.py keys export` wrote.")
    if len({key.id for key in found}) != len(found):
        raise BadContent(f"{place} names a key twice.", "Write each key once.")
    return Keyring(found)


def pem(public: bytes) -> bytes:
    """A public key as PEM (SubjectPublicKeyInfo)."""
    return Ed25519PublicKey.from_public_bytes(public).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


def _from_pem(part: bytes, place: str) -> Key:
    try:
        key = load_pem_public_key(part.strip())
    except ValueError as error:
        raise BadContent(f"{place} is no public key in PEM: {str(error)[:120]}.", "") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadContent(f"{place} holds a key that is not Ed25519.", "")
    return Key(public=key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def _from_json(data: bytes, place: str) -> tuple[Key, ...]:
    try:
        loaded = plain_json.parse(data.decode("utf-8-sig"), place)
    except UnicodeDecodeError:
        raise BadContent(f"{place} is not UTF-8.", "") from None
    known = isinstance(loaded, Mapping) and loaded.get("kind") == KIND
    if not known or loaded.get("schema_version") != SCHEMA_VERSION:
        raise BadContent(f"{place} is no {KIND} file of version {SCHEMA_VERSION}.", "Export the keys again.")
    listed = loaded.get("keys")
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise BadContent(f"{place} has no usable list of keys.", "Export the keys again.")
    owner = loaded.get("installation")
    if not isinstance(owner, str):
        raise BadContent(f"{place} does not say whose keys these are.", "Export the keys again.")
    return tuple(replace(_key(each, place), installation=owner) for each in listed)


def _key(raw: Any, place: str) -> Key:
    try:
        key = Key(
            public=base64.b64decode(raw["public"], validate=True),
            not_before=_read_moment(raw["not_before"]),
            not_after=_read_moment(raw["not_after"]),
            revoked_at=_read_moment(raw["revoked_at"]),
            reason=str(raw["reason"]),
        )
        good = raw["algorithm"] == "ed25519" and len(key.public) == 32 and key.id == raw["id"]
    except (KeyError, TypeError, ValueError, OverflowError, binascii.Error):
        good = False
    if not good:
        raise BadContent(f"{place} has a key that is not understood.", "Export the keys again.")
    return key


def _moment(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""


def _read_moment(text: str) -> datetime | None:
    if not text:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at.astimezone(UTC)  # OverflowError: in UTC it would be before year 1 or after 9999
