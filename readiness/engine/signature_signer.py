"""Who signed: by a pinned public key, or keyless by identity and issuer against a trusted root."""

from __future__ import annotations

import base64
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from readiness.engine import signature_statement
from readiness.engine.child import ChildLimits, run_in_child
from readiness.engine.errors import BadContent, ExtraMissing
from readiness.engine.signature_files import Detached, Envelope, SignatureFile
from readiness.engine.signature_task import PUBLIC_GOOD
from readiness.engine.target import OpenFile, RunDirectory

if TYPE_CHECKING:
    from readiness.engine.checks.signature import SignatureParams
    from readiness.engine.signature_keys import PublicKey

MAX_ED25519 = 512 << 20  # its signature covers the bytes themselves, not a digest


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed, in words; None when the signature does not hold. `envelope` is what was verified."""

    words: str | None
    envelope: Envelope | None
    details: dict[str, Any]


def _plain_hex(text: str) -> str:
    return text.lower().removeprefix("sha256:").replace(":", "").strip()


def by_key(want: SignatureParams, run: RunDirectory, held: SignatureFile) -> Signer:
    """Try the pinned key on each signature. Raises BadContent for a wrong or unusable key."""
    from readiness.engine import signature_keys  # needs the extra `security`

    key = _key(want, run)
    own = signature_keys.fingerprint(key)
    if isinstance(held.content, Envelope):
        signed = signature_keys.Signed.of(held.content.pae())
    else:
        _check_stated(want, run, held.content)
        signed = signature_keys.Signed(
            lambda name: signature_statement.file_digest(run, want.file, name),
            lambda: run.read_bytes(want.file, MAX_ED25519),
        )
    tried = (signature_keys.scheme(key, each, signed) for each in held.content.signatures)
    found = next((scheme for scheme in tried if scheme), None)
    return Signer(
        words=f"the key {own[:16]}… ({found})" if found else None,
        envelope=held.content if isinstance(held.content, Envelope) else None,
        details={"fingerprint": own, "scheme": found, "transparency_log": "not looked at"},
    )


def _key(want: SignatureParams, run: RunDirectory) -> PublicKey:
    from readiness.engine import signature_keys  # needs the extra `security`

    pem = want.public_key or run.read_text(want.key_file, signature_keys.MAX_KEY)
    place = want.key_file or "`public_key`"
    key = signature_keys.load(pem, place)
    own = signature_keys.fingerprint(key)
    if want.fingerprint and _plain_hex(want.fingerprint) != own:
        raise BadContent(
            f"{place} has the fingerprint {own}, expected {_plain_hex(want.fingerprint)}.",
            "Ask who changed the key.",
        )
    return key


def _check_stated(want: SignatureParams, run: RunDirectory, content: Detached) -> None:
    if content.digest is None:
        return
    seen = signature_statement.file_digest(run, want.file, "sha256")
    if seen != content.digest:
        raise BadContent(
            f"{want.signature} is for SHA-256 {content.digest.hex()[:64]}, {want.file} has {seen.hex()}.",
            "Find out who changed the file, then sign again.",
        )


def certified(want: SignatureParams, run: RunDirectory, held: SignatureFile, bundle: OpenFile) -> Signer:
    """Verify a bundle's certificate in a child process. Raises BadContent for whatever does not hold."""
    if importlib.util.find_spec("sigstore") is None:
        raise ExtraMissing("sigstore", "security")
    if not held.keyless or "sigstore" not in held.form:
        raise BadContent(
            f"{want.signature} is a {held.form} without certificate and log entry.",
            "Sign keyless, and write a sigstore bundle (with cosign: `--new-bundle-format --bundle`).",
        )
    detached = isinstance(held.content, Detached)
    order = {
        "name": want.signature,
        "root": want.trusted_root,
        "identity": want.identity,
        "issuer": want.issuer,
        "digest": signature_statement.file_digest(run, want.file, "sha256").hex() if detached else "",
    }
    task, limits = "readiness.engine.signature_task:verify", ChildLimits.of(run.options)
    if want.trusted_root == PUBLIC_GOOD:
        child = run_in_child(task, order, files=[bundle], limits=limits)
    else:
        with run.open(want.trusted_root) as root:
            if root.sha256() != _plain_hex(want.trusted_root_sha256):
                raise BadContent(
                    f"{want.trusted_root} is not the pinned trusted root: its SHA-256 is {root.sha256()}.", ""
                )
            child = run_in_child(task, order, files=[bundle, root], limits=limits)
    verified = child.value
    envelope = None if detached else Envelope(verified["type"], base64.b64decode(verified["payload"]), ())
    return Signer(
        words=f"{want.identity} (issuer {want.issuer})",
        envelope=envelope,
        details={"identity": want.identity, "issuer": want.issuer, "isolation": child.isolation},
    )
