"""`signature`: keys, envelopes and bundles made here are believed only when everything about them holds."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.checks.sigstore_world import IDENTITY, ISSUER, MEDIA, World, b64, pae, spki

FIXTURES = Path(__file__).parents[2] / "fixtures" / "signature"
PRINT = "c2954c2e685fb5a2059e664d9df7f5f5936877ec5d64938fa22171c650fd0df8"
MODEL = b"weights of a model"
TYPE = "application/vnd.in-toto+json"
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
EDWARDS, RSA = ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)
OTHER = ec.generate_private_key(ec.SECP256R1())


def pem(key):
    """The public half as PEM text."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def ecdsa(key, data, algorithm=None):
    """An ECDSA signature in DER."""
    return key.sign(data, ec.ECDSA(algorithm or hashes.SHA256()))


def real(*names):
    """Files of the fixtures, the model's own always."""
    kept = {"model/config.json", "model/weights/w.bin", "k.pub", *names}
    return {name: (FIXTURES / name).read_bytes() for name in kept}


def sha(data):
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def statement(subjects, **more):
    """An in-toto statement as bytes; `subjects` maps names to SHA-256."""
    listed = [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects.items()]
    base = {"_type": "https://in-toto.io/Statement/v1", "subject": listed, "predicate": {}}
    return json.dumps(base | {"predicateType": "https://slsa.dev/provenance/v1"} | more).encode()


def envelope(payload, key=P256, kind=TYPE, **more):
    """A DSSE envelope as a dict."""
    signature = b64(ecdsa(key, pae(kind, payload)))
    return {
        "payloadType": kind,
        "payload": b64(payload),
        "signatures": [{"keyid": "", "sig": signature}],
    } | more


BY_KEY = {"signature": "s", "public_key": pem(P256)}


@pytest.mark.parametrize(
    ("key", "signature", "words"),
    [
        (P256, ecdsa(P256, MODEL), "ECDSA P-256, SHA-256"),
        (P384, ecdsa(P384, MODEL, hashes.SHA384()), "ECDSA P-384, SHA-384"),
        (P384, ecdsa(P384, MODEL), "ECDSA P-384, SHA-256"),
        (EDWARDS, EDWARDS.sign(MODEL), "Ed25519"),
        (RSA, RSA.sign(MODEL, PSS, hashes.SHA256()), "RSA-PSS, SHA-256"),
        (RSA, RSA.sign(MODEL, padding.PKCS1v15(), hashes.SHA256()), "RSA PKCS #1 v1.5, SHA-256"),
    ],
)
@pytest.mark.parametrize("form", [bytes, base64.b64encode, base64.encodebytes, base64.urlsafe_b64encode])
def test_detached(finding, key, signature, words, form):
    """Every kind of key, raw and base64; another file, key or signature never passes."""
    params = {"signature": "s", "file": "m", "public_key": pem(key)}
    good = finding("signature", params, {"m": MODEL, "s": form(signature)})
    assert good.outcome == "PASS"
    assert words in good.message
    assert finding("signature", params, {"m": MODEL + b".", "s": form(signature)}).outcome == "FAIL"
    assert finding("signature", params, {"m": MODEL, "s": form(signature[:-1])}).outcome == "FAIL"
    found = finding("signature", params | {"public_key": pem(OTHER)}, {"m": MODEL, "s": form(signature)})
    assert (found.outcome, "is no signature of the key" in found.message) == ("FAIL", True)


@pytest.mark.parametrize("name", ["config.sig", "config.sig.b64"])
def test_what_openssl_signed(finding, name):
    """A signature by openssl; the key lies in the run and is pinned, in any spelling of its fingerprint."""
    params = {"signature": name, "file": "model/config.json", "key_file": "k.pub", "fingerprint": PRINT}
    assert finding("signature", params, real(name)).outcome == "PASS"
    spelt = "SHA256:" + ":".join(PRINT[i : i + 2] for i in range(0, 64, 2)).upper()
    assert finding("signature", params | {"fingerprint": spelt}, real(name)).outcome == "PASS"
    wrong = finding("signature", params | {"fingerprint": "0" * 64}, real(name))
    assert (wrong.outcome, "has the fingerprint c2954c2e" in wrong.message) == ("FAIL", True)


SIGNED = {"signature": "model.sig", "key_file": "k.pub", "fingerprint": PRINT, "folder": "model"}


