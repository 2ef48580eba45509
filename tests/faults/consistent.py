"""What must hold of an installation, whatever happened to it before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection

from checklists import audit_chain, blob_uses, blobs, triggers, unaccounted
from checklists.actions.run_directory import snapshot_index
from checklists.models import InstallationKey
from readiness.engine.sealed.keys import SigningKey


def problems() -> list[str]:
    """Everything that is wrong; nothing of it may be."""
    return [*_database(), *_rows(), *_files(), *_keys(), *_run_directories()]


def _database() -> Iterator[str]:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            said = cursor.execute("PRAGMA integrity_check").fetchall()
            lost = cursor.execute("PRAGMA foreign_key_check").fetchall()
        if said != [("ok",)] or lost:
            yield f"the database is damaged: {said[:3]} {lost[:3]}"
    yield from (f"the trigger {name} does not stand" for name in triggers.missing(connection))
    yield from (f"{bad.stream}: {bad.why}" for bad in (*audit_chain.verify_all(), *unaccounted.rows()))


def _rows() -> Iterator[str]:
    for sha256 in blob_uses.used():
        try:
            blobs.get(sha256)
        except blobs.BlobError as error:
            yield f"a row names a file that is not there: {error}"


def _files() -> Iterator[str]:
    for path in sorted(Path(default_storage.path("")).rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if digest != path.name:
                yield f"{path} holds other bytes than its name says"


def _keys() -> Iterator[str]:
    folder = Path(settings.DATA_DIR) / "keys"
    private = {path.stem for path in folder.glob("*.pem")} if folder.is_dir() else set()
    for name in sorted(private):
        if "-" not in name and SigningKey.read((folder / f"{name}.pem").read_bytes(), name).id != name:
            yield f"{name}.pem is another key"
    for row in InstallationKey.objects.filter(not_after=None):
        if row.key_id not in private:
            yield f"the key {row.key_id} is in use, and its file is not there"
    secret = Path(settings.DATA_DIR) / "secret-key"
    if secret.exists() and len(secret.read_text()) < 50:
        yield "the secret key is cut off"


def _run_directories() -> Iterator[str]:
    home = Path(settings.DATA_DIR) / "pushed-runs"
    for folder in sorted(home.iterdir()) if home.is_dir() else ():
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        for path, entry in snapshot_index(folder.name).items():
            file = folder / path
            if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != entry.sha256:
                yield f"{file} is not what was pushed"
