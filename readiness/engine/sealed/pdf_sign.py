"""Signs a PDF: PAdES, certified so that nothing may change afterwards, the same input giving the same bytes.

The signature is added as an increment, so that the rest of the file stays as it was set. Its form is
narrow, so that a verifier can refuse every other: RSA with PKCS #1 v1.5 and SHA-256, no unsigned attributes,
/Contents in lower-case hex without padding, nothing after the last byte. Needs pyHanko (extra `server`);
its import takes half a second, so whoever needs this module imports it late.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from asn1crypto import algos, x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, Signer
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from readiness.engine.errors import BadContent

FIELD = "Readiness"
FIELD_WORDS = "Signature of the installation over the whole report"
ALGORITHM = "sha256"
MIN_BITS = 2048


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs: an RSA key in PEM (not encrypted), and certificates in DER, the signer's own first."""

    key: bytes
    certificates: tuple[bytes, ...]

    @property
    def fingerprints(self) -> list[str]:
        """The SHA-256 of each certificate, in hex, the signer's own first."""
        return [hashlib.sha256(each).hexdigest() for each in self.certificates]


def sign(pdf: bytes, signatory: Signatory, *, at: datetime, reason: str, name: str, location: str) -> bytes:
    """The PDF with one certification signature, which allows no changes; its claimed time is `at`.

    Raises BadContent for a key that is no RSA key, and for a PDF that is signed already or cannot be read.
    """
    signer = _signer(signatory)
    said = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm=ALGORITHM,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
        reason=reason,
        name=name,
        location=location,
        tight_size_estimates=True,
    )
    field = SigFieldSpec(FIELD, readable_field_name=FIELD_WORDS)
    output = BytesIO()
    try:
        writer = _Increment(BytesIO(pdf))
        session = PdfSigner(said, signer, new_field_spec=field).init_signing_session(writer)
        session.system_time = at.astimezone(UTC).replace(microsecond=0)
        size = _now(session.estimate_signature_container_size(None, tight=True))
        document = session.prepare_tbs_document(None, bytes_reserved=size)
        digest, _ = document.digest_tbs_document(output=output)
    except (SigningError, PdfError, ValueError, KeyError) as error:
        raise BadContent(f"This PDF cannot be signed: {str(error)[:200]}.", "Render it again.") from error
    attributes = PdfCMSSignedAttributes(signing_time=session.system_time)
    _now(document.perform_signature(digest.document_digest, attributes))
    signed = bytearray(output.getvalue())
    start, end = digest.reserved_region_start, digest.reserved_region_end
    signed[start:end] = signed[start:end].lower()
    return bytes(signed)


class _Increment(IncrementalPdfFileWriter):
    """An increment without a clock and without chance: dates stay, the new id follows from the bytes."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> generic.ArrayObject:
        prev.stream.seek(0)
        digest = hashlib.sha256(prev.stream.read()).digest()[:16]
        before = super()._handle_id(prev)  # type: ignore[no-untyped-call]
        known = before[0] if "/ID" in prev.trailer else generic.ByteStringObject(digest)
        return generic.ArrayObject([known, generic.ByteStringObject(digest)])

    def _update_meta(self) -> None:
        """Leave the metadata as it was set: it would get the time of now, and lose its PDF/A form."""


class _Signer(Signer):
    """A key in memory, loaded once: pyHanko's own loads it for each signature, and tests it each time."""

    def __init__(self, key: RSAPrivateKey, certificates: list[Any]) -> None:
        self.key = key
        super().__init__(
            signing_cert=certificates[0],
            cert_registry=_store(certificates[1:]),
            signature_mechanism=algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"}),
        )

    async def async_sign_raw(
        self,
        data: bytes,
        digest_algorithm: str,
        dry_run: bool = False,  # noqa: FBT001, FBT002  # pyHanko's signature
    ) -> bytes:
        if dry_run:
            return bytes(self.key.key_size // 8)
        return self.key.sign(data, PKCS1v15(), SHA256())


def _store(certificates: list[Any]) -> SimpleCertificateStore:
    found = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    found.register_multiple(certificates)
    return found


def _signer(signatory: Signatory) -> _Signer:
    try:
        # Whoever reads the file tests the key (checklists/certificates.py): it costs 0.1 s.
        key = load_pem_private_key(signatory.key, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadContent(f"The key for reports is no private key in PEM: {str(error)[:120]}.", "") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_BITS:
        raise BadContent("The key for reports is no RSA key of 2048 bits or more.", "Use an RSA key.")
    return _Signer(key, [x509.Certificate.load(each) for each in signatory.certificates])


def _now(work: Coroutine[Any, Any, Any]) -> Any:
    """Run what pyHanko wrote for a loop. In a thread, as the caller's may have a loop that runs already."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()
