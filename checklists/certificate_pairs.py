"""A key and the certificates that go with it, read from PEM and tested."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from readiness.engine.errors import ReadinessError

MIN_BITS = 2048
MOST = 10


class CertificateUnusable(ReadinessError):
    """The certificate or the key that signs reports cannot be used."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An RSA key in PEM, and certificates: the key's own first, then each one's issuer."""

    key: bytes
    certificates: tuple[x509.Certificate, ...]

    @property
    def der(self) -> tuple[bytes, ...]:
        """The certificates as the PDF carries them."""
        return tuple(one.public_bytes(Encoding.DER) for one in self.certificates)

    @property
    def fingerprints(self) -> list[str]:
        """The SHA-256 of each certificate, in hex."""
        return [hashlib.sha256(one).hexdigest() for one in self.der]

    @property
    def name(self) -> str:
        """The common name of the signer, or the whole subject."""
        subject = self.certificates[0].subject
        found = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(found[0].value) if found else subject.rfc4514_string()

    def why_not(self, at: datetime) -> tuple[str, str] | None:
        """Why it may not sign at that moment, and what to do; None when it may."""
        for one in self.certificates:
            name = one.subject.rfc4514_string()
            if at < one.not_valid_before_utc:
                since = one.not_valid_before_utc.isoformat(timespec="seconds")
                return f"The certificate {name} is valid from {since} on.", "Set the clock, or name another."
            if at > one.not_valid_after_utc:
                until = one.not_valid_after_utc.isoformat(timespec="seconds")
                advice = "Name its successor; an installation's own is made anew once its two files are moved"
                return f"The certificate {name} expired on {until}.", f"{advice} away."
        return None


def read(certificates: bytes, key: bytes) -> Pair:
    """A pair from PEM. Raises CertificateUnusable for what cannot sign."""
    chain = _chain(certificates)
    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateUnusable(
            f"The key for reports is no private key in PEM without a password: {str(error)[:120]}.",
            "Name an RSA key as `openssl genrsa` writes it.",
        ) from None
    if not isinstance(private, RSAPrivateKey) or private.key_size < MIN_BITS:
        raise CertificateUnusable(
            f"The key for reports is no RSA key of {MIN_BITS} bits or more.", "Use an RSA key of 3072 bits."
        )
    if chain[0].public_key() != private.public_key():
        raise CertificateUnusable(
            f"The certificate {chain[0].subject.rfc4514_string()} belongs to another key.",
            "Name the key that goes with it, and put the signer's certificate first.",
        )
    return Pair(key, chain)


def _chain(data: bytes) -> tuple[x509.Certificate, ...]:
    try:
        chain = x509.load_pem_x509_certificates(data)
        usage = _usage(chain[0])
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateUnusable(
            f"The certificate for reports is no certificate in PEM: {str(error)[:120]}.",
            "Name a file with -----BEGIN CERTIFICATE-----.",
        ) from None
    if len(chain) > MOST:
        raise CertificateUnusable(f"There are {len(chain)} certificates.", f"Name at most {MOST}.")
    if usage and not (usage.digital_signature or usage.content_commitment):
        raise CertificateUnusable(
            "The certificate for reports may not sign documents (key usage).",
            "Use one with digitalSignature or nonRepudiation.",
        )
    for one, issuer in pairwise(chain):
        _issued(one, issuer)
    return tuple(chain)


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _issued(one: x509.Certificate, issuer: x509.Certificate) -> None:
    try:
        one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        raise CertificateUnusable(
            f"{issuer.subject.rfc4514_string()} did not issue {one.subject.rfc4514_string()}.",
            "Put the signer's certificate first, then its issuer, and so on.",
        ) from None
