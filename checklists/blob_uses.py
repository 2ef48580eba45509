"""Which rows name which stored files, and the files that no row names."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Model, QuerySet

from checklists import blobs
from checklists.models import (
    ArtifactSnapshot,
    Evidence,
    Rehearsal,
    ReleaseManifest,
    Report,
    Scorecard,
    StoredFile,
    Upload,
)

# Every column that names a blob, by its SHA-256 or as `sha256:…`. A test holds it against all columns.
USES: tuple[tuple[type[Model], str], ...] = (
    (ArtifactSnapshot, "digest"),
    (Evidence, "sha256"),
    (Rehearsal, "log_sha256"),
    (ReleaseManifest, "sha256"),
    (Report, "sha256"),
    (Report, "bundle_sha256"),
    (Scorecard, "sha256"),
    (StoredFile, "sha256"),
    (Upload, "index_sha256"),
)
KEPT_SECONDS = 24 * 3600
_NAME = re.compile(r"[0-9a-f]{64}")


def used(using: str = "default") -> Iterator[str]:
    """The SHA-256 of every blob that a row names, each once, sorted."""
    found = set[str]()
    for model, column in USES:
        every: QuerySet[Model] = QuerySet(model, using=using)
        rows: Any = every.order_by().values_list(column, flat=True).distinct()
        found.update(str(value).removeprefix("sha256:") for value in rows.iterator(chunk_size=5000) if value)
    yield from sorted(found)


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the store found: how many blobs that a row names are right, the SHA-256 of those that
    are missing or changed, and the files that no row names, each with its age in seconds.
    """

    right: int
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    unused: tuple[tuple[Path, float], ...]


def look(now: float | None = None) -> Look:
    """Hash every blob that a row names, and list the files that none does."""
    wanted = set(used())
    missing, changed = list[str](), list[str]()
    for sha256 in sorted(wanted):
        try:
            if _hash(blobs.chunks(sha256)) != sha256:
                changed.append(sha256)
        except blobs.BlobError:
            missing.append(sha256)
    return Look(
        right=len(wanted) - len(missing) - len(changed),
        missing=tuple(missing),
        changed=tuple(changed),
        unused=tuple(_unused(wanted, time.time() if now is None else now)),
    )


def delete(unused: Iterable[tuple[Path, float]]) -> int:
    """Delete those of a look's unused files that nobody stored again for a day; how many.

    A file is set aside first and looked at again: storing its bytes once more meanwhile either renews the
    time that decides, or finds nothing and writes them anew.
    """
    deleted = 0
    for path, age in unused:
        if age < KEPT_SECONDS:
            continue
        aside = path.with_name(f"{blobs.WRITING}{path.name}")
        path.replace(aside)
        if time.time() - aside.stat().st_mtime < KEPT_SECONDS or path.name in set(used()):
            aside.replace(path)
            continue
        aside.unlink()
        deleted += 1
    return deleted


def _unused(wanted: set[str], now: float) -> Iterator[tuple[Path, float]]:
    for path in sorted(Path(default_storage.path("")).rglob("*")):
        if path.is_file() and not (_NAME.fullmatch(path.name) and path.name in wanted):
            yield path, now - path.stat().st_mtime


def _hash(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
