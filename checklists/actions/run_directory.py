"""The directory in which a release's files can be read: its own beneath a root, or made from what was pushed.

A pushed snapshot is copied out of the blob store once, every byte hashed on the way, and the whole directory
appears under its digest by one rename. It is kept while it is used, and removed by the sweep a day later.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from checklists import blobs
from checklists.models import Release
from checklists.models.release import ReleaseFiles
from readiness.engine import atomic
from readiness.engine.errors import RunDirectoryError
from readiness.engine.file_index import refuse_path
from readiness.engine.target import CHUNK, Entry

KEPT_SECONDS = 24 * 3600
ELSEWHERE = "The files of this release are not here: a pipeline checked them where they lie."
ELSEWHERE_ADVICE = "Push the results again (readiness push --results-only), or push the files."


def run_directory(release: Release) -> Path:
    """Where the release's present files can be read. Raises RunDirectoryError, BlobError, StoreError."""
    return directory_of(release.files, release.root, release.snapshot.digest)


def directory_of(files: str, root: str, digest: str) -> Path:
    """The same for a snapshot of a release: `files` and `root` as the release has them.

    Raises RunDirectoryError (gone, outside the configured roots, files elsewhere), BlobError.
    """
    if files == ReleaseFiles.ELSEWHERE:
        raise RunDirectoryError(ELSEWHERE, ELSEWHERE_ADVICE)
    return _materialised(digest) if files == ReleaseFiles.STORED else resolve_root(root)


def resolve_root(path: str) -> Path:
    """The real directory of a run, which must lie beneath a configured root. Raises RunDirectoryError."""
    chosen = Path(path)
    candidates = [chosen] if chosen.is_absolute() else [root / chosen for root in settings.RUN_ROOTS]
    # realpath, because Path.resolve raises on links that lead in a circle
    inside = [real for c in candidates if _beneath(real := Path(os.path.realpath(c)))]
    if not inside:
        raise RunDirectoryError(
            f"{path} is outside the directories where runs may lie.",
            f"Choose one beneath: {', '.join(str(r) for r in settings.RUN_ROOTS)}.",
        )
    found = next((c for c in inside if _is_directory(c)), None)
    if found is None:
        raise RunDirectoryError(f"There is no directory {path}.", "Check the path on the server.")
    return found


def snapshot_index(digest: str) -> dict[str, Entry]:
    """The stored index of an artifact snapshot. Raises BlobError when it is missing or altered."""
    rows = json.loads(blobs.get(digest.removeprefix("sha256:")))
    return {path: Entry(path, size, sha256) for path, size, sha256 in rows}


def run_directories() -> list[str]:
    """Directories directly beneath the roots, to offer in the form; relative to their root."""
    found = (d for root in settings.RUN_ROOTS if root.is_dir() for d in sorted(root.iterdir()))
    return [d.name for d in found if d.is_dir() and not d.is_symlink() and _offered(d.name)]


def sweep_directories(now: float | None = None) -> int:
    """Remove what was made from pushed files and not used for a day; how many."""
    before = (time.time() if now is None else now) - KEPT_SECONDS
    removed = 0
    for path in _children(_home()):
        if path.stat().st_mtime < before and not path.name.endswith(".lock"):
            # renamed first: nobody may start on a directory that is half gone
            gone = path if path.name.startswith(".") else path.rename(path.with_name(f".gone-{path.name}"))
            shutil.rmtree(gone, ignore_errors=True)
            removed += 1
    return removed


def _home() -> Path:
    return Path(settings.DATA_DIR) / "pushed-runs"


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name longer than the file system allows, a folder that may not be read
        return False


def _beneath(path: Path) -> bool:
    return any(path != root and path.is_relative_to(root) for root in settings.RUN_ROOTS)


def _offered(name: str) -> bool:
    # A name that is not UTF-8 cannot be shown in a page nor stored in a row.
    return not name.startswith(".") and name.isprintable()


def _materialised(digest: str) -> Path:
    name = digest.removeprefix("sha256:")
    home, final = atomic.folder(_home(), mode=0o700), _home() / name
    try:
        with _alone(home / f"{name}.lock"):
            if not final.is_dir():
                _build(final, snapshot_index(digest).values())
            os.utime(final)
    except OSError as error:
        raise blobs.refused(error) from error
    return final


def _build(final: Path, entries: Iterable[Entry]) -> None:
    building = Path(tempfile.mkdtemp(dir=final.parent, prefix=".building-"))
    try:
        _fill(building, entries)
        os.sync()  # else a power cut could leave the name with empty files
        building.rename(final)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    atomic.sync(final.parent)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process at a time; the lock goes with whoever holds it, however that ends."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fill(folder: Path, entries: Iterable[Entry]) -> None:
    made = set[Path]()
    for entry in entries:
        refuse_path(entry.path)  # the index was checked when it came; a blob is only as good as its store
        target = folder / entry.path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        _copy(entry, target)


def _copy(entry: Entry, target: Path) -> None:
    digest = hashlib.sha256()
    try:
        with default_storage.open(blobs.path_of(entry.sha256)) as source, target.open("xb") as out:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                out.write(chunk)
            os.fchmod(out.fileno(), 0o444)
    except FileNotFoundError:
        raise _lost(entry, "is missing") from None
    if digest.hexdigest() != entry.sha256:
        raise _lost(entry, "was changed")


def _lost(entry: Entry, what: str) -> blobs.BlobError:
    return blobs.BlobError(
        f"The stored file of {entry.path} ({entry.sha256[:12]}…) {what}.", "Restore it from a backup."
    )
