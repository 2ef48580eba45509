"""Second factors of the tests: codes as an app computes them, and a passkey made of a key of our own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
import time
from dataclasses import dataclass, field

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

ORIGIN = "http://localhost:8000"
FLAG = AuthenticatorData.FLAG
PRESENT, VERIFIED, HOLDS_DATA = FLAG.UP, FLAG.UV, FLAG.AT


def app_code(secret: str, at: float | None = None) -> str:
    """The six digits of RFC 6238 for a base32 secret."""
    counter = struct.pack(">Q", int((time.time() if at is None else at) // 30))
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def add_app(person) -> str:
    """Give a person an authenticator app; its secret."""
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    return secret


def add_codes(person) -> list[str]:
    """Give a person recovery codes."""
    return RecoveryCodes.activate(person).generate_codes()


def words(raw: bytes) -> str:
    """Base64 as browsers write it in JSON."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Passkey:
    """A passkey: a key, its number of uses, and what a browser would answer with it."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    name: bytes = field(default_factory=lambda: hashlib.sha256(str(time.time_ns()).encode()).digest())
    counter: int = 0

    def give(self, person) -> Authenticator:
        """Store it for a person as the page for it does."""
        public = ES256.from_cryptography_key(self.key.public_key())
        data = AttestedCredentialData.create(Aaguid.NONE, self.name, public)
        flags = PRESENT | VERIFIED | HOLDS_DATA
        made = AuthenticatorData.create(_rp(), flags, self.counter, data)
        answer = {
            "type": "public-key", "id": words(self.name), "rawId": words(self.name),
            "clientExtensionResults": {"credProps": {"rk": True}},
            "response": {
                "clientDataJSON": words(_said("webauthn.create", b"x" * 32, ORIGIN)),
                "attestationObject": words(bytes(AttestationObject.create("none", made, {}))),
            },
        }  # fmt: skip
        return Authenticator.objects.create(
            user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": answer}
        )

    def answer(
        self, challenge: str, *, origin: str = ORIGIN, flags: FLAG = PRESENT | VERIFIED, **changed: str
    ) -> str:
        """What the browser sends for a challenge (64 hexadecimal characters)."""
        self.counter += 1
        handle = changed.get("handle")
        client = _said(changed.get("kind", "webauthn.get"), bytes.fromhex(challenge), origin)
        data = AuthenticatorData.create(_rp(changed.get("host", "localhost")), flags, self.counter)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": words(client), "authenticatorData": words(data), "signature": words(signed),
            "userHandle": handle,
        }  # fmt: skip
        return json.dumps(
            {"type": "public-key", "id": words(self.name), "rawId": words(self.name), "response": response}
            | {"clientExtensionResults": {}}
        )


def _rp(host: str = "localhost") -> bytes:
    return hashlib.sha256(host.encode()).digest()


def _said(kind: str, challenge: bytes, origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": words(challenge), "origin": origin}).encode()
