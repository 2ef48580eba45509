"""The certificate that signs report PDFs: the installation's own, made at first use, or the organisation's.

It lies beside the signing key (checklists/keys.py). Whoever trusts the installation's Ed25519 key needs to
trust nothing more: the report's statement names the SHA-256 of these certificates.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import settings

from checklists import certificate_pairs, clock, keys
from checklists.certificate_pairs import CertificateUnusable, Pair

BITS = 3072
YEARS = 10
CERTIFICATE, KEY = "report-certificate.pem", "report-key.pem"


def pair() -> Pair:
    """Key and certificates that sign reports; the first call of an installation makes them.

    Raises CertificateUnusable, with what to do.
    """
    found = _read(*_named()) if configured() else _own()
    if why := found.why_not(clock.now()):
        raise CertificateUnusable(*why)
    return found


def configured() -> bool:
    """Whether the organisation's own certificate is named in the settings."""
    return bool(settings.REPORT_CERTIFICATE_FILE or settings.REPORT_KEY_FILE)


def known() -> Pair | None:
    """The pair in use, if there is one already; makes none. Raises CertificateUnusable."""
    if configured():
        return _read(*_named())
    place = Path(settings.KEY_DIR or settings.DATA_DIR / "keys")  # not made by asking
    return _read(place / CERTIFICATE, place / KEY) if (place / CERTIFICATE).exists() else None


def _named() -> tuple[Path, Path]:
    if not (settings.REPORT_CERTIFICATE_FILE and settings.REPORT_KEY_FILE):
        raise CertificateUnusable(
            "Only one of READINESS_REPORT_CERTIFICATE_FILE and READINESS_REPORT_KEY_FILE is set.",
            "Name both files, or neither: then the installation makes its own certificate.",
        )
    return Path(settings.REPORT_CERTIFICATE_FILE), Path(settings.REPORT_KEY_FILE)


def _own() -> Pair:
    place = keys.directory()
    if not (place / CERTIFICATE).exists():
        with _alone(place):
            if not (place / CERTIFICATE).exists():
                _make(place)
    return _read(place / CERTIFICATE, place / KEY)


def _read(certificate: Path, key: Path) -> Pair:
    try:
        if key.stat().st_mode & 0o007:
            raise CertificateUnusable(f"{key} may be read by others.", f"Run: chmod o= {key}")
        return _pair(certificate.read_bytes(), key.read_bytes())
    except OSError as error:
        raise CertificateUnusable(
            f"{error.filename} cannot be read: {error.strerror}.",
            "Put the file back from a backup. Where both report-certificate.pem and report-key.pem are gone, "
            "the next report makes new ones.",
        ) from None


@lru_cache(maxsize=4)
def _pair(certificate: bytes, key: bytes) -> Pair:
    return certificate_pairs.read(certificate, key)


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One process at a time makes the pair; the lock goes with the process."""
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _make(place: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # The certificate comes last: where it is, its key is whole.
    _keep(place / KEY, pem)
    _keep(place / CERTIFICATE, _certificate(key).public_bytes(Encoding.PEM))


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    host, now = keys.installation(), clock.now()
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, host[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Readiness reports of {host}"[:64]),
        ]
    )
    usage = dict.fromkeys(
        (
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=365 * YEARS + YEARS // 4))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _keep(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{hashlib.sha256(data).hexdigest()[:8]}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
