"""One in-toto statement in one DSSE envelope, signed by one Ed25519 key, in one canonical form.

The envelope's bytes are canonical JSON (RFC 8785), its payload too: the same statement by the same key is
the same envelope, and an envelope in any other form is refused. So its SHA-256 names it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from readiness.engine import seal
from readiness.engine.errors import BadContent
from readiness.engine.readers import plain_json

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
MAX_ENVELOPE = 1 << 20


class Signer(Protocol):
    """What signs: `keys.SigningKey`, or whatever keeps a key elsewhere."""

    @property
    def id(self) -> str:
        """The key's id."""

    def sign(self, data: bytes) -> bytes:
        """An Ed25519 signature over the data."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope that was read; nobody's word before `keyid`'s key verified `signature` over `pae`."""

    data: bytes
    statement: Mapping[str, Any]
    payload: bytes
    keyid: str
    signature: bytes

    @property
    def sha256(self) -> str:
        """The name of the envelope."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def pae(self) -> bytes:
        """What is signed: DSSE's pre-authentication encoding."""
        return pae(self.payload)

    @property
    def predicate_type(self) -> str:
        """What the statement is about."""
        return str(self.statement["predicateType"])

    @property
    def predicate(self) -> Mapping[str, Any]:
        """What the statement says."""
        found: Mapping[str, Any] = self.statement["predicate"]
        return found

    @property
    def subject(self) -> str:
        """The SHA-256 of the one subject, lower-case hex."""
        return str(self.statement["subject"][0]["digest"]["sha256"])


def pae(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding of type and payload."""
    return b"DSSEv1 %d %b %d %b" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def statement(
    *, subject: str, sha256: str, predicate_type: str, predicate: Mapping[str, Any]
) -> dict[str, Any]:
    """An in-toto statement about one subject. `sha256` is lower-case hex."""
    return {
        "_type": STATEMENT,
        "subject": [{"name": subject, "digest": {"sha256": sha256}}],
        "predicateType": predicate_type,
        "predicate": dict(predicate),
    }


def sign(said: Mapping[str, Any], signer: Signer) -> bytes:
    """The statement's envelope. Raises NotCanonicalError."""
    payload = seal.canonical(said)
    return _write(payload, signer.id, signer.sign(pae(payload)))


def read(data: bytes, place: str) -> Envelope:
    """An envelope in its one form. Verifies no signature. Raises BadContent."""
    if len(data) > MAX_ENVELOPE:
        raise BadContent(f"{place} is larger than an envelope may be.", "")
    loaded = _json(data, place)
    try:
        (signature,) = loaded["signatures"]
        payload = base64.b64decode(loaded["payload"], validate=True)
        keyid, sig = signature["keyid"], base64.b64decode(signature["sig"], validate=True)
        kind = loaded["payloadType"]
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise BadContent(f"{place} is no DSSE envelope with one signature.", "") from None
    if kind != PAYLOAD_TYPE or not isinstance(keyid, str):
        raise BadContent(f"{place} holds no in-toto statement.", "")
    said = _statement(payload, place)
    if _write(payload, keyid, sig) != data or seal.canonical(said) != payload:
        raise BadContent(f"{place} is not in the canonical form.", "")
    return Envelope(data, said, payload, keyid, sig)


def _write(payload: bytes, keyid: str, signature: bytes) -> bytes:
    return seal.canonical(
        {
            "payloadType": PAYLOAD_TYPE,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": keyid, "sig": base64.b64encode(signature).decode()}],
        }
    )


def _statement(payload: bytes, place: str) -> Mapping[str, Any]:
    said: dict[str, Any] = _json(payload, f"the statement in {place}")
    try:
        (subject,) = said["subject"]
        digest = subject["digest"]
        good = (
            said.keys() == {"_type", "subject", "predicateType", "predicate"}
            and said["_type"] == STATEMENT
            and subject.keys() == {"name", "digest"}
            and digest.keys() == {"sha256"}
            and _hex(digest["sha256"])
            and isinstance(said["predicateType"], str)
            and isinstance(said["predicate"], dict)
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        good = False
    if not good:
        raise BadContent(f"{place} holds no in-toto statement about one SHA-256.", "")
    return said


def _hex(text: object) -> bool:
    return isinstance(text, str) and len(text) == 64 and set(text) <= set("0123456789abcdef")


def _json(data: bytes, place: str) -> Any:
    try:
        loaded = plain_json.parse(data.decode(), place)
    except UnicodeDecodeError:
        raise BadContent(f"{place} is not UTF-8.", "") from None
    if not isinstance(loaded, dict):
        raise BadContent(f"{place} is no JSON object.", "")
    return loaded
