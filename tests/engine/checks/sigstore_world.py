"""A small sigstore of its own for tests: certificate authority, certificate log, transparency log."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from datetime import UTC, datetime, timedelta

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHA = ec.ECDSA(hashes.SHA256())
IDENTITY, ISSUER = "release@example.org", "https://accounts.example.org"
MEDIA = "application/vnd.dev.sigstore.bundle.v0.3+json"


def b64(data):
    """Base64 text of bytes."""
    return base64.b64encode(data).decode()


def spki(key):
    """The DER form of a private key's public half."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pae(kind, payload):
    """DSSE's pre-authentication encoding, written anew."""
    return b" ".join([b"DSSEv1", str(len(kind)).encode(), kind.encode(), str(len(payload)).encode(), payload])


class World:
    """Keys and certificates; `bundle` and `dsse` sign as sigstore's clients do."""

    def __init__(self):
        self.ca_key, self.ct_key, self.rekor_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        key = self.ca_key.public_key()
        self.ca = (
            x509.CertificateBuilder(name, name, key, 1, NOW - timedelta(days=1), NOW + timedelta(days=900))
            .add_extension(x509.BasicConstraints(True, 1), True)
            .add_extension(usage, True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
            .sign(self.ca_key, hashes.SHA256())
        )

    def root(self):
        """The trusted root as JSON text."""
        valid = {"start": "2026-01-01T00:00:00Z"}
        log = {"baseUrl": "https://log.example.org", "hashAlgorithm": "SHA2_256"}

        def instance(key):
            public = {"rawBytes": b64(spki(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": valid}
            return log | {"publicKey": public, "logId": {"keyId": b64(hashlib.sha256(spki(key)).digest())}}

        authority = {
            "subject": {"organization": "test", "commonName": "test authority"},
            "uri": "https://ca.example.org",
            "certChain": {"certificates": [{"rawBytes": b64(self.ca.public_bytes(Encoding.DER))}]},
            "validFor": valid,
        }
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [instance(self.rekor_key)],
                "certificateAuthorities": [authority],
                "ctlogs": [instance(self.ct_key)],
                "timestampAuthorities": [],
            }
        )

    def certificate(self, key, identity=IDENTITY, issuer=ISSUER):
        """A short-lived certificate with the certificate log's promise in it."""

        def build(*more):
            made = x509.CertificateBuilder(
                self.ca.subject, x509.Name([]), key.public_key(), 77, NOW, NOW + timedelta(minutes=10)
            )
            usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
            authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.ca_key.public_key())
            text = issuer.encode()
            extensions = (
                (usage, True),
                (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
                (authority, False),
                (x509.SubjectAlternativeName([x509.RFC822Name(identity)]), True),
                (_own("1.3.6.1.4.1.57264.1.8", bytes([0x0C, len(text)]) + text), False),
                *more,
            )
            for extension, critical in extensions:
                made = made.add_extension(extension, critical)
            return made.sign(self.ca_key, hashes.SHA256())

        promise = self._promise(build().tbs_certificate_bytes)
        return build((_own("1.3.6.1.4.1.11129.2.4.2", promise), False))

    def _promise(self, tbs):
        stamp = int(NOW.timestamp() * 1000)
        issuer = hashlib.sha256(spki(self.ca_key)).digest()
        entry = issuer + struct.pack(">I", len(tbs))[1:] + tbs
        signature = self.ct_key.sign(struct.pack(">BBQH", 0, 0, stamp, 1) + entry + b"\0\0", SHA)
        log = hashlib.sha256(spki(self.ct_key)).digest()
        sct = (
            b"\0"
            + log
            + struct.pack(">QH", stamp, 0)
            + b"\4\3"
            + struct.pack(">H", len(signature))
            + signature
        )
        listed = struct.pack(">H", len(sct)) + sct
        listed = struct.pack(">H", len(listed)) + listed
        return bytes([0x04, len(listed)] if len(listed) < 128 else [0x04, 0x81, len(listed)]) + listed

    def bundle(self, content, **who):
        """A bundle with a signature over `content` (bytes), as text."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.certificate(key, **who)
        signature, digest = key.sign(content, SHA), hashlib.sha256(content).digest()
        spec = {
            "data": {"hash": {"algorithm": "sha256", "value": digest.hex()}},
            "signature": {"content": b64(signature), "publicKey": {"content": _pem64(certificate)}},
        }
        entry = self._entry("hashedrekord", spec)
        message = {
            "messageDigest": {"algorithm": "SHA2_256", "digest": b64(digest)},
            "signature": b64(signature),
        }
        return json.dumps(_wrapped(certificate, entry) | {"messageSignature": message})

    def dsse(self, payload, kind="application/vnd.in-toto+json", **who):
        """A bundle with an envelope around `payload` (bytes), as text."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.certificate(key, **who)
        signature = key.sign(pae(kind, payload), SHA)
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [{"signature": b64(signature), "verifier": _pem64(certificate)}],
        }
        entry = self._entry("dsse", spec)
        envelope = {"payload": b64(payload), "payloadType": kind, "signatures": [{"sig": b64(signature)}]}
        return json.dumps(_wrapped(certificate, entry) | {"dsseEnvelope": envelope})

    def _entry(self, kind, spec):
        body = rfc8785.dumps({"apiVersion": "0.0.1", "kind": kind, "spec": spec})
        log, time = hashlib.sha256(spki(self.rekor_key)).digest(), int(NOW.timestamp()) + 60
        signed = {"body": b64(body), "integratedTime": time, "logID": log.hex(), "logIndex": 5}
        root = hashlib.sha256(b"\0" + body).digest()
        note = f"log.example.org - 1\n1\n{b64(root)}\n"
        checkpoint = b64(log[:4] + self.rekor_key.sign(note.encode(), SHA))
        return {
            "logIndex": "5",
            "logId": {"keyId": b64(log)},
            "kindVersion": {"kind": kind, "version": "0.0.1"},
            "integratedTime": str(time),
            "inclusionPromise": {
                "signedEntryTimestamp": b64(self.rekor_key.sign(rfc8785.dumps(signed), SHA))
            },
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": b64(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n— log.example.org {checkpoint}\n"},
            },
            "canonicalizedBody": b64(body),
        }


def _own(oid, value):
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), value)


def _pem64(certificate):
    return b64(certificate.public_bytes(Encoding.PEM))


def _wrapped(certificate, entry):
    raw = {"rawBytes": b64(certificate.public_bytes(Encoding.DER))}
    return {"mediaType": MEDIA, "verificationMaterial": {"certificate": raw, "tlogEntries": [entry]}}
