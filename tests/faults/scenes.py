"""Every act that writes, one scene each: what is done, and how one sees that it is done."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection

from checklists import blobs, keys, parts, triggers
from checklists.actions import (
    archives,
    checkpoint_file,
    evidence,
    items,
    pushes,
    reports,
    run_directory,
    uploads,
)
from checklists.backups import restoring
from checklists.models import (
    Checkpoint,
    Evidence,
    InstallationKey,
    Note,
    Release,
    Report,
    SignOff,
    StoredFile,
)
from readiness import embedded
from readiness.engine.ready.sealing import seal
from readiness.engine.sealed.keys import Keyring
from tests import signing
from tests.faults import world


@dataclass(frozen=True, slots=True)
class Scene:
    """`before` prepares, `act` is what is disturbed and then repeated until `done` says so.

    `files` says that the act writes files of its own, so that the trace must show their rules obeyed.
    """

    act: Callable[[], Any]
    done: Callable[[], bool]
    before: Callable[[], Any] = lambda: None


def _attach() -> None:
    evidence.attach_file(
        gate=world.gate("small").pk,
        key="issues",
        by=world.person("lead"),
        name="scan.bin",
        content=ContentFile(world.LARGE),
    )


def _note() -> None:
    items.note(gate=world.gate("small").pk, key="issues", by=world.person("lead"), text="A remark.")


def _part(size: int) -> None:
    data = world.LARGE
    uploads.take_part(
        upload=world.upload(),
        by=world.person("contributor"),
        sha256=world.sha(data),
        offset=_received(),
        chunks=[data[_received() : size][start : start + 65536] for start in range(0, size, 65536)],
    )


def _received() -> int:
    upload = world.upload()
    whole = uploads.stored(upload.project_id, [world.sha(world.LARGE)])
    return len(world.LARGE) if whole else parts.received(upload.pk).get(world.sha(world.LARGE), 0)


def _batch() -> None:
    small = {name: data for name, data in world.PARTS.items() if data != world.LARGE}
    stream = io.BytesIO(b"".join(b"%s %d\n%s" % (world.sha(d).encode(), len(d), d) for d in small.values()))
    uploads.take_batch(upload=world.upload(), by=world.person("contributor"), read=stream.read)


def _everything() -> None:
    _part(len(world.LARGE))
    _batch()


def _complete() -> None:
    pushes.complete(upload=world.upload(), by=world.person("contributor"), wanted=pushes.Wanted())


def _archive() -> None:
    archives.create(
        project=world.gate("small").release.project,
        by=world.person("contributor"),
        version="3.0.0",
        archive=ContentFile(world.archive(), name="run.zip"),
        checklist=world.gate("small").checklist,
    )


def _sign() -> None:
    signing.approve(gate=world.gate("hands").pk, role="technical-lead", by=world.person("lead"))


def _ask_for_report() -> None:
    reports.request(gate=world.gate("small").pk, by=world.person("owner"))


def _ask_for_bundle() -> None:
    reports.request(gate=world.gate("small").pk, by=world.person("owner"), with_bundle=True)


def _render() -> None:
    # What a worker that died had taken is free again: its lease has run out.
    Report.objects.filter(state="running").update(state="queued", claim=None, lease_until=None)
    for row in Report.objects.filter(state="queued"):
        reports.render(row.pk)
    if Report.objects.filter(state="done", sha256="").exists():
        _ask_for_report()


def _rendered() -> bool:
    done = Report.objects.filter(state="done").exclude(sha256="")
    return done.exists() and all(len(blobs.get(row.sha256)) == row.size for row in done)


def _no_key() -> None:
    triggers.remove(connection)
    InstallationKey.objects.all().delete()
    triggers.install(connection)
    shutil.rmtree(keys.directory())


def _materialise() -> None:
    release = Release.objects.get(version="2.0.0")
    run_directory.run_directory(release)


def _pushed() -> None:
    _everything()
    _complete()


def _sealed_run() -> Path:
    return Path(settings.RUN_ROOTS[0]) / "sealed"


def _out() -> Path:
    return Path(settings.DATA_DIR).parent / "out"


def _checkpoint_file() -> Path:
    return _out() / "checkpoints.txt"


def _append_checkpoint() -> None:
    row = Checkpoint.objects.order_by("pk").last()
    if row is None:
        raise AssertionError("signing the head of a log made no checkpoint")
    try:
        checkpoint_file.append(_checkpoint_file(), [row.note])
    except OSError as error:  # as the delivery of checkpoints does: it tries again later
        raise blobs.refused(error) from error


def _sign_and_append() -> None:
    _sign()
    _append_checkpoint()


def _whole_notes() -> bool:
    row = Checkpoint.objects.order_by("pk").last()
    return row is not None and _checkpoint_file().read_text(encoding="utf-8").endswith(row.note)


def _backup() -> None:
    call_command("backup", out=str(_out() / "backup.tar"), with_keys=True, force=True, verbosity=0)


def _backed_up() -> bool:
    with (_out() / "backup.tar").open("rb") as file:
        return restoring.inspect(file, "backup.tar", keys.ring()).known


def _emptied() -> None:
    _backup()
    connection.close()
    for path in Path(settings.DATA_DIR).iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    call_command("migrate", verbosity=0)


def _restore() -> None:
    with (_out() / "backup.tar").open("rb") as file:
        restoring.restore(file, restoring.inspect(file, "backup.tar", Keyring()), str)


SCENES: dict[str, Scene] = {
    "row": Scene(_note, Note.objects.exists),
    "evidence": Scene(_attach, lambda: Evidence.objects.filter(name="scan.bin").exists()),
    "part-1": Scene(lambda: _part(100_000), lambda: _received() >= 100_000),
    "part-2": Scene(
        lambda: _part(len(world.LARGE)),
        lambda: StoredFile.objects.filter(sha256=world.sha(world.LARGE)).exists(),
        before=lambda: _part(100_000),
    ),
    "batch": Scene(_batch, lambda: StoredFile.objects.count() == 2),
    "complete": Scene(
        _complete, lambda: Release.objects.filter(version="2.0.0").exists(), before=_everything
    ),
    "archive": Scene(_archive, lambda: Release.objects.filter(version="3.0.0").exists()),
    "sign-off": Scene(_sign, lambda: SignOff.objects.filter(live=True).exists()),
    "report": Scene(_render, _rendered, before=_ask_for_report),
    "bundle": Scene(_render, _rendered, before=_ask_for_bundle),
    "key": Scene(lambda: keys.signer().id, lambda: bool(keys.signer().id), before=_no_key),
    "secret-key": Scene(
        lambda: str(embedded.secret_key(Path(settings.DATA_DIR))),
        lambda: len((Path(settings.DATA_DIR) / "secret-key").read_text()) > 80,
    ),
    "run-directory": Scene(
        _materialise,
        lambda: any((Path(settings.DATA_DIR) / "pushed-runs").glob("[0-9a-f]*/card.md")),
        before=_pushed,
    ),
    "checkpoint-file": Scene(_append_checkpoint, _whole_notes, before=_sign_and_append),
    "backup": Scene(_backup, _backed_up),
    "restore": Scene(_restore, Evidence.objects.exists, before=_emptied),
    "seal": Scene(
        lambda: seal(_sealed_run()).to_dict(),
        lambda: (_sealed_run() / "hashes.json").is_file() and not seal(_sealed_run()).written,
    ),
}