@pytest.mark.parametrize(
    ("params", "files", "outcome", "words"),
    [
        ({}, {}, "PASS", "2 files are as signed by the key c2954c2e685fb5a2"),
        ({"complete": True}, {}, "PASS", "2 files"),
        ({"complete": True}, {"model/.gitignore": "x"}, "PASS", "2 files"),
        ({"complete": True}, {"model/extra.py": "x"}, "FAIL", "not signed: model/extra.py"),
        ({}, {"model/extra.py": "x"}, "PASS", "2 files"),
        ({}, {"model/weights/w.bin": "other"}, "FAIL", "not as signed: weights/w.bin"),
        ({"folder": ""}, {}, "FAIL", "missing: config.json, weights/w.bin"),
        ({"file": "model/config.json"}, {}, "PASS", "model/config.json is as signed"),
        ({"file": "k.pub"}, {}, "FAIL", "not as signed: k.pub"),
        ({"file": "gone"}, {}, "FAIL", "gone is not in the run"),
        ({"predicate_types": ["https://model_signing/signature/v1.0"]}, {}, "PASS", "2 files"),
        (
            {"predicate_types": ["https://slsa.dev/provenance/v1"]},
            {},
            "FAIL",
            "predicate type https://model_signing",
        ),
    ],
)
def test_what_model_signing_signed(finding, params, files, outcome, words):
    """A bundle of OpenSSF model signing: each file of the model is compared."""
    found = finding("signature", SIGNED | params, real("model.sig") | files)
    assert found.outcome == outcome
    assert words in found.message


M = {"m": sha(MODEL)}


@pytest.mark.parametrize(
    ("held", "outcome", "words"),
    [
        (envelope(statement(M)), "PASS", "m is as signed by the key"),
        (envelope(statement(M), OTHER), "FAIL", "is no signature of the key"),
        (envelope(statement(M)) | {"payload": b64(statement({"m": "0" * 64}))}, "FAIL", "is no signature"),
        (envelope(statement(M)) | {"payloadType": "text/plain"}, "FAIL", "is no signature"),
        (envelope(statement(M), kind="text/plain"), "FAIL", "signs 'text/plain', expected"),
        (envelope(statement({"m": "0" * 64})), "FAIL", "not as signed: m"),
        (envelope(statement(M | {"gone": "0" * 64})), "FAIL", "missing: gone"),
        (envelope(statement({"../m": sha(MODEL)})), "ERROR", "is not a path inside the run directory"),
        (envelope(statement({"m": "xyz"})), "FAIL", "the sha256 of 'm' is no digest"),
        (envelope(statement({})), "FAIL", "no list subject"),
        (
            envelope(statement(M, subject=[{"name": "m", "digest": {"md5": "0" * 32}}])),
            "FAIL",
            "has no digest of",
        ),
        (envelope(statement(M, subject=[{"name": "m"}])), "FAIL", "a subject without digest"),
        (envelope(statement(M, subject=["m"])), "FAIL", "a subject without digest"),
        (envelope(statement(M, _type="https://in-toto.io/Statement/v9")), "FAIL", "no in-toto statement"),
        (envelope(statement(M, predicateType=None)), "FAIL", "has no predicateType"),
        (envelope(b"[]"), "FAIL", "no in-toto statement"),
        (envelope(b'{"a": 1, "a": 2}'), "FAIL", "stands twice"),
        (envelope(statement(M), signatures=[]), "FAIL", "1 to 32 signatures"),
        (envelope(statement(M), signatures=[{"sig": "AAAA"}] * 33), "FAIL", "1 to 32 signatures"),
        (envelope(statement(M), signatures=[{"sig": "%"}]), "FAIL", "sig is no base64 text"),
        (envelope(statement(M), signatures=["x"]), "FAIL", "is no object"),
        (envelope(statement(M)) | {"payload": 7}, "FAIL", "payload is no base64 text"),
        (
            {"mediaType": MEDIA, "verificationMaterial": {}, "dsseEnvelope": envelope(statement(M))},
            "PASS",
            "m is as",
        ),
        ({"mediaType": "application/x", "verificationMaterial": {}}, "FAIL", "no known sigstore bundle"),
        ({"mediaType": MEDIA, "verificationMaterial": {}}, "FAIL", "either dsseEnvelope or messageSignature"),
        ({"mediaType": MEDIA, "dsseEnvelope": {}}, "FAIL", "no object verificationMaterial"),
        ({}, "FAIL", "neither a DSSE envelope nor a sigstore bundle"),
        ("", "FAIL", "s is empty"),
        ("{", "FAIL", "not usable JSON"),
        ('{"a":' * 500, "FAIL", "nested deeper"),
    ],
)
def test_envelopes(finding, held, outcome, words):
    """What is compared is what was verified; the type belongs to what is signed."""
    found = finding("signature", BY_KEY, {"m": MODEL, "s": held})
    assert found.outcome == outcome
    assert words in found.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p["resources"].pop(), "not those of its subject's digest"),
        (lambda p: p["resources"][0].update(name="../m"), "is not a path inside"),
        (lambda p: p["resources"][0].update(algorithm="crc"), "has no digest of"),
        (lambda p: p["serialization"].update(method="shards"), "not serialised by whole files"),
        (lambda p: p["serialization"].update(ignore_paths="m"), "no usable list ignore_paths"),
        (lambda p: p.pop("resources"), "no list resources"),
    ],
)
def test_odd_model_signatures(finding, change, words):
    """Signed by the right key, and still nothing to rely on."""
    one = [
        {"name": "m", "algorithm": "sha256", "digest": sha(MODEL)},
        {"name": "n", "algorithm": "blake2b", "digest": hashlib.blake2b(b"n").hexdigest()},
    ]
    predicate = {"serialization": {"method": "files", "ignore_paths": []}, "resources": one}
    over = sha(b"".join(bytes.fromhex(r["digest"]) for r in one))
    kind = {"predicateType": "https://model_signing/signature/v1.0", "predicate": predicate}
    files = {"m": MODEL, "n": b"n"}
    good = finding("signature", BY_KEY, files | {"s": envelope(statement({"model": over}, **kind))})
    assert (good.outcome, "2 files are as signed" in good.message) == ("PASS", True)
    change(predicate)
    bad = finding("signature", BY_KEY, files | {"s": envelope(statement({"model": over}, **kind))})
    assert bad.outcome in ("FAIL", "ERROR")
    assert words in bad.message


