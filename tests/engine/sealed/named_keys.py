"""Keys and certificates for tests: each follows from its name, so the same name signs the same bytes."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from readiness.engine.sealed import pdf_sign
from readiness.engine.sealed.keys import Key, Keyring, SigningKey

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
_UNUSED = (
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def at(minutes: float) -> datetime:
    """That many minutes after the beginning."""
    return START + timedelta(minutes=minutes)


@cache
def signing_key(name: str) -> SigningKey:
    """The Ed25519 key of a name."""
    return SigningKey(Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"test {name}".encode()).digest()))


def ring(listed: list[dict[str, Any]]) -> Keyring:
    """Public keys: `{name, not_before, not_after, revoked_at, installation}`, times in minutes."""
    times = ("not_before", "not_after", "revoked_at")
    return Keyring(
        tuple(
            Key(
                public=signing_key(one["name"]).public,
                installation=one.get("installation", ""),
                **{t: at(one[t]) for t in times if t in one},  # type: ignore[arg-type]
            )
            for one in listed
        )
    )


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """The RSA key of a name, of 2048 bits."""
    chance = random.Random(f"test {name}")
    p, q = _prime(chance), _prime(chance)
    d = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
    )
    return numbers.private_key()


def _prime(chance: random.Random) -> int:
    small = [n for n in range(3, 5000, 2) if all(n % m for m in range(3, int(n**0.5) + 1, 2))]
    while True:
        found = chance.getrandbits(1024) | (3 << 1022) | 1
        likely = found % 65537 != 1 and all(found % prime for prime in small)
        if likely and all(pow(base, found - 1, found) == 1 for base in (2, 3, 5, 7)):
            return found


@cache
def signatory(name: str = "report") -> pdf_sign.Signatory:
    """The RSA key of a name with its certificate."""
    key = rsa_key(name)
    said = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Readiness reports, {name}")])
    usage = dict.fromkeys(_UNUSED, False)
    builder = (
        x509.CertificateBuilder()
        .subject_name(said)
        .issuer_name(said)
        .public_key(key.public_key())
        .serial_number(17)
        .not_valid_before(at(-1000))
        .not_valid_after(at(5_000_000))
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True)
    )
    certificate = builder.sign(key, hashes.SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pdf_sign.Signatory(pem, (certificate.public_bytes(Encoding.DER),))
