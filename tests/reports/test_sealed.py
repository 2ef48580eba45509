"""The signed report as a file: what is attached, what states it, and still PDF/A-3a after signing."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from typing import Any

import pikepdf
import pytest

from checklists import blobs, keys
from checklists.actions import reports
from checklists.models import Report, SignOff
from checklists.reports.attached import plain_name
from readiness.engine import seal
from readiness.engine.sealed import checkpoint, dsse, log
from tests.reports.made import attach, sign

RELATIONS = {
    "audit.jsonl": "/Supplement",
    "checkpoint.txt": "/Supplement",
    "keys.json": "/Supplement",
    "report.dsse.json": "/Supplement",
    "report.json": "/Data",
    "results.jsonl": "/Supplement",
    "signatures.jsonl": "/Supplement",
}


@pytest.fixture
def made(ready_gate, people) -> tuple[Report, pikepdf.Pdf]:
    """The report of an approved gate with all evidence, as row and as file."""
    attach(ready_gate, people.owner)
    sign(ready_gate, people)
    row = reports.request(gate=ready_gate.pk, by=people.owner, evidence="all")
    reports.render(row.pk)
    row.refresh_from_db()
    assert row.error == ""
    return row, pikepdf.open(io.BytesIO(blobs.get(row.sha256)))


def test_attached(made):
    """Each file with its relationship, description, media type and the row's date; sorted by name."""
    row, file = made
    evidence = f"evidence/{hashlib.sha256(b'issues.csv').hexdigest()[:12]}-issues.csv"
    assert list(file.attachments) == sorted([*RELATIONS, evidence])
    found = {str(spec.UF): spec for spec in file.Root.AF}
    assert {name: str(spec.AFRelationship) for name, spec in found.items()} == RELATIONS | {
        evidence: "/Source"
    }
    for spec in found.values():
        assert str(spec.Desc)
        assert str(spec.EF.F.Subtype).count("/") == 2
        assert str(spec.EF.F.Params.ModDate) == row.requested_at.strftime("D:%Y%m%d%H%M%SZ")
    assert found[evidence].EF.F.read_bytes() == b"issues.csv"
    assert found["report.json"].EF.F.read_bytes() == seal.canonical(row.snapshot)


def test_stated(made):
    """The statement, under the installation's key, names every other file and the certificate."""
    row, file = made
    held = {name: file.attachments[name].get_file().read_bytes() for name in file.attachments}
    envelope = dsse.read(held.pop("report.dsse.json"), "the statement")
    assert envelope.data.decode() == row.seal
    assert keys.ring().find(envelope.keyid).verifies(envelope.signature, envelope.pae)
    said = envelope.predicate
    assert envelope.subject == hashlib.sha256(held.pop("report.json")).hexdigest()
    assert said["attached"] == {name: hashlib.sha256(data).hexdigest() for name, data in held.items()}
    assert said["certificates"] == [c["sha256"] for c in row.snapshot["sealed"]["certificates"]]
    assert (said["report"], said["digest"], said["verdict"]) == (row.pk, row.digest, "approved")


def test_log_and_signatures(made):
    """The log verifies up to the signed head; every envelope of a sign-off is there, in order."""
    row, file = made
    held = {name: file.attachments[name].get_file().read_bytes() for name in file.attachments}
    note = checkpoint.read(held["checkpoint.txt"], "the checkpoint")
    found = log.read(held["audit.jsonl"], "the log")
    assert found.broken is None
    assert (found.length, found.head) == (note.checkpoint.length, note.checkpoint.head)
    assert (
        said_head(note)
        == row.snapshot["audit"]["head"]
        == dsse.read(row.seal.encode(), "x").predicate["checkpoint"]
    )
    assert note.by(keys.ring().keys[0])
    envelopes = held["signatures.jsonl"].splitlines()
    assert [e.decode() for e in envelopes] == list(
        SignOff.objects.order_by("pk").values_list("envelope", flat=True)
    )
    results = [json.loads(line) for line in held["results.jsonl"].splitlines()]
    assert [one["item"] for one in results] == ["accuracy", "card", "weights"]


def said_head(note: checkpoint.Note) -> str:
    """Length and hash, as a report writes them."""
    return f"{note.checkpoint.length}:{note.checkpoint.head}"


def test_still_archival(made):
    """PDF/A-3a by structure after signing: metadata, language, title, tags; nothing forbidden came."""
    row, file = made
    root = file.Root
    with file.open_metadata() as meta:
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "A")
        assert meta["xmp:ModifyDate"] == row.snapshot["generated"]["at"]
    assert root.MarkInfo.Marked
    assert str(root.Lang) == "en"
    assert root.ViewerPreferences.DisplayDocTitle
    assert str(root.PageMode) == "/UseOutlines"
    assert root.AcroForm.SigFlags == 3
    assert not {"/NeedAppearances", "/XFA"} & root.AcroForm.keys()
    assert not {"/AA", "/OpenAction", "/JavaScript", "/Requirements"} & root.keys()
    (widget,) = (a for page in file.pages for a in page.get("/Annots", ()) if a.Subtype == "/Widget")
    assert widget.F & 0b100  # printed; not hidden, not invisible
    assert not widget.F & 0b100011
    assert str(widget.TU) == "Signature of the installation over the whole report"
    assert not file.is_encrypted


def test_accessible(made):
    """Header cells say what they head, charts have their numbers in words, sections are bookmarks."""
    file = made[1]
    kinds, scopes = Counter(), Counter()
    for element in structure(file.Root.StructTreeRoot):
        kinds[str(element.S)] += 1
        if element.S == "/TH":
            scopes[str(element.A.Scope)] += 1
        if element.S == "/Figure":
            assert ": " in str(element.Alt)
    assert scopes["/Column"] > 10
    assert scopes["/Row"] > 5
    assert scopes.total() == kinds["/TH"]
    with file.open_outline() as outline:
        (title,) = outline.root
        assert {"Who says so", "Evidence", "Signatures", "How to verify this document"} <= {
            str(child.title) for child in title.children
        }


def structure(node: Any) -> Any:
    """Every element of the tree of tags."""
    if not isinstance(node, pikepdf.Dictionary):
        return
    if "/S" in node:
        yield node
    inner = node.get("/K")
    for child in inner if isinstance(inner, pikepdf.Array) else [inner]:
        yield from structure(child)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("Bericht über Größe.pdf", "Bericht-uber-Groe.pdf"),
        ("\u4e2d\u6587", "file"),
        ("x" * 300 + ".csv", "x" * 76 + ".csv"),
        ("a\0b\r\nc.txt", "abc.txt"),
        (".hidden", "hidden"),
    ],
)
def test_names(name, plain):
    """A file's name inside the PDF has plain characters only, and is never a path."""
    assert plain_name(name) == plain
