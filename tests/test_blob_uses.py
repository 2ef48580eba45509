"""The stored files and the rows that name them: complete, verified, and collected with care."""

from __future__ import annotations

import os
import time
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from checklists import blob_uses, blobs
from checklists.actions import evidence
from checklists.models import Evidence

# Columns with a digest that names no stored file, and what it names instead.
NO_BLOB = {
    "checklists.checklistversion.sha256": "the source, which is a column",
    "checklists.deploymentpolicy.sha256": "the source, which is a column",
    "checklists.gate.digest": "the state of a gate, decided anew",
    "checklists.report.digest": "the same, at the time of the report",
    "checklists.signoff.digest": "the same, as signed; the snapshot is a column",
    "checklists.signoff.envelope_sha256": "the envelope, which is a column",
    "checklists.upload.digest": "the snapshot to be: the blob of index_sha256",
}


def test_every_column_is_known():
    """Each column for a SHA-256 either names a blob, or is listed with what it names."""
    uses = {f"checklists.{model.__name__.lower()}.{column}" for model, column in blob_uses.USES}
    columns = {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_app_config("checklists").get_models()
        for field in model._meta.local_concrete_fields
        if "sha256" in field.name or "digest" in field.name
    }
    assert columns - uses == NO_BLOB.keys()
    assert uses <= columns


@pytest.fixture
def piece(gate, people) -> Evidence:
    """A file attached to the gate."""
    evidence.attach_file(
        gate=gate.pk, key="issues", by=people.lead, name="list.txt", content=ContentFile(b"None open.")
    )
    return Evidence.objects.get()


def check(*options: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("blobs", "check", *options, stdout=out)
    return out.getvalue()


def stored(data: bytes, *, hours: float) -> Path:
    """A blob that no row names, of that age."""
    sha256, _ = blobs.put(data)
    path = Path(default_storage.path(blobs.path_of(sha256)))
    os.utime(path, (time.time() - hours * 3600,) * 2)
    return path


def test_all_right(piece):
    """Nothing is missing, changed or left over."""
    assert "0 files are named by no row" in check()


@pytest.mark.parametrize(("damage", "word"), [("missing", "missing"), ("changed", "changed")])
def test_damage(piece, damage, word):
    """A lost or altered file is named, and the exit code says so."""
    path = Path(default_storage.path(blobs.path_of(piece.sha256)))
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"other")
    out = StringIO()
    with pytest.raises(CommandError, match="Restore them"):
        call_command("blobs", "check", stdout=out)
    assert f"{word}: {piece.sha256}" in out.getvalue()


def test_old_leftovers_go(piece):
    """Only what no row names and nobody stored for a day is deleted, half-written files too."""
    old, young = stored(b"old", hours=25), stored(b"young", hours=23)
    half = old.with_name(f"{blobs.WRITING}abc")
    half.write_bytes(b"half")
    os.utime(half, (0, 0))
    assert "3 files are named by no row" in check()
    assert old.exists()
    assert "2 of them were deleted" in check("--delete-unreferenced")
    assert (old.exists(), half.exists(), young.exists()) == (False, False, True)
    assert blobs.get(piece.sha256) == b"None open."


def test_stored_again_meanwhile(piece):
    """Bytes that somebody stores again while they are about to be deleted stay."""
    old = stored(b"wanted after all", hours=48)
    found = blob_uses.look()
    blobs.put(b"wanted after all")
    assert blob_uses.delete(found.unused) == 0
    assert old.read_bytes() == b"wanted after all"


def test_damaged_blob_heals(piece):
    """Storing the bytes of a blob that was cut off writes it anew."""
    path = Path(default_storage.path(blobs.path_of(piece.sha256)))
    path.write_bytes(b"None")
    blobs.put(b"None open.")
    assert blobs.get(piece.sha256) == b"None open."
