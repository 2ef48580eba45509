"""What a signature file holds: a detached signature, a DSSE envelope, or a sigstore bundle of either."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readiness.engine.errors import BadContent
from readiness.engine.readers import plain_json
from readiness.engine.target import decode

MAX_SIGNATURES = 32
MAX_SIGNATURE = 16_384  # bytes
_BUNDLES = (
    "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
    "application/vnd.dev.sigstore.bundle.v0.3+json",
)


@dataclass(frozen=True, slots=True)
class Detached:
    """Signatures over a file. `digest` is the SHA-256 that a bundle states for it, if it does."""

    signatures: tuple[bytes, ...]
    digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A DSSE envelope: what is signed is `pae()`, never the payload alone."""

    payload_type: str
    payload: bytes
    signatures: tuple[bytes, ...]

    def pae(self) -> bytes:
        """DSSE's pre-authentication encoding of type and payload."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)


@dataclass(frozen=True, slots=True)
class SignatureFile:
    """The content, the words for its form, and whether a certificate (keyless) comes with it."""

    content: Detached | Envelope
    form: str
    keyless: bool = False


def read(data: bytes, file: str) -> SignatureFile:
    """Tell the form from the content. Raises BadContent for anything that is none of them."""
    if not data.strip():
        raise BadContent(f"{file} is empty.", "Sign again.")
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return SignatureFile(_detached(data, file), "detached signature")
    loaded = plain_json.parse(decode(data, file), file)
    if "mediaType" in loaded:
        return _bundle(loaded, file)
    if "payloadType" in loaded:
        return SignatureFile(_envelope(loaded, file), "DSSE envelope")
    if "base64Signature" in loaded:
        signature = _bytes(loaded, "base64Signature", file)
        return SignatureFile(Detached((signature,)), "cosign bundle", keyless=bool(loaded.get("cert")))
    raise BadContent(
        f"{file} is neither a DSSE envelope nor a sigstore bundle.",
        "Name the file that the signing tool wrote.",
    )


def _detached(data: bytes, file: str) -> Detached:
    if len(data) > MAX_SIGNATURE:
        raise BadContent(f"{file} has {len(data)} bytes; a signature has at most {MAX_SIGNATURE}.", "")
    forms = [data]
    try:
        text = b"".join(data.split())
        forms.append(base64.b64decode(text.translate(bytes.maketrans(b"-_", b"+/")), validate=True))
    except (binascii.Error, ValueError):
        pass  # then it is raw, and the key decides
    return Detached(tuple(forms))


def _bundle(loaded: Mapping[str, Any], file: str) -> SignatureFile:
    kind = loaded["mediaType"]
    if kind not in _BUNDLES:
        raise BadContent(
            f"{file} has the media type {str(kind)[:80]!r}, which is no known sigstore bundle.",
            f"Read are {', '.join(_BUNDLES)}.",
        )
    material = _object(loaded, "verificationMaterial", file)
    certified = "certificate" in material or "x509CertificateChain" in material
    if ("dsseEnvelope" in loaded) == ("messageSignature" in loaded):
        raise BadContent(f"{file} must hold either dsseEnvelope or messageSignature.", "Sign again.")
    if "dsseEnvelope" in loaded:
        envelope = _envelope(_object(loaded, "dsseEnvelope", file), file)
        return SignatureFile(envelope, "sigstore bundle with a DSSE envelope", keyless=certified)
    message = _object(loaded, "messageSignature", file)
    detached = Detached((_bytes(message, "signature", file),), _digest(message, file))
    return SignatureFile(detached, "sigstore bundle", keyless=certified)


def _digest(message: Mapping[str, Any], file: str) -> bytes | None:
    if message.get("messageDigest") is None:
        return None
    stated = _object(message, "messageDigest", file)
    return _bytes(stated, "digest", file) if stated.get("algorithm") == "SHA2_256" else None


def _envelope(loaded: Mapping[str, Any], file: str) -> Envelope:
    kind, listed = loaded.get("payloadType"), loaded.get("signatures")
    if not isinstance(kind, str) or not isinstance(listed, list) or not 0 < len(listed) <= MAX_SIGNATURES:
        raise BadContent(
            f"{file}: a DSSE envelope has payloadType and 1 to {MAX_SIGNATURES} signatures.", "Sign again."
        )
    signatures = [_bytes(each, "sig", file) for each in listed if isinstance(each, Mapping)]
    if len(signatures) != len(listed):
        raise BadContent(f"{file}: a signature of the envelope is no object.", "Sign again.")
    return Envelope(kind, _bytes(loaded, "payload", file), tuple(signatures))


def _object(loaded: Mapping[str, Any], name: str, file: str) -> Mapping[str, Any]:
    value = loaded.get(name)
    if not isinstance(value, Mapping):
        raise BadContent(f"{file} has no object {name}.", "Sign again.")
    return value


def _bytes(loaded: Mapping[str, Any], name: str, file: str) -> bytes:
    value = loaded.get(name)
    if isinstance(value, str) and value:
        try:
            bare = "".join(value.split()).replace("-", "+").replace("_", "/")
            return base64.b64decode(bare, validate=True)
        except (binascii.Error, ValueError):
            pass
    raise BadContent(f"{file}: {name} is no base64 text.", "Sign again.")
