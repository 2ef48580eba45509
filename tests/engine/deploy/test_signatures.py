"""Sign-offs by DSSE envelope: only a trusted key over these artifacts and this very decision counts."""

from __future__ import annotations

import base64
import json

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from readiness.engine.deploy import signatures
from readiness.engine.deploy.decision import Verdict, decide
from readiness.engine.deploy.facts import Facts
from readiness.engine.signature_files import Envelope

OWN, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
KEYS = [signatures.Key("release-key", OWN.public_key())]
TYPE = "application/vnd.in-toto+json"
ASKED = {"config": {"require_signatures": True, "trusted_keys": ["k.pem"]}}


def envelope(statement, *, key=OWN, kind=TYPE):
    """A DSSE envelope around a statement."""
    payload = json.dumps(statement).encode()
    signature = key.sign(Envelope(kind, payload, ()).pae())
    return {
        "payloadType": kind,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": "x", "sig": base64.b64encode(signature).decode()}],
    }


def signed(manifest, *, key=OWN, change=lambda statement: None):
    """The manifest with every approval signed; `change` meddles with the first one's statement."""
    made = []
    for place, approval in enumerate(manifest.approvals):
        statement = signatures.statement(manifest, approval)
        if place == 0:
            change(statement)
        made.append(
            msgspec.structs.replace(approval, signature=envelope(statement, key=key if place == 0 else OWN))
        )
    return msgspec.structs.replace(manifest, approvals=tuple(made))


def judge(manifest, config, at):
    """The decision with the signatures looked at."""
    return decide(manifest, config, at, Facts(signatures=signatures.verify(manifest, KEYS)))


def test_verified(made):
    """Approvals signed by the trusted key count, and are called verified."""
    manifest, config, at, _ = made(**ASKED)
    decision = judge(signed(manifest), config, at)
    assert decision.approved, [r.text for r in decision.reasons]
    assert [(t.standing, t.key, t.counts) for t in decision.approvals] == [
        ("verified", "release-key", True)
    ] * 2


def test_declared(made):
    """Without signatures the words are declared, and are not enough where signatures are asked for."""
    manifest, config, at, _ = made(**ASKED)
    decision = judge(manifest, config, at)
    assert decision.verdict is Verdict.REJECT
    assert {r.rule for r in decision.reasons} == {"signatures"}
    assert {t.standing for t in decision.approvals} == {"declared"}


def put(*path, value):
    """A change of one value of the statement."""

    def change(statement):
        holder = statement
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value

    return change


MEDDLED = {
    "another role": (put("predicate", "role", value="product-owner"), "another role"),
    "another name": (put("predicate", "name", value="Eve Marsh"), "another name"),
    "another decision": (put("predicate", "decision", value="decline"), "another decision"),
    "another time": (put("predicate", "signed_at", value="2026-11-19T16:20:01Z"), "another signed_at"),
    "another release": (put("predicate", "release", value="2.3.9"), "another release"),
    "another environment": (put("predicate", "environment", value="staging"), "another environment"),
    "no environment": (lambda s: s["predicate"].pop("environment"), "another environment"),
    "a number as name": (put("predicate", "name", value=7), "another name"),
    "no predicate": (lambda s: s.pop("predicate"), "another role"),
    "other artifacts": (put("subject", 0, "digest", value={"sha256": "a" * 64}), "other artifacts"),
    "another algorithm": (put("subject", 0, "digest", value={"sha512": "a" * 128}), "other artifacts"),
    "more subjects": (
        lambda s: s["subject"].append({"name": "x", "digest": {"sha256": "a" * 64}}),
        "other artifacts",
    ),
    "no subject": (put("subject", value=[]), "subject"),
    "another predicate": (put("predicateType", value="https://slsa.dev/provenance/v1"), "slsa.dev"),
    "no statement": (put("_type", value="x"), "in-toto"),
}


