"""The page that verifies a file: the same words as `readiness verify`, and nothing kept."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.test import override_settings

from checklists import blobs, keys
from checklists.models import AuditEntry, Checkpoint
from checklists.reads import verifying
from readiness.engine.sealed import keys as sealed_keys
from readiness.engine.sealed.keys import SigningKey
from tests import signing
from tests.reports import bundled

JSON = {"accept": "application/json"}


def upload(data: bytes, name: str = "bundle.zip") -> io.BytesIO:
    """A file of a form."""
    file = io.BytesIO(data)
    file.name = name
    return file


@pytest.fixture
def made(ready_gate, people) -> bundled.Made:
    """The bundle of a gate that the lead signed."""
    signing.approve(gate=ready_gate.pk, role="technical-lead", by=people.lead)
    return bundled.report(ready_gate, people)


@pytest.fixture
def visitor(client, people):
    """Somebody signed in who belongs to no project."""
    client.force_login(people.outsider)
    return client


def test_guards(client, people, db):
    """Visitors sign in; anybody signed in sees the form; other methods are refused."""
    assert client.get("/verify/").status_code == 302
    assert client.post("/verify/").status_code == 302
    client.force_login(people.outsider)
    page = client.get("/verify/")
    assert page.status_code == 200
    assert "this installation’s own" in page.content.decode()
    assert client.put("/verify/").status_code == 405


def test_verified(visitor, made):
    """A bundle of this installation: result, claims, who signed; by whose keys is said; nothing is kept."""
    kept = _kept()
    page = visitor.post("/verify/", {"file": upload(made.data)})
    text = page.content.decode()
    assert page.status_code == 200
    assert "Everything in this file is as it was signed." in text
    assert "Lead Person" in text
    assert "Verified against this installation’s keys" in text
    told = visitor.post("/verify/", {"file": upload(made.data)}, headers=JSON).json()
    assert told["result"] == "verified"
    assert all(claim["title"] in text.replace("&#x27;", "'") for claim in told["claims"])
    inside = re.search(r'href="data:application/json;base64,([^"]+)"', text)
    assert json.loads(base64.b64decode(inside[1])) == told
    assert _kept() == kept


def test_pdf_by_another_key(visitor, made):
    """With a key of one's own only that counts, and the page says so."""
    pdf = upload(blobs.get(made.row.sha256), "report.pdf")
    own = upload(sealed_keys.pem(SigningKey.make().public), "own.pem")
    page = visitor.post("/verify/", {"file": pdf, "key": own}).content.decode()
    assert "Consistent, origin not verified" in page
    assert "the key that you gave, and no other" in page


def test_changed(visitor, made):
    """One changed byte: failed, in word and icon."""
    place = made.data.index(b"%PDF-") + 3000
    changed = made.data[:place] + bytes([made.data[place] ^ 1]) + made.data[place + 1 :]
    page = visitor.post("/verify/", {"file": upload(changed)}).content.decode()
    assert "This file is not what was signed." in page
    assert "state-broken" in page


def test_own_checkpoint(visitor, made):
    """A checkpoint that somebody kept is compared; one that is none is refused at its field."""
    note = Checkpoint.objects.filter(stream=made.row.gate.stream).first().note.encode()
    form = {"file": upload(made.data), "checkpoint": upload(note, "kept.txt")}
    told = visitor.post("/verify/", form, headers=JSON).json()
    assert {c["id"]: c["state"] for c in told["claims"]}["outside"] == "verified"
    form = {"file": upload(made.data), "checkpoint": upload(b"Dear auditor", "letter.txt")}
    answer = visitor.post("/verify/", form, headers=JSON)
    assert answer.status_code == 422
    assert "is no checkpoint" in answer.json()["errors"]["checkpoint"][0]


def dated(moment: str) -> bytes:
    """A file of keys with one that is used since that moment."""
    key = {**sealed_keys.Key(public=SigningKey.make().public).to_dict(), "not_before": moment}
    return json.dumps({**sealed_keys.Keyring().to_dict("example.org"), "keys": [key]}).encode()


