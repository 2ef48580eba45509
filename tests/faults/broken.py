"""The same acts by ways of writing that are wrong: the sweep must see each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.db import transaction

from checklists import blobs, clock
from checklists.models import StoredFile
from tests.faults import world
from tests.faults.scenes import SCENES, Scene

Save = Callable[..., str]


def _in_place(self: blobs.BlobStorage, name: str, content: File[bytes]) -> str:
    """Under the final name from the first byte on; what is there is believed to be whole."""
    final = Path(self.path(name))
    if final.exists():
        return name
    final.parent.mkdir(parents=True, exist_ok=True)
    with final.open("wb") as out:
        for chunk in content.chunks():
            out.write(chunk)
    return name


def _unsynced(self: blobs.BlobStorage, name: str, content: File[bytes]) -> str:
    """Renamed, but neither bytes nor name were synced."""
    final = Path(self.path(name))
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{final.name}")
    temporary.write_bytes(content.read())
    temporary.replace(final)
    return name


def _saving(save: Save, name: str) -> Scene:
    usual = SCENES[name]

    def act() -> Any:
        setattr(blobs.BlobStorage, "_save", save)  # noqa: B010  # in this child alone
        return usual.act()

    return Scene(act, usual.done, usual.before)


def _row_first() -> None:
    """The row is there before its bytes are."""
    project = world.upload().project
    with transaction.atomic():
        StoredFile.objects.get_or_create(
            project=project,
            sha256=world.sha(world.LARGE),
            defaults={"size": len(world.LARGE), "stored_at": clock.now()},
        )
    blobs.put(world.LARGE)


BROKEN: dict[str, Scene] = {
    "in place": _saving(_in_place, "evidence"),
    "unsynced": _saving(_unsynced, "evidence"),
    "row first": Scene(_row_first, lambda: StoredFile.objects.exists()),  # noqa: PLW0108  # read late
}
