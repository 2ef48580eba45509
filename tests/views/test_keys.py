"""The public keys: for everybody, with fingerprints and windows."""

from __future__ import annotations

import pytest

from checklists import keys
from readiness.engine.sealed import keys as sealed_keys


@pytest.fixture
def key(db):
    """The installation's key, made as by a first signature."""
    return keys.signer()


def test_open_to_everybody(client, key):
    """Somebody without an account reads the fingerprint and gets both files."""
    page = client.get("/keys/")
    assert page.status_code == 200
    assert key.id[:8] in page.content.decode()
    assert "In use" in page.content.decode()
    assert client.post("/keys/").status_code == 405


def test_files_are_what_verify_takes(client, key):
    """keys.json and the PEM hold that key, and come as downloads in nobody's origin."""
    for path in ("/keys/keys.json", f"/keys/{key.id}.pem"):
        answer = client.get(path)
        assert [found.id for found in sealed_keys.read(answer.content, "the answer").keys] == [key.id]
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["Content-Security-Policy"].startswith("sandbox")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert client.post(path).status_code == 405


def test_before_the_first_signature(client, db):
    """Without a key the page says so, and makes none by being looked at."""
    assert "No key yet" in client.get("/keys/").content.decode()
    assert client.get("/keys/keys.json").status_code == 404
    assert client.get(f"/keys/{'0' * 64}.pem").status_code == 404
    assert keys.ring().keys == ()
