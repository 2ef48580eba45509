"""Restoring a backup into an empty installation, and proving that what stands there verifies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from django.apps import apps
from django.core.management import call_command
from django.db import connection, models, transaction

from checklists import audit_check, blobs, keys, signatures, triggers, unaccounted
from checklists.backups import rows
from checklists.backups.manifest import Backup, BackupRefused, read
from checklists.models import InstallationKey, SignOff
from readiness.engine import atomic
from readiness.engine.errors import ReadinessError
from readiness.engine.sealed import tar
from readiness.engine.sealed.keys import Keyring
from readiness.engine.sealed.tar import Member

NEW_ONE = "Restore into a new one: an empty database and an empty data directory, before `manage.py setup`."


class NotEmpty(ReadinessError):
    """The installation to restore into has rows of its own."""

    usual = NEW_ONE


class NotProven(ReadinessError):
    """What was restored does not verify; nothing of it was kept."""

    usual = "Take another backup."


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was restored and verified."""

    rows: int
    blobs: int
    streams: int
    entries: int
    signatures: int
    private_key: bool
    backup: Backup


def inspect(file: IO[bytes], place: str, trusted: Keyring) -> Backup:
    """Compare every byte of a backup with its signed manifest. Raises BackupRefused, BadContent."""
    return read(file, place, trusted)


def restore(file: IO[bytes], backup: Backup, said: Callable[[str], object]) -> Proof:
    """Fill an empty installation from a backup that was inspected; all of its rows or none.

    `said` hears of each step. Raises NotEmpty, BackupRefused, NotProven, StoreError.
    """
    call_command("migrate", verbosity=0, skip_checks=True)
    _require_fitting(backup)
    _require_empty()
    said("Storing the files …")
    stored = sum(_blob(file, member) for member in backup.beneath("blobs"))
    for member in backup.beneath("keys"):
        _key(file, member)
    said("Writing the rows …")
    with transaction.atomic():
        triggers.remove(connection)  # some look at other rows, which may come later
        for model in rows.tables():
            if rows.meta(model).label_lower in rows.FILLED:
                models.QuerySet(model).delete()
        count = sum(_load(file, member) for member in backup.beneath("rows"))
        rows.reset_sequences(connection)
        connection.check_constraints()
        triggers.install(connection)
        said("Verifying …")
        return _proven(backup, count, stored)


def _require_fitting(backup: Backup) -> None:
    here, there = set(rows.migrations(connection)), set(backup.said["migrations"])
    if here != there:
        differ = sorted(here ^ there)
        raise BackupRefused(
            f"The backup's release, {backup.said['release']}, has other tables: {', '.join(differ[:3])}.",
            "Restore with the release that made the backup, then upgrade.",
        )


def _require_empty() -> None:
    for model in rows.tables():
        if rows.meta(model).label_lower in rows.FILLED:
            continue
        if models.QuerySet(model).exists():
            name = rows.meta(model).verbose_name_plural
            raise NotEmpty(f"This installation is not empty: it has {name}.")


def _blob(file: IO[bytes], member: Member) -> int:
    if blobs.put_chunks(tar.chunks(file, member)) != member.name.removeprefix("blobs/"):
        raise BackupRefused(f"{member.name} has other bytes than its name says.")
    return 1


def _key(file: IO[bytes], member: Member) -> None:
    data, folder = b"".join(tar.chunks(file, member)), keys.directory()
    name = member.name.removeprefix("keys/")
    if not atomic.create(folder, name, data) and (folder / name).read_bytes() != data:
        raise NotEmpty(f"{folder / name} is there already, and is another key.", "Move it away first.")


def _load(file: IO[bytes], member: Member) -> int:
    model = apps.get_model(member.name.removeprefix("rows/").removesuffix(".jsonl"))
    if model not in rows.tables():
        raise BackupRefused(f"{member.name} is of a table that backups do not hold.")
    return rows.load(model, _lines(tar.chunks(file, member)), connection)


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    for chunk in chunks:
        *whole, held = (held + chunk).split(b"\n")
        yield from whole
    if held:
        raise BackupRefused("A table of the backup ends within a row.")


def _proven(backup: Backup, count: int, stored: int) -> Proof:
    ring = keys.ring()
    names = audit_check.Trusted.here(ring).names | {backup.said["installation"]}
    trusted = audit_check.Trusted(ring=ring, names=names)
    streams = [note.checkpoint.stream for note in backup.notes]
    wrong = [f"trigger {name} does not stand" for name in triggers.missing(connection)]
    wrong += [f"{bad.stream}: {bad.why}" for bad in unaccounted.rows()]
    for note in backup.notes:
        given = audit_check.Given("the backup's checkpoint", note)
        verdict = audit_check.check(note.checkpoint.stream, trusted, [given])
        if verdict.broken:
            wrong.append(f"{verdict.broken.stream} entry {verdict.broken.seq} {verdict.broken.why}")
        wrong += [f"{verdict.stream}: {doubt}" for doubt in verdict.doubts]
    signed = SignOff.objects.exclude(envelope="")
    for row in signed.iterator(chunk_size=rows.AT_ONCE):
        if why := signatures.check(row, ring, whole=True):
            wrong.append(f"the signature of {row} does not verify: {why}")
    if wrong:
        raise NotProven(f"What the backup holds does not verify: {'; '.join(wrong[:5])}.")
    return Proof(
        rows=count,
        blobs=stored,
        streams=len(streams),
        entries=sum(note.checkpoint.length for note in backup.notes),
        signatures=signed.count(),
        private_key=_has_private(),
        backup=backup,
    )


def _has_private() -> bool:
    row = InstallationKey.objects.filter(not_after=None).first()
    return row is None or keys.private_file(row.key_id).exists()