def test_a_bundle_with_a_key(finding):
    """As `cosign sign-blob --key --bundle` writes it; a digest that is another file's is refused."""
    message = {
        "messageDigest": {"algorithm": "SHA2_256", "digest": b64(hashlib.sha256(MODEL).digest())},
        "signature": b64(ecdsa(P256, MODEL)),
    }
    held = {
        "mediaType": MEDIA,
        "verificationMaterial": {"publicKey": {"hint": ""}},
        "messageSignature": message,
    }
    params = BY_KEY | {"file": "m"}
    assert finding("signature", params, {"m": MODEL, "s": held}).outcome == "PASS"
    message["messageDigest"]["digest"] = b64(hashlib.sha256(b"other").digest())
    assert "s is for SHA-256" in finding("signature", params, {"m": MODEL, "s": held}).message
    legacy = {"base64Signature": b64(ecdsa(P256, MODEL)), "rekorBundle": {}}
    assert finding("signature", params, {"m": MODEL, "s": legacy}).outcome == "PASS"


SMALL = rsa.generate_private_key(65537, 1024)
CURVE = ec.generate_private_key(ec.SECP256K1())


@pytest.mark.parametrize(
    ("params", "outcome", "words"),
    [
        ({}, "ERROR", "one way to know the signer"),
        ({"key_file": "k"}, "ERROR", "A key in the run proves nothing by itself"),
        (
            {"key_file": "k", "public_key": pem(P256), "fingerprint": "0"},
            "ERROR",
            "one way to know the signer",
        ),
        ({"public_key": pem(P256), "identity": "a"}, "ERROR", "one way to know the signer"),
        ({"identity": "a", "issuer": "b"}, "ERROR", "needs `identity`, `issuer` and `trusted_root`"),
        ({"issuer": "b", "trusted_root": "public-good"}, "ERROR", "needs `identity`"),
        (
            {"identity": "a", "issuer": "b", "trusted_root": "r"},
            "ERROR",
            "A trusted root in the run proves nothing",
        ),
        ({"public_key": pem(P256), "file": ""}, "FAIL", "covers one file"),
        ({"public_key": "ssh-ed25519 AAAA"}, "FAIL", "is no public key in PEM"),
        (
            {"public_key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"},
            "FAIL",
            "no public key in PEM",
        ),
        ({"public_key": pem(SMALL)}, "FAIL", "RSA of 1024 bits"),
        ({"public_key": pem(CURVE)}, "FAIL", "curve secp256k1"),
        ({"public_key": pem(P256), "fingerprint": "00"}, "FAIL", "has the fingerprint"),
        ({"public_key": pem(P256), "file": "gone"}, "FAIL", "gone is not in the run"),
        ({"public_key": pem(P256), "signature": "gone"}, "FAIL", "gone is not in the run"),
    ],
)
def test_bad_parameters_and_keys(finding, params, outcome, words):
    """Half a trust is none."""
    files = {"m": MODEL, "s": ecdsa(P256, MODEL), "k": pem(P256), "r": "{}"}
    found = finding("signature", {"signature": "s", "file": "m"} | params, files)
    assert found.outcome == outcome
    assert words in f"{found.message} {found.advice}"