@pytest.mark.parametrize("name", MEDDLED)
def test_meddled(made, name):
    """A trusted signature over anything else than this decision is none."""
    change, words = MEDDLED[name]
    manifest, config, at, _ = made(**ASKED)
    decision = judge(signed(manifest, change=change), config, at)
    assert [r.rule for r in decision.reasons] == ["signatures"]
    assert words in decision.reasons[0].text, decision.reasons[0].text


def test_same_moment_in_another_zone(made):
    """The time is compared as a moment."""
    manifest, config, at, _ = made(**ASKED)
    change = put("predicate", "signed_at", value="2026-11-19T17:20:00+01:00")
    assert judge(signed(manifest, change=change), config, at).approved


def test_untrusted_key(made):
    """The same statement by another key counts for nothing."""
    manifest, config, at, _ = made(**ASKED)
    decision = judge(signed(manifest, key=OTHER), config, at)
    assert "no key that is trusted" in decision.reasons[0].text


def test_changed_artifact_voids(made):
    """A signature does not survive another artifact in the manifest."""
    manifest, config, at, _ = made(**ASKED)
    done = signed(manifest)
    first = msgspec.structs.replace(done.artifacts[0], sha256="9" * 64)
    other = msgspec.structs.replace(done, artifacts=(first, *done.artifacts[1:]))
    assert {r.rule for r in judge(other, config, at).reasons} == {"signatures"}


@pytest.mark.parametrize("place", range(4))
def test_copied_to_another(made, place):
    """Anna's signature under Ben's name, and a changed role, date or decision, do not verify."""
    manifest, config, at, _ = made(**ASKED)
    done = signed(manifest)
    one, two = done.approvals
    moved = [
        msgspec.structs.replace(two, signature=one.signature),
        msgspec.structs.replace(two, role="compliance"),
        msgspec.structs.replace(two, at="2026-11-19T18:00:00Z"),
        msgspec.structs.replace(two, name="Ada Okafor"),
    ][place]
    decision = judge(msgspec.structs.replace(done, approvals=(one, moved)), config, at)
    assert not decision.approved


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"payloadType": TYPE},
        {"payloadType": TYPE, "payload": "e30=", "signatures": []},
        {"payloadType": TYPE, "payload": "e30=", "signatures": [{"sig": "!!"}]},
        {"payloadType": TYPE, "payload": 5, "signatures": [{"sig": "aa"}]},
        {"mediaType": "x"},
        {"base64Signature": "AAAA"},
        {"payloadType": TYPE, "payload": "e30=", "signatures": ["a"]},
        {"signatures": {"a": [[[[]]]]}},
    ],
)
def test_broken_envelope(made, broken):
    """What is no envelope is no signature, and no crash."""
    manifest, config, at, _ = made(**ASKED)
    done = signed(manifest)
    approvals = (msgspec.structs.replace(done.approvals[0], signature=broken), done.approvals[1])
    decision = judge(msgspec.structs.replace(done, approvals=approvals), config, at)
    assert [r.rule for r in decision.reasons] == ["signatures"]


def test_utf16_payload(made):
    """A signed payload in another encoding is read the same way everywhere, or refused."""
    manifest, config, at, _ = made(**ASKED)
    done = signed(manifest)
    payload = json.dumps(signatures.statement(manifest, manifest.approvals[0])).encode("utf-16")
    sig = OWN.sign(Envelope(TYPE, payload, ()).pae())
    held = {
        "payloadType": TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"sig": base64.b64encode(sig).decode()}],
    }
    approvals = (msgspec.structs.replace(done.approvals[0], signature=held), done.approvals[1])
    assert judge(msgspec.structs.replace(done, approvals=approvals), config, at).approved


def test_no_digest_no_signature(made):
    """Without hashes there is nothing to sign over."""
    manifest, config, at, _ = made(**ASKED)
    done = signed(manifest)
    bare = msgspec.structs.replace(done, artifacts=())
    assert {r.rule for r in judge(bare, config, at).reasons} == {"artifacts", "signatures"}