@pytest.mark.parametrize(
    ("form", "field", "said"),
    [
        ({}, "file", "Choose a file."),
        ({"file": b""}, "file", "is empty"),
        ({"file": b"Dear auditor, the release is fine."}, "file", "neither an audit bundle (ZIP) nor"),
        ({"file": b"PK", "key": b"no key"}, "key", "holds no public key"),
        ({"file": b"PK", "key": SigningKey.make().pem()}, "key", "private key"),
        ({"file": b"PK", "key": b"x" * 1_000_001}, "key", "too much"),
        ({"file": b"PK", "key": dated("0001-01-01T00:00:00+14:00")}, "key", "not understood"),
        ({"file": b"PK", "key": dated("9999-12-31T23:59:59-14:00")}, "key", "not understood"),
    ],
)  # fmt: skip
def test_what_cannot_be_verified(visitor, form, field, said):
    """What is none of ours is refused at its field with what to do, as page and as JSON."""
    sent = {name: upload(data, name) for name, data in form.items()}
    answer = visitor.post("/verify/", sent, headers=JSON)
    assert answer.status_code == 422
    assert said in answer.json()["errors"][field][0]
    page = visitor.post("/verify/", {name: upload(data, name) for name, data in form.items()})
    assert page.status_code == 422
    assert "Nothing was verified" in page.content.decode()


def test_broken_files_are_failed(visitor, db):
    """A ZIP and a PDF that are none of ours fail as files, with every other claim not verified."""
    for data in (b"PK\x03\x04" + b"\0" * 100, b"%PDF-1.7\n" + b"1" * 3000):
        told = visitor.post("/verify/", {"file": upload(data)}, headers=JSON).json()
        assert told["result"] == "failed"
        assert {c["state"] for c in told["claims"] if c["id"] != "file-whole"} == {"not-verified"}


def test_too_large(visitor, db):
    """More than the page takes is not kept, and refused with how to verify it elsewhere."""
    with override_settings(VERIFY_MAX_BYTES=3_000_000, EVIDENCE_MAX_BYTES=1000):
        answer = visitor.post("/verify/", {"file": upload(b"PK" + b"\0" * 3_500_000)}, headers=JSON)
    assert answer.status_code == 422
    assert "at most 3 MB" in answer.json()["errors"]["file"][0]
    assert "readiness verify FILE" in answer.json()["errors"]["file"][0]


def test_larger_than_evidence(visitor, db):
    """A bundle may be larger than a piece of evidence: all of it is read."""
    with override_settings(VERIFY_MAX_BYTES=5_000_000, EVIDENCE_MAX_BYTES=1000):
        data = b"PK" + b"\0" * 3_500_000
        told = visitor.post("/verify/", {"file": upload(data)}, headers=JSON).json()
    assert told["sha256"] == hashlib.sha256(data).hexdigest()


def test_one_at_a_time(visitor, people, db):
    """While a file of somebody is being verified, or too many of others, the next is refused."""
    for taken in (
        [f"verifying-{people.outsider.pk}"],
        [f"verifying-slot-{n}" for n in range(verifying.AT_ONCE)],
    ):
        cache.set_many(dict.fromkeys(taken, 1))
        answer = visitor.post("/verify/", {"file": upload(b"PK")}, headers=JSON)
        assert "Too many files" in answer.json()["errors"]["file"][0]
        cache.delete_many(taken)
    for _ in range(3):
        assert visitor.post("/verify/", {"file": upload(b"PK")}, headers=JSON).status_code == 200


def test_hostile_words_are_text(visitor, monkeypatch, db):
    """What a file says of itself is shown as text, and bounded: markup, unknown roles, endless lists."""
    from readiness.engine.sealed.verify import result

    evil = "<script>alert(1)</script>\u202e"
    signed = result.Signed(
        role=evil, name=evil, decision=evil, worth=evil, meaning=evil, comment=evil, signed_at=evil,
        methods=(evil,), digest=evil, key=evil,
    )  # fmt: skip
    found = result.Verification(
        file=evil, kind="bundle", sha256="0" * 64,
        claims=(result.failed("log", evil, [evil] * 5000),),
        decided=result.Decided(verdict=evil, project=evil, signatures=(signed,) * 5000),
    )  # fmt: skip
    monkeypatch.setattr("checklists.views.verify.verifying.verify", lambda *_, **__: found)
    page = visitor.post("/verify/", {"file": upload(b"PK")}).content.decode()
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "and 4800 more" in page
    assert len(page) < 1_000_000


def _kept() -> tuple[int, set[Path]]:
    files = {path for path in Path(default_storage.path("")).rglob("*") if path.is_file()}
    return AuditEntry.objects.count(), files


def test_no_key_yet(visitor, db):
    """On a new installation the page says that there is no key, and makes none."""
    assert "there is none yet" in visitor.get("/verify/").content.decode()
    assert keys.ring().keys == ()
