"""Public keys and signatures: ECDSA, Ed25519 and RSA by the cryptography library (extra `security`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from readiness.engine.errors import BadContent

MIN_RSA_BITS = 2048
MAX_KEY = 16_384  # characters of a PEM text
_KNOWN = "ECDSA (P-256, P-384), Ed25519, RSA"
# Elliptic curves sign a hash of their size; older cosign signs SHA-256 with each of them.
_CURVES = {"secp256r1": "sha256", "secp384r1": "sha384"}

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Signed:
    """What is signed: its SHA-256, any other digest by name, and the bytes themselves, read when needed.

    Ed25519 needs all bytes; the others need a digest, which a file of any size has in constant memory.
    """

    digest: Callable[[str], bytes]
    content: Callable[[], bytes]

    @classmethod
    def of(cls, data: bytes) -> Signed:
        """Bytes in memory."""
        return cls(lambda name: hashlib.new(name, data).digest(), lambda: data)


def load(pem: str, place: str) -> PublicKey:
    """The public key of a PEM text; `place` names it in messages.

    Raises BadContent for private keys, other kinds of keys and RSA of less than 2048 bits.
    """
    if "PRIVATE KEY" in pem:
        raise BadContent(
            f"{place} is a private key.",
            "Name the public key, and replace this pair: it is not secret any more.",
        )
    try:
        key = load_pem_public_key(pem[:MAX_KEY].strip().encode("ascii"))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise BadContent(f"{place} is no public key in PEM: {reason}.", "Write BEGIN PUBLIC KEY …") from None
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA_BITS:
        raise BadContent(f"{place} is RSA of {key.key_size} bits; at least {MIN_RSA_BITS} are needed.", "")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name not in _CURVES:
        raise BadContent(f"{place} is of the curve {key.curve.name}, expected P-256 or P-384.", "")
    if not isinstance(key, PublicKey):
        raise BadContent(f"{place} is no key for signatures that are read here: {_KNOWN}.", "")
    return key


def fingerprint(key: PublicKey) -> str:
    """Lower-case SHA-256 of the key's DER form (SubjectPublicKeyInfo)."""
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def scheme(key: PublicKey, signature: bytes, signed: Signed) -> str | None:
    """The scheme by which the signature verifies ("ECDSA P-256, SHA-256"), or None when by none."""
    return next((name for name, attempt in _attempts(key, signature, signed) if _holds(attempt)), None)


def _holds(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except (InvalidSignature, ValueError):  # a signature of the wrong length is a ValueError
        return False
    return True


def _attempts(key: PublicKey, signature: bytes, signed: Signed) -> list[tuple[str, Callable[[], None]]]:
    if isinstance(key, ed25519.Ed25519PublicKey):
        return [("Ed25519", lambda: key.verify(signature, signed.content()))]
    if isinstance(key, ec.EllipticCurvePublicKey):
        names = dict.fromkeys((_CURVES[key.curve.name], "sha256"))
        return [
            (f"ECDSA {_curve(key)}, SHA-{name[3:]}", _ecdsa(key, signature, signed, name)) for name in names
        ]
    sha256 = hashes.SHA256()
    pss = padding.PSS(padding.MGF1(sha256), padding.PSS.AUTO)

    def rsa_with(pad: padding.PSS | padding.PKCS1v15) -> Callable[[], None]:
        return lambda: key.verify(signature, signed.digest("sha256"), pad, Prehashed(sha256))

    # cosign signs with PKCS #1 v1.5, most others with PSS; both are sound with SHA-256.
    return [("RSA-PSS, SHA-256", rsa_with(pss)), ("RSA PKCS #1 v1.5, SHA-256", rsa_with(padding.PKCS1v15()))]


def _ecdsa(key: ec.EllipticCurvePublicKey, signature: bytes, signed: Signed, name: str) -> Callable[[], None]:
    hashed = hashes.SHA256() if name == "sha256" else hashes.SHA384()
    return lambda: key.verify(signature, signed.digest(name), ec.ECDSA(Prehashed(hashed)))


def _curve(key: ec.EllipticCurvePublicKey) -> str:
    return f"P-{key.curve.key_size}"
