"""The child's side of keyless signatures: a sigstore bundle against a trusted root, offline."""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from readiness.engine.errors import BadContent
from readiness.engine.target import CHUNK

if TYPE_CHECKING:
    from sigstore.models import TrustedRoot
    from sigstore.verify.policy import VerificationPolicy

PUBLIC_GOOD = "public-good"
# Where the library keeps the root that it was shipped with: no update, no cache, no network.
_SHIPPED = ("sigstore._store", "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev", "trusted_root.json")


def verify(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """Verify a bundle: certificate, its log, identity, transparency log, signature.

    `fds`: the bundle, then the trusted root unless `payload["root"]` is "public-good". `payload`: name, root,
    identity, issuer, digest (SHA-256 of the artifact in hex, "" for a DSSE envelope). Returns `{type,
    payload}` of an envelope (base64), or `{}`. Raises BadContent for whatever does not verify.
    """
    from cryptography import x509  # heavy: only in the child
    from cryptography.exceptions import InvalidSignature
    from sigstore.errors import Error
    from sigstore.hashes import Hashed
    from sigstore.models import Bundle
    from sigstore.verify import Verifier
    from sigstore_models.common.v1 import HashAlgorithm

    odd = (
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
        x509.InvalidVersion,
        x509.UnsupportedGeneralNameType,
    )
    broken = (ValueError, KeyError, TypeError, AttributeError, OverflowError, struct.error)
    name, root = payload["name"], payload["root"]
    try:
        trusted = _root(root, fds)
    except (Error, *odd, *broken) as error:
        raise BadContent(f"The trusted root {root} is not usable: {_reason(error)}.", "") from None
    try:
        bundle, policy = Bundle.from_json(_all(fds[0])), _policy(payload)
        verifier = Verifier(trusted_root=trusted)
        if payload["digest"]:
            digest = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(payload["digest"]))
            verifier.verify_artifact(digest, bundle, policy)
            return {}
        kind, content = verifier.verify_dsse(bundle, policy)
    except (Error, InvalidSignature, *odd, *broken) as error:
        raise BadContent(
            f"{name} does not verify: {_reason(error)}.", "Sign again, or correct identity and issuer."
        ) from None
    return {"type": kind, "payload": base64.b64encode(content).decode()}


def _policy(wanted: Mapping[str, str]) -> VerificationPolicy:
    from sigstore.verify import policy  # heavy: only in the child

    issuer = wanted["issuer"]
    by_issuer = policy.AnyOf([policy.OIDCIssuerV2(issuer), policy.OIDCIssuer(issuer)])
    return policy.AllOf([policy.Identity(identity=wanted["identity"]), by_issuer])


def _root(root: str, fds: list[int]) -> TrustedRoot:
    from importlib.resources import files

    from sigstore.models import TrustedRoot  # heavy: only in the child
    from sigstore_models.trustroot import v1

    if root == PUBLIC_GOOD:
        package, *path = _SHIPPED
        return TrustedRoot(v1.TrustedRoot.from_json(files(package).joinpath(*path).read_bytes()))
    return TrustedRoot(v1.TrustedRoot.from_json(_all(fds[1])))


def _all(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    parts = []
    while chunk := os.read(fd, CHUNK):
        parts.append(chunk)
    return b"".join(parts)


def _reason(error: Exception) -> str:
    said = " ".join(str(part) for part in error.args) or type(error).__name__
    return " ".join(said.split())[:300].rstrip(".")
