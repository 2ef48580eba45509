"""The CMS inside a PDF's signature: taken apart, built anew as pdf_sign.py writes it, compared.

Needs asn1crypto and cryptography.
"""

from __future__ import annotations

import hashlib
from typing import Any

# tsp teaches cms what signing_certificate_v2 is.
from asn1crypto import algos, cms, tsp, x509  # noqa: F401
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from readiness.engine.errors import BadContent
from readiness.engine.sealed.pdf_frame import ADVICE, MAX_CERTIFICATES, Sealed, digest, frame

MIN_BITS = 2048
ATTRIBUTES = {
    "content_type",
    "message_digest",
    "signing_certificate_v2",
    "signing_time",
    "cms_algorithm_protection",
}
# What hostile DER makes asn1crypto raise.
_ODD = (ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError, RecursionError)


def read(data: bytes | memoryview) -> Sealed:
    """The PDF's signature, verified with the certificate that it carries. Raises BadContent."""
    at = frame(data)
    covered = digest(data, at)
    if covered not in at.der:  # asked first, because it needs nothing taken apart
        raise BadContent("Its content is not what was signed: the file was changed.", ADVICE)
    try:
        signed, signer, certificate, others = _parts(at.der)
        if _rebuilt(signed, signer, [certificate, *others]) != at.der:
            raise BadContent(
                "Its signature is not in the canonical form: something was added or changed.", ADVICE
            )
        attributes = {one["type"].native: one["values"] for one in signer["signed_attrs"]}
        stated = bytes(attributes["message_digest"][0])
        named = attributes["signing_certificate_v2"][0]["certs"][0]["cert_hash"].native
        window = certificate.not_valid_before, certificate.not_valid_after
        der = certificate.dump()
        good = (
            set(attributes) <= ATTRIBUTES
            and all(len(values) == 1 for values in attributes.values())
            and attributes["content_type"][0].native == "data"
            and named == hashlib.sha256(der).digest()
        )
    except _ODD:
        raise BadContent(
            "Its signature is not understood: it was not made by Readiness, or was changed.", ADVICE
        ) from None
    if stated != covered or not good or not _verifies(certificate, signer):
        raise BadContent("Its signature does not fit: the signature was changed.", ADVICE)
    return Sealed(
        certificates=tuple(hashlib.sha256(one.dump()).hexdigest() for one in (certificate, *others)),
        valid_from=window[0],
        valid_to=window[1],
        frame=at,
    )


def _parts(der: bytes) -> tuple[Any, Any, Any, list[Any]]:
    """The signed data, its one signer, that signer's certificate, the other certificates."""
    content = cms.ContentInfo.load(der, strict=True)
    signed = content["content"]
    (signer,) = signed["signer_infos"]
    certificates = [choice.chosen for choice in signed["certificates"]]
    if len(certificates) > MAX_CERTIFICATES or not all(isinstance(c, x509.Certificate) for c in certificates):
        raise ValueError("too many certificates, or of another kind")
    sid = signer["sid"].chosen
    (own,) = [
        c
        for c in certificates
        if c.issuer.dump() == sid["issuer"].dump() and c.serial_number == sid["serial_number"].native
    ]
    return signed, signer, own, [c for c in certificates if c is not own]


def _rebuilt(signed: Any, signer: Any, certificates: list[Any]) -> bytes:
    """The same signature in the canonical form: nothing is taken over but certificates, attributes, value."""
    own = certificates[0]
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                        {"issuer": own.issuer, "serial_number": own.serial_number}
                    )
                }
            ),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "signed_attrs": cms.CMSAttributes(
                [cms.CMSAttribute.load(a.dump(force=True)) for a in signer["signed_attrs"]]
            ),
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"}),
            "signature": bytes(signer["signature"]),
        }
    )
    whole = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
            "encap_content_info": {"content_type": "data"},
            "certificates": [x509.Certificate.load(one.dump()) for one in certificates],
            "signer_infos": [info],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": whole}).dump())


def _verifies(certificate: Any, signer: Any) -> bool:
    key = load_der_public_key(certificate.public_key.dump())
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_BITS:
        return False
    attributes = b"\x31" + signer["signed_attrs"].dump()[1:]
    try:
        key.verify(bytes(signer["signature"]), attributes, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
