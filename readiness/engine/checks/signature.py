"""`signature`: files are as somebody known has signed them. Offline."""

from __future__ import annotations

import importlib.util
from typing import Any

from readiness.engine import signature_files, signature_signer, signature_statement
from readiness.engine.errors import BadContent, ExtraMissing, ParameterError
from readiness.engine.outcome import Finding, Limit, Measurement, judged
from readiness.engine.registry import Params, check
from readiness.engine.signature_files import Detached, Envelope
from readiness.engine.signature_statement import Compared, Statement
from readiness.engine.signature_task import PUBLIC_GOOD
from readiness.engine.target import RunDirectory

MAX_BUNDLE = 16 << 20
MAX_SHOWN = 5
MAX_KEPT = 200


class SignatureParams(Params, frozen=True):
    """By key: `public_key` (PEM text), or `key_file` in the run with its `fingerprint` (SHA-256 of the key's
    DER form, in hex). Keyless: `identity`, `issuer` and `trusted_root`, which is `public-good` (sigstore's
    own, as shipped with the library), or a file in the run with its `trusted_root_sha256`.
    """

    signature: str
    file: str = ""
    public_key: str = ""
    key_file: str = ""
    fingerprint: str = ""
    identity: str = ""
    issuer: str = ""
    trusted_root: str = ""
    trusted_root_sha256: str = ""
    folder: str = ""
    complete: bool = False
    predicate_types: tuple[str, ...] = ()


@check("signature", title="Files are signed by somebody known")
def signature(want: SignatureParams, run: RunDirectory) -> Finding:
    """Verifies a signature over files of the run, without any network.

    `signature` names a detached signature (base64 or raw, as `cosign sign-blob --key` or `openssl dgst -sign`
    write it), a DSSE envelope with an in-toto statement, or a sigstore bundle of either, also one by OpenSSF
    model signing. ECDSA (P-256, P-384), Ed25519 and RSA (PSS or PKCS #1 v1.5) are read. A detached signature
    covers `file`. A statement names its files: each is compared with the run, beneath `folder`; with `file`,
    only that one must be among them, under its own name where the statement has that; with `complete`,
    no other file may lie in `folder`.

    A key that lies in the run proves nothing by itself, so it needs a `fingerprint`; a trusted root likewise.
    Without a key the bundle's certificate must be of `identity` and `issuer`, and certificate, logs and
    signature must hold against the trusted root. With a key, entries of a transparency log are not looked at.

    Fails when the signature does not hold, is of somebody else, or when a file differs or is missing. To
    resolve: find out who changed the file, then sign again.

    ```yaml check
    signature:
      signature: models/model.sig
      folder: models
      key_file: models/release.pub
      fingerprint: 9aebb2abab1bc15b190a7f3127dcf1bd3d54d574167a4d8d3c5d01e3bef68522
    ```
    """
    if importlib.util.find_spec("cryptography") is None:
        raise ExtraMissing("cryptography", "security")
    keyless = _is_keyless(want)
    with run.open(want.signature) as opened:
        held = signature_files.read(opened.read(MAX_BUNDLE), want.signature)
        if isinstance(held.content, Detached) and not want.file:
            raise BadContent(
                f"{want.signature} is a {held.form}, which covers one file, and none is named.",
                "Name the signed file with `file`, or a DSSE envelope with `signature`.",
            )
        signer = (
            signature_signer.certified(want, run, held, opened)
            if keyless
            else signature_signer.by_key(want, run, held)
        )
    valid = Measurement(
        name="Signature valid", value=signer.words is not None, limit=Limit("==", True), source=want.signature
    )
    details = {"form": held.form, **signer.details}
    if signer.words is None:
        key = f"the key {signer.details['fingerprint'][:16]}…"
        said = f"{want.signature} is no signature of {key} over this content"
        return judged(
            [valid],
            said,
            advice="Find out who changed the file or the key, then sign again.",
            details=details,
        )
    if signer.envelope is None:
        return judged([valid], f"{want.file} is signed by {signer.words}", details=details)
    return _statement(want, run, (signer.words, signer.envelope), valid, details)


def _is_keyless(want: SignatureParams) -> bool:
    with_key, with_identity = (
        want.public_key or want.key_file,
        want.identity or want.issuer or want.trusted_root,
    )
    if bool(with_key) == bool(with_identity) or (want.public_key and want.key_file):
        raise ParameterError(
            "`signature` needs one way to know the signer.",
            "Give `public_key`, or `key_file` and `fingerprint`, or `identity`, `issuer` and `trusted_root`.",
        )
    if want.key_file and not want.fingerprint:
        raise ParameterError("A key in the run proves nothing by itself.", "Add its `fingerprint`.")
    if with_identity and not (want.identity and want.issuer and want.trusted_root):
        raise ParameterError(
            "A keyless signature needs `identity`, `issuer` and `trusted_root`.", "Add them."
        )
    if with_identity and want.trusted_root != PUBLIC_GOOD and not want.trusted_root_sha256:
        raise ParameterError(
            "A trusted root in the run proves nothing by itself.", "Add its `trusted_root_sha256`."
        )
    return bool(with_identity)


def _statement(
    want: SignatureParams,
    run: RunDirectory,
    verified: tuple[str, Envelope],
    valid: Measurement,
    details: dict[str, Any],
) -> Finding:
    by, envelope = verified
    told = signature_statement.read(envelope.payload_type, envelope.payload, want.signature)
    compared = _compared(want, run, told)
    extra = signature_statement.unsigned(run, told, want.folder, want.signature) if want.complete else []
    source = want.signature
    counts = [
        Measurement(name="Files as signed", value=len(compared.same), limit=Limit(">=", 1), source=source),
        Measurement(
            name="Files that differ", value=len(compared.differ), limit=Limit("==", 0), source=source
        ),
        Measurement(name="Files missing", value=len(compared.missing), limit=Limit("==", 0), source=source),
    ]
    if want.complete:
        counts.append(
            Measurement(name="Files not signed", value=len(extra), limit=Limit("==", 0), source=source)
        )
    kinds = Limit("in", want.predicate_types) if want.predicate_types else None
    kind = Measurement(name="Predicate type", value=told.predicate_type[:200], limit=kinds, source=source)
    details |= {
        "differ": compared.differ[:MAX_KEPT],
        "missing": compared.missing[:MAX_KEPT],
        "unsigned": extra[:MAX_KEPT],
    }
    return judged(
        [valid, *counts, kind],
        _message(by, compared, extra, kind),
        advice="Find out who changed the files, then sign again.",
        details=details,
    )


def _compared(want: SignatureParams, run: RunDirectory, told: Statement) -> Compared:
    if not want.file:
        return signature_statement.compare(run, told.subjects, want.folder)
    named = signature_statement.named(told.subjects, want.file, want.folder)
    found = any(signature_statement.matches(run, want.file, subject) for subject in named)
    return Compared(same=[want.file]) if found else Compared(differ=[want.file])


def _message(by: str, compared: Compared, extra: list[str], kind: Measurement) -> str:
    parts = [
        f"{word}: {', '.join(name[:120] for name in names[:MAX_SHOWN])}"
        + (f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else "")
        for word, names in (
            ("not as signed", compared.differ),
            ("missing", compared.missing),
            ("not signed", extra),
        )
        if names
    ]
    if kind.ok is False:
        parts.append(f"predicate type {kind.observed}, needs {kind.expected}")
    if parts:
        return f"Signed by {by}, but {'; '.join(parts)}"
    count = len(compared.same)
    return f"{f'{compared.same[0][:120]} is' if count == 1 else f'{count} files are'} as signed by {by}"
