"""Signing a PDF: certified, whole to the last byte, in one form, the same input giving the same bytes."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pikepdf
import pytest
from asn1crypto import cms, x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from readiness.engine.errors import BadContent
from readiness.engine.sealed import pdf_sign
from tests.test_certificates import issue, pem

AT = datetime(2026, 11, 21, 13, 40, 5, 999, tzinfo=UTC)
SAID: dict[str, Any] = {"at": AT, "reason": "why", "name": "who", "location": "where"}


@pytest.fixture(scope="module")
def signatory() -> pdf_sign.Signatory:
    """An RSA key with its certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    return pdf_sign.Signatory(pem(key), (der(issue(key, issuer="Signer")),))


def der(certificate: bytes) -> bytes:
    """DER of a certificate in PEM."""
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate(certificate).public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def plain() -> bytes:
    """A PDF of one page with metadata."""
    file = pikepdf.new()
    file.add_blank_page()
    with file.open_metadata(set_pikepdf_as_editor=False) as meta:
        meta["dc:title"] = "A report"
    out = io.BytesIO()
    file.save(out, static_id=True)
    return out.getvalue()


@pytest.fixture(scope="module")
def signed(plain, signatory) -> bytes:
    """The same, signed."""
    return pdf_sign.sign(plain, signatory, **SAID)


def test_valid(signed, signatory):
    """An independent reader finds it whole, certified and by that certificate, at the time that was given."""
    (found,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    trusted = x509.Certificate.load(signatory.certificates[0])
    status = validate_pdf_signature(found, ValidationContext(trust_roots=[trusted], allow_fetching=False))
    assert status.bottom_line
    assert status.docmdp_ok
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert status.signer_reported_dt == AT.replace(microsecond=0)
    assert signatory.fingerprints == [status.signing_cert.sha256.hex()]


def test_form(signed, plain):
    """The document stays as it was; hex in small letters without padding; nothing follows the last byte."""
    assert signed.startswith(plain)
    assert re.search(rb"%%EOF\n?\Z", signed)
    (contents,) = re.findall(rb"/Contents <([0-9a-f]+)>", signed)
    content = cms.ContentInfo.load(bytes.fromhex(contents.decode()), strict=True)
    (signer,) = content["content"]["signer_infos"]
    assert signer["unsigned_attrs"].native is None
    assert signer["signature_algorithm"]["algorithm"].native == "rsassa_pkcs1v15"
    assert content.dump(force=True).hex().encode() == contents
    ranges = [int(n) for n in re.search(rb"/ByteRange \[([\d ]+)\]", signed)[1].split()]
    assert ranges[:2] == [0, signed.index(b"<" + contents)]
    assert ranges[2] + ranges[3] == len(signed)
    assert ranges[2] == ranges[1] + len(contents) + 2


def test_allows_nothing(signed):
    """DocMDP without changes, in the catalog's permissions; the metadata is the document's own."""
    with pikepdf.open(io.BytesIO(signed)) as file:
        reference = file.Root.Perms.DocMDP.Reference[0]
        assert (str(reference.TransformMethod), reference.TransformParams.P) == ("/DocMDP", 1)
        assert "/DigestMethod" not in reference  # PDF/A forbids it
        (widget,) = file.pages[0].Annots
        assert (widget.F, [float(n) for n in widget.Rect]) == (132, [0, 0, 0, 0])
        assert str(widget.V.SubFilter) == "/ETSI.CAdES.detached"
        assert (str(widget.V.Reason), str(widget.V.Name), str(widget.V.Location)) == ("why", "who", "where")
        with file.open_metadata() as meta:
            assert meta["dc:title"] == "A report"
            assert "xmp:ModifyDate" not in meta


def test_same_input_same_bytes(plain, signatory, signed, monkeypatch):
    """No clock and no chance: signed again a day later it is the same; another time is another signature."""
    assert pdf_sign.sign(plain, signatory, **SAID) == signed
    assert pdf_sign.sign(plain, signatory, **SAID | {"at": AT + timedelta(seconds=1)}) != signed


def test_refused(plain, signed, signatory):
    """What cannot be signed is refused by name: no PDF, one signed already, a key that is none or another."""
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    for data, who, why in (
        (b"no PDF", signatory, "cannot be signed"),
        (signed, signatory, "cannot be signed"),
        (plain, pdf_sign.Signatory(b"x", signatory.certificates), "no private key"),
        (plain, pdf_sign.Signatory(curve, signatory.certificates), "no RSA key"),
    ):
        with pytest.raises(BadContent, match=why):
            pdf_sign.sign(data, who, **SAID)
