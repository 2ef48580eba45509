"""The certificate that signs reports: made once and kept, or the organisation's; refused with why."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from checklists import certificates, checks
from checklists.certificate_pairs import CertificateUnusable

NOW = datetime.now(UTC)


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def pem(key: Any, password: bytes = b"") -> bytes:
    how = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how)


def issue(key: Any, name: str = "Signer", issuer: str = "Root", by: Any = None, **usage: bool) -> bytes:
    """A certificate in PEM; `days` from `start` on."""
    allowed = {"digital_signature": True, "content_commitment": True} | usage
    rest = ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
    flags = dict.fromkeys((*rest, "encipher_only", "decipher_only"), False) | allowed
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=10))
        .not_valid_after(NOW + timedelta(days=10))
        .add_extension(x509.KeyUsage(**flags), critical=True)
    )
    return builder.sign(by or key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    """One key for all tests here: making one takes time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def root_key() -> rsa.RSAPrivateKey:
    """The key of an issuer."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def files(settings, tmp_path, rsa_key):
    """Two files that the settings name, with a usable pair."""
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    certificate.write_bytes(issue(rsa_key))
    key.write_bytes(pem(rsa_key))
    key.chmod(0o600)
    settings.REPORT_CERTIFICATE_FILE, settings.REPORT_KEY_FILE = str(certificate), str(key)
    return certificate, key


def test_made_at_first_use(settings):
    """Asking for problems makes nothing; the first report does, once, for this account alone."""
    place = settings.DATA_DIR / "keys"
    assert (checks.check_certificate(), place.exists()) == ([], False)
    with ThreadPoolExecutor(4) as several:
        pairs = [one.result() for one in [several.submit(certificates.pair) for _ in range(4)]]
    assert len({pair.der for pair in pairs}) == 1
    assert sorted(p.name for p in place.iterdir()) == ["report-certificate.pem", "report-key.pem"]
    assert {stat.S_IMODE(p.stat().st_mode) for p in place.iterdir()} == {0o600}
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert certificates.known() == pairs[0]


def test_what_it_says():
    """Self-signed for ten years, for signing only, named after the installation; RSA of 3072 bits."""
    pair = certificates.pair()
    (one,) = pair.certificates
    one.verify_directly_issued_by(one)
    assert pair.name == "Readiness reports of localhost:8000"
    assert 9.9 < (one.not_valid_after_utc - one.not_valid_before_utc).days / 365.25 < 10.1
    assert one.public_key().key_size == 3072
    usage = one.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, True, False)


def test_half_made_is_made_again(settings):
    """Killed between key and certificate: the next use makes both."""
    place = settings.DATA_DIR / "keys"
    place.mkdir(parents=True)
    (place / certificates.KEY).write_bytes(b"half")
    assert certificates.pair().why_not(datetime.now(UTC)) is None


def test_of_the_organisation(files, rsa_key, root_key):
    """The named pair is used, with its chain in order; nothing is made."""
    certificate, _ = files
    certificate.write_bytes(issue(rsa_key, by=root_key) + issue(root_key, "Root"))
    pair = certificates.pair()
    assert [c.subject.rfc4514_string() for c in pair.certificates] == ["CN=Signer", "CN=Root"]
    assert pair.name == "Signer"
    assert checks.check_certificate() == []


def broken(what: str, certificate: Path, key: Path, own: Any, root: Any) -> None:
    """Make the pair unusable in one way."""
    curve = ec.generate_private_key(ec.SECP256R1())
    if what in {"missing", "open"}:
        return key.unlink() if what == "missing" else key.chmod(0o644)
    written: dict[str, tuple[bytes, bytes]] = {
        "other": (issue(root), pem(own)),
        "password": (issue(own), pem(own, b"secret")),
        "no key": (issue(own), b"nothing"),
        "curve": (issue(curve), pem(curve)),
        "no certificate": (b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", pem(own)),
        "usage": (issue(own, digital_signature=False, content_commitment=False), pem(own)),
        "order": (issue(own, by=root) + issue(own, "Elsewhere"), pem(own)),
        "many": (issue(own) * 11, pem(own)),
    }
    certificate.write_bytes(written[what][0])
    key.write_bytes(written[what][1])
    return None


WHY = {
    "missing": "cannot be read: No such file",
    "open": "may be read by others",
    "other": "belongs to another key",
    "password": "no private key in PEM without a password",
    "no key": "no private key in PEM",
    "curve": "no RSA key of 2048 bits",
    "no certificate": "no certificate in PEM",
    "usage": "may not sign documents",
    "order": "did not issue",
    "many": "There are 11 certificates",
}


@pytest.mark.parametrize("what", WHY)
def test_unusable(what, files, rsa_key, root_key):
    """Each is refused with what to do, when a report is signed and when the installation starts."""
    broken(what, *files, rsa_key, root_key)
    with pytest.raises(CertificateUnusable, match=WHY[what]) as told:
        certificates.pair()
    (found,) = checks.check_certificate()
    assert (found.id, found.msg) == ("readiness.E012", told.value.message)
    assert found.hint


def test_one_of_two(settings):
    """A certificate without its key is a mistake, not a wish for the installation's own."""
    settings.REPORT_CERTIFICATE_FILE = "/somewhere.pem"
    assert "Only one of" in checks.check_certificate()[0].msg


@pytest.mark.parametrize(("days", "why"), [(11, "expired on"), (-11, "is valid from")])
def test_out_of_its_time(days, why, files, monkeypatch):
    """Before and after its time a certificate signs nothing."""
    monkeypatch.setattr("checklists.clock.now", lambda: NOW + timedelta(days=days))
    with pytest.raises(CertificateUnusable, match=why):
        certificates.pair()
    assert why in checks.check_certificate()[0].msg