def test_a_private_key_is_told(finding):
    """A private key in the checklist or the run is a secret that leaked."""
    private = P256.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    found = finding(
        "signature", {"signature": "s", "file": "m", "public_key": private}, {"m": "", "s": "AA=="}
    )
    assert (found.outcome, "is a private key" in found.message) == ("FAIL", True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2000), st.integers(1, 255))
def test_no_byte_of_a_model_bundle_may_change(finding, at, flip):
    """A changed byte either is outside what is signed (then the files are the same), or FAILs."""
    data = bytearray((FIXTURES / "model.sig").read_bytes())
    data[at % len(data)] ^= flip
    found = finding("signature", SIGNED, real("model.sig") | {"model.sig": bytes(data)})
    if found.outcome == "PASS":
        assert found.measurements[1].value == 2
    else:
        assert found.outcome == "FAIL"


WORLD = World()
ROOT = WORLD.root()
KEYLESS = {
    "signature": "s",
    "identity": IDENTITY,
    "issuer": ISSUER,
    "trusted_root": "root.json",
    "trusted_root_sha256": sha(ROOT.encode()),
}
BUNDLE, DSSE = WORLD.bundle(MODEL), WORLD.dsse(statement(M))
FOREIGN = World()


def changed(bundle, *path, value):
    """The bundle with one value replaced."""
    made = json.loads(bundle)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return made


ENTRY = ("verificationMaterial", "tlogEntries", 0)


@pytest.mark.parametrize(
    ("held", "params", "outcome", "words"),
    [
        (
            BUNDLE,
            {"file": "m"},
            "PASS",
            "m is signed by release@example.org (issuer https://accounts.example.org)",
        ),
        (DSSE, {}, "PASS", "m is as signed by release@example.org"),
        (
            DSSE,
            {"file": "m", "predicate_types": ["https://slsa.dev/provenance/v1"]},
            "PASS",
            "m is as signed",
        ),
        (DSSE, {"predicate_types": ["x"]}, "FAIL", "predicate type"),
        (WORLD.dsse(statement({"m": "0" * 64})), {}, "FAIL", "not as signed: m"),
        (WORLD.dsse(statement(M), kind="text/plain"), {}, "FAIL", "signs 'text/plain'"),
        (BUNDLE, {"file": "n"}, "FAIL", "does not verify: Bundle message digest mismatch"),
        (BUNDLE, {"file": "m", "identity": "release@example.com"}, "FAIL", "SANs do not match"),
        (BUNDLE, {"file": "m", "issuer": "https://accounts.example.com"}, "FAIL", "does not verify"),
        (WORLD.bundle(MODEL, identity="eve@example.org"), {"file": "m"}, "FAIL", "SANs do not match"),
        (WORLD.bundle(MODEL, issuer="https://evil.example"), {"file": "m"}, "FAIL", "does not verify"),
        (FOREIGN.bundle(MODEL), {"file": "m"}, "FAIL", "certificate chain"),
        (
            BUNDLE,
            {"file": "m", "trusted_root": "public-good", "trusted_root_sha256": ""},
            "FAIL",
            "certificate chain",
        ),
        (BUNDLE, {"file": "m", "trusted_root_sha256": "0" * 64}, "FAIL", "is not the pinned trusted root"),
        (
            BUNDLE,
            {"file": "m", "trusted_root": "m", "trusted_root_sha256": sha(MODEL)},
            "FAIL",
            "root m is not usable",
        ),
        (
            BUNDLE,
            {"file": "m", "trusted_root": "e", "trusted_root_sha256": sha(b"{}")},
            "FAIL",
            "root e is not usable",
        ),
        (
            changed(BUNDLE, *ENTRY, "integratedTime", value="1900000000"),
            {"file": "m"},
            "FAIL",
            "does not verify",
        ),
        (
            changed(BUNDLE, *ENTRY, "inclusionProof", "rootHash", value=b64(b"0" * 32)),
            {"file": "m"},
            "FAIL",
            "root hash",
        ),
        (
            changed(BUNDLE, *ENTRY, "inclusionProof", "checkpoint", "envelope", value="x"),
            {"file": "m"},
            "FAIL",
            "note",
        ),
        (
            changed(BUNDLE, *ENTRY, "inclusionPromise", "signedEntryTimestamp", value=b64(b"0" * 70)),
            {"file": "m"},
            "FAIL",
            "inclusion promise",
        ),
        (
            changed(BUNDLE, *ENTRY, "canonicalizedBody", value=b64(b"{}")),
            {"file": "m"},
            "FAIL",
            "does not verify",
        ),
        (
            changed(BUNDLE, "verificationMaterial", "tlogEntries", value=[]),
            {"file": "m"},
            "FAIL",
            "one log entry",
        ),
        (
            changed(BUNDLE, "verificationMaterial", "certificate", "rawBytes", value=b64(b"0")),
            {"file": "m"},
            "FAIL",
            "does not verify",
        ),
        (
            changed(BUNDLE, "messageSignature", "signature", value=b64(ecdsa(OTHER, MODEL))),
            {"file": "m"},
            "FAIL",
            "Signature is invalid",
        ),
        (
            changed(DSSE, "dsseEnvelope", "payload", value=b64(statement({"m": "0" * 64}))),
            {},
            "FAIL",
            "does not verify",
        ),
        (envelope(statement(M)), {}, "FAIL", "without certificate and log entry"),
        (
            {"base64Signature": b64(b"x"), "cert": "y", "rekorBundle": {}},
            {"file": "m"},
            "FAIL",
            "--new-bundle-format",
        ),
    ],
)
def test_keyless(finding, held, params, outcome, words):
    """A bundle holds only when certificate, both logs, identity, issuer, signature and files do."""
    files = {"m": MODEL, "n": b"other", "e": "{}", "s": held, "root.json": ROOT}
    found = finding("signature", KEYLESS | params, files)
    assert found.outcome == outcome
    assert words in f"{found.message} {found.advice}"
    assert found.outcome == "FAIL" or "isolation" in found.details


