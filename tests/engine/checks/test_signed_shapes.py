"""`sbom` and `signature`: the shapes that SPDX, GitHub and cosign document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from readiness.engine.readers import spdx

FIXTURES = Path(__file__).parents[2] / "fixtures"
SBOM, SIGNATURE = FIXTURES / "sbom", FIXTURES / "signature"


@pytest.mark.parametrize(
    ("name", "params", "outcome", "words"),
    [
        ("github-spdx.json", {}, "PASS", "SPDX 2.3 of com.github.shop/shop main: 2 components"),
        ("github-spdx.json", {"matches": "requirements.txt"}, "PASS", "2 components"),
        ("github-spdx.json", {"denied_licences": ["BSD-*"]}, "FAIL", "denied: quill (BSD-3-Clause)"),
        ("spdx-2.2.json", {}, "FAIL", "with version 50 %, needs ≥ 100 %"),
        ("spdx-2.2.json", {"versions_at_least": 50}, "PASS", "SPDX 2.2 of shop 1.4: 2 components"),
        ("spdx-2.2.json", {"versions_at_least": 50, "hashes_at_least": 51}, "FAIL", "with digest 50 %"),
        ("spdx-2.2.json", {"versions_at_least": 50, "denied_licences": ["GPL-*"]}, "PASS", "2 components"),
        ("tags-2.2.spdx", {}, "PASS", "SPDX 2.2 of shop-bin 1.4: 1 component"),
        ("tags-2.2.spdx", {"hashes_at_least": 100, "licences_at_least": 100}, "PASS", "1 component"),
    ],
)
def test_bills_of_materials(finding, name, params, outcome, words):
    """Parts, versions, licences and digests; files are not parts."""
    files = {"b": (SBOM / name).read_bytes(), "requirements.txt": "plumage==0.4.0\nquill==3.1\n"}
    found = finding("sbom", {"file": "b"} | params, files)
    assert found.outcome == outcome
    assert words in found.message


def test_the_address_of_a_reference_type():
    """A purl is one, whether its type is a word or the address of its definition."""
    bom = spdx.from_json(json.loads((SBOM / "spdx-2.2.json").read_text()), "b")
    assert [part.purl for part in bom.components] == ["pkg:maven/org.teal/teal@2.0", ""]


@pytest.mark.parametrize("inner", [None, [], "x", {}, {"sbom": {}}, {"spdxVersion": "SPDX-9"}])
def test_wrapped_nothing(finding, inner):
    """GitHub's wrapper around something else is no bill of materials."""
    assert finding("sbom", {"file": "b"}, {"b": {"sbom": inner}}).outcome == "FAIL"


COSIGN = ["cosign-bundle.json", "cosign-v0.3.json"]


def signed(finding, name, change=None, data=None):
    """What `signature` makes of a cosign bundle over `config.json`."""
    bundle = json.loads((SIGNATURE / name).read_text()) | (change or {})
    files = {
        "s.json": bundle,
        "config.json": data or (SIGNATURE / "model" / "config.json").read_bytes(),
    }
    params = {"signature": "s.json", "file": "config.json", "public_key": (SIGNATURE / "k.pub").read_text()}
    return finding("signature", params, files)


@pytest.mark.parametrize("name", COSIGN)
def test_what_cosign_writes_with_a_key(finding, name):
    """The key decides; the log entry is not looked at, and said not to be."""
    found = signed(finding, name)
    assert found.outcome == "PASS", found.message
    assert "config.json is signed by the key" in found.message
    assert found.details["transparency_log"] == "not looked at"
    assert signed(finding, name, data=b'{"hidden": 65}\n').outcome == "FAIL"


MESSAGE = {"messageDigest": {"algorithm": "SHA2_256", "digest": "AAAA"}, "signature": "AAAA"}


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("cosign-bundle.json", {"base64Signature": ""}, "base64Signature is no base64 text"),
        ("cosign-bundle.json", {"base64Signature": "AAAA"}, "is no signature of the key"),
        ("cosign-v0.3.json", {"messageSignature": MESSAGE}, "config.json has"),
        ("cosign-v0.3.json", {"messageSignature": {"signature": "AAAA"}}, "is no signature of the key"),
        ("cosign-v0.3.json", {"messageSignature": None}, "no object messageSignature"),
        (
            "cosign-v0.3.json",
            {"mediaType": "application/vnd.dev.sigstore.bundle.v9+json"},
            "no known sigstore",
        ),
        ("cosign-v0.3.json", {"dsseEnvelope": {}}, "either dsseEnvelope or messageSignature"),
    ],
)
def test_changed_bundles(finding, name, change, words):
    """Whatever is put in the place of a signature."""
    found = signed(finding, name, change)
    assert (found.outcome, words in found.message) == ("FAIL", True), found.message


def test_a_bundle_with_a_key_is_not_keyless(finding):
    """A key's hint is no certificate: identity and issuer have nothing to hold on to."""
    params = {"signature": "s.json", "file": "config.json", "identity": "a@example.org"}
    params |= {"issuer": "https://issuer.example", "trusted_root": "public-good"}
    files = {n: (SIGNATURE / n).read_bytes() for n in COSIGN} | {"config.json": b"{}"}
    for name in COSIGN:
        found = finding("signature", params | {"signature": name}, files)
        assert (found.outcome, "without certificate and log entry" in found.message) == ("FAIL", True)
