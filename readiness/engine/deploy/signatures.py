"""Sign-offs that verify: a DSSE envelope around an in-toto statement, by a trusted Ed25519 key.

The statement's one subject is the release's artifact digest; its predicate says role, name, decision,
signed_at, release and environment, and must say the same as the approval that carries it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from readiness.engine import signature_files, signature_statement
from readiness.engine.deploy import dates, words
from readiness.engine.deploy.facts import SignatureFact
from readiness.engine.deploy.manifest import Approval, Manifest, bare, digest_of
from readiness.engine.errors import BadContent
from readiness.engine.readers import plain_json
from readiness.engine.target import decode

if TYPE_CHECKING:
    from readiness.engine.signature_keys import PublicKey

PREDICATE_TYPE = "urn:readiness:sign-off:v1"
_FIELDS = ("role", "name", "decision", "signed_at", "release", "environment")


@dataclass(frozen=True, slots=True)
class Key:
    """A trusted public key under the name that messages give it."""

    id: str
    key: PublicKey


def statement(manifest: Manifest, approval: Approval) -> dict[str, Any]:
    """The in-toto statement that is signed for an approval. Raises BadContent without an artifact digest."""
    digest = digest_of(manifest.artifacts)
    if digest is None:
        raise BadContent("The manifest has no artifact digest to sign.", "Give every artifact hash and size.")
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": f"{manifest.project}/{manifest.release}", "digest": {"sha256": bare(digest)}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "role": approval.role,
            "name": approval.name,
            "decision": approval.decision,
            "signed_at": approval.at,
            "release": manifest.release,
            "environment": manifest.environment,
        },
    }


def verify(manifest: Manifest, keys: Sequence[Key]) -> dict[int, SignatureFact]:
    """What became of each approval's signature, by its place. Needs the extra `security`."""
    return {place: _fact(manifest, each, keys) for place, each in enumerate(manifest.approvals)}


def _fact(manifest: Manifest, approval: Approval, keys: Sequence[Key]) -> SignatureFact:
    if approval.signature is None:
        return SignatureFact(problem="it carries no signature")
    try:
        return SignatureFact(key=_verified(manifest, approval, approval.signature, keys))
    except BadContent as problem:
        return SignatureFact(problem=words.shown(problem.message.rstrip(".")))


def _verified(manifest: Manifest, approval: Approval, signature: Any, keys: Sequence[Key]) -> str:
    from readiness.engine import signature_keys  # needs the extra `security`

    held = signature_files.read(msgspec.json.encode(signature), "the signature").content
    if not isinstance(held, signature_files.Envelope):
        raise BadContent("the signature is no DSSE envelope")
    signed = signature_keys.Signed.of(held.pae())
    by = next(
        (key.id for key in keys for each in held.signatures if signature_keys.scheme(key.key, each, signed)),
        None,
    )
    if by is None:
        raise BadContent("the signature is by no key that is trusted")
    # only now is the payload somebody's word
    told = signature_statement.read(held.payload_type, held.payload, "the signature")
    digest = digest_of(manifest.artifacts)
    if told.predicate_type != PREDICATE_TYPE:
        raise BadContent(f"it signs a {words.shown(told.predicate_type)}, expected {PREDICATE_TYPE}")
    if digest is None or [s.digests.get("sha256") for s in told.subjects] != [bare(digest)]:
        raise BadContent("it signs other artifacts than the manifest's")
    _compare(held.payload, manifest, approval)
    return by


def _compare(payload: bytes, manifest: Manifest, approval: Approval) -> None:
    predicate = plain_json.parse(decode(payload, "the signature"), "the signature").get("predicate")
    expected = statement(manifest, approval)["predicate"]
    said = predicate if isinstance(predicate, Mapping) else {}
    for name in _FIELDS:
        if not _same(name, said.get(name), expected[name]):
            raise BadContent(f"it signs another {name}: {words.shown(str(said.get(name)))}")


def _same(name: str, said: Any, expected: str) -> bool:
    if not isinstance(said, str):
        return False
    if name != "signed_at" or said == expected:
        return said == expected
    first, second = dates.read(said), dates.read(expected)
    return first is not None and second is not None and first.at == second.at