def test_nothing_is_asked_of_the_network(finding, monkeypatch):
    """No name is looked up and no connection tried: not by key, and keyless not even by the child."""

    def refused(*args):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    found = finding("signature", KEYLESS | {"file": "m"}, {"m": MODEL, "s": BUNDLE, "root.json": ROOT})
    assert found.outcome == "PASS"
    assert {"seccomp", "userns"} & set(found.details["isolation"].split("+"))
    by_key = finding("signature", BY_KEY | {"file": "m"}, {"m": MODEL, "s": ecdsa(P256, MODEL)})
    assert by_key.outcome == "PASS"
    assert by_key.details["fingerprint"] == sha(spki(P256))


@pytest.mark.parametrize(
    ("subjects", "outcome"),
    [
        ({"models/m": sha(MODEL)}, "PASS"),
        ({"m": sha(MODEL), "other": sha(b"x")}, "PASS"),
        ({"registry.example/image": sha(MODEL)}, "PASS"),
        ({"models/m": "0" * 64, "models/old": sha(MODEL)}, "FAIL"),
        ({"m": "0" * 64, "old": sha(MODEL)}, "FAIL"),
        ({"dist/m": "0" * 64, "dist/old": sha(MODEL)}, "FAIL"),
        ({"./models/m": "0" * 64, "old": sha(MODEL)}, "FAIL"),
    ],
)
def test_one_signed_file_cannot_stand_in_for_another(finding, subjects, outcome):
    """Where the statement knows the file's name, only the content signed under that name will do."""
    files = {"models/m": MODEL, "s": json.dumps(envelope(statement(subjects)))}
    for folder in ("models", ""):
        params = BY_KEY | {"file": "models/m", "folder": folder}
        assert finding("signature", params, files).outcome == outcome


@pytest.mark.parametrize("target", ["config.json", "../k.pub", "../elsewhere"])
def test_a_link_is_a_file_that_is_not_signed(finding, tmp_path, target):
    """`complete`: what a loader would follow counts, to a file or a folder, inside the run or not."""
    files = real("model.sig")
    finding("signature", SIGNED, files)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "model" / "more.bin").symlink_to(target)
    found = finding("signature", SIGNED | {"complete": True}, files)
    assert (found.outcome, "not signed: more.bin" in found.message.replace("model/", "")) == ("FAIL", True)
