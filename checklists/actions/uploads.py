"""Acts on uploads: open one from an index, take its files, abandon what nobody finishes.

Which bytes are already here is answered per project: whoever merely knows the digest of another project's
file must send the bytes like everybody else.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

from checklists import blobs, clock, parts
from checklists.actions.releases import IN_DIRECTORY, IN_DIRECTORY_ADVICE
from checklists.errors import Refused, TooLarge
from checklists.models import Person, Project, Release, StoredFile, Upload
from checklists.models.release import ReleaseFiles
from checklists.models.upload import UploadState
from checklists.permissions import Act, require
from readiness.engine import file_index
from readiness.engine.file_frames import frames
from readiness.engine.sizes import size_words
from readiness.engine.target import Entry

MOST_OPEN = 50
KEPT = timedelta(days=7)
AT_ONCE = 25  # rows written together while a batch arrives
IN_QUERY = 5_000
VERSION = "A version has 1 to 60 printable characters and no `/`."
NOT_OPEN = "This upload is no longer open."
NOT_OPEN_ADVICE = "Push again: what is here already is not sent twice."
NOT_IN_INDEX = "This digest is not in the upload's index."


def open_upload(*, project: Project, by: Person, version: str, index: bytes) -> Upload:
    """Open an upload of these files, or take up the open one of the same version and index.

    `index` is the JSON `[[path, size, sha256], …]`. Raises Forbidden, IndexRefused, TooLarge, Refused.
    """
    require(by, project, Act.CREATE_RELEASE)
    version = checked_version(project, version)
    entries = file_index.unpack(index)
    total = sum(entry.size for entry in entries)
    if total > settings.PUSH_MAX_BYTES:
        raise TooLarge(
            f"The run has {size_words(total)}; at most {size_words(settings.PUSH_MAX_BYTES)} can be pushed.",
            "Leave out what no check reads, push results only, or have READINESS_PUSH_MAX_GB raised.",
        )
    packed = file_index.pack(entries)
    sha256 = hashlib.sha256(packed).hexdigest()
    wanted = {"project": project, "version": version, "index_sha256": sha256}
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(
            pk=project.pk
        )  # two clients open the same one at once
        present = Upload.objects.filter(state=UploadState.OPEN, **wanted).first()
        if present:
            return present
        _require_room(project, entries)
        blobs.put(packed)  # only now: what is refused leaves nothing on the disk
        return Upload.objects.create(
            **wanted,
            digest=f"sha256:{sha256}",
            file_count=len(entries),
            total_bytes=total,
            created_by=by,
            created_at=clock.now(),
        )


def checked_version(project: Project, version: str) -> str:
    """A version that files may be pushed for. Raises Refused."""
    version = version.strip()
    if not (0 < len(version) <= 60 and version.isprintable() and "/" not in version):
        raise Refused(VERSION)
    here = Release.objects.filter(project=project, version=version, files=ReleaseFiles.DIRECTORY)
    if here.exists():
        raise Refused(IN_DIRECTORY, IN_DIRECTORY_ADVICE)
    return version


def _require_room(project: Project, entries: Iterable[Entry]) -> None:
    if Upload.objects.filter(project=project, state=UploadState.OPEN).count() >= MOST_OPEN:
        raise Refused(
            f"{MOST_OPEN} uploads of this project are open.", "Finish one; a week old, they are abandoned."
        )
    sizes = {entry.sha256: entry.size for entry in entries}
    needed = sum(sizes[sha256] for sha256 in sizes.keys() - stored(project, sizes))
    Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
    if needed > (free := shutil.disk_usage(settings.DATA_DIR).free):
        raise TooLarge(
            f"{size_words(needed)} are to come; the server has {size_words(free)} left.",
            "Ask the operator of this installation for room.",
        )


def stored(project: Project | int, digests: Iterable[str]) -> set[str]:
    """Which of these files this project has."""
    found, wanted = set[str](), list(digests)
    mine = StoredFile.objects.filter(project=project)
    for start in range(0, len(wanted), IN_QUERY):
        some = wanted[start : start + IN_QUERY]
        found.update(mine.filter(sha256__in=some).values_list("sha256", flat=True))
    return found


@lru_cache(maxsize=4)
def _sizes(index_sha256: str) -> Mapping[str, int]:
    return {entry.sha256: entry.size for entry in entries_of(index_sha256)}


def entries_of(index_sha256: str) -> list[Entry]:
    """The index of an upload. Raises BlobError when it is missing or altered."""
    return file_index.unpack(blobs.get(index_sha256))


def missing(upload: Upload) -> list[str]:
    """Digests of the files that must still be sent, sorted."""
    sizes = _sizes(upload.index_sha256)
    return sorted(sizes.keys() - stored(upload.project_id, sizes))


def take_part(*, upload: Upload, by: Person, sha256: str, offset: int, chunks: Iterable[bytes]) -> int:
    """Take one file or the next part of one; how many bytes of it are here now.

    Raises Forbidden, Refused (not open, not in the index), PartMismatch, PartDropped.
    """
    require(by, upload.project_id, Act.CREATE_RELEASE)
    size = _wanted(upload, sha256)
    if stored(upload.project_id, [sha256]):
        return size
    there = parts.append(upload.pk, sha256, size=size, offset=offset, chunks=chunks)
    if there == size:
        keep(upload.project_id, {sha256: size})
    return there


def take_batch(*, upload: Upload, by: Person, read: Callable[[int], bytes]) -> int:
    """Take many small files from one stream; how many. Each stays, even when the stream breaks later.

    Raises Forbidden, FramesBroken, Refused (not open, not in the index), PartDropped.
    """
    require(by, upload.project_id, Act.CREATE_RELEASE)
    taken, waiting = 0, dict[str, int]()
    try:
        for sha256, data in frames(read):
            size = _wanted(upload, sha256)
            if len(data) != size or hashlib.sha256(data).hexdigest() != sha256:
                raise parts.PartDropped(parts.WRONG_BYTES, parts.WRONG_BYTES_ADVICE)
            blobs.put(data)
            waiting[sha256] = size
            taken += 1
            if len(waiting) >= AT_ONCE:
                keep(upload.project_id, waiting)
                waiting = {}
    finally:
        keep(upload.project_id, waiting)
    return taken


def _wanted(upload: Upload, sha256: str) -> int:
    if upload.state == UploadState.ABANDONED:  # done is fine: another client was quicker
        raise Refused(NOT_OPEN, NOT_OPEN_ADVICE)
    size = _sizes(upload.index_sha256).get(sha256)
    if size is None:
        raise Refused(NOT_IN_INDEX)
    return size


def keep(project: int, files: Mapping[str, int]) -> None:
    """Note that a project has these files, after their bytes are safe. Two that bring one leave one row."""
    now = clock.now()
    rows = [StoredFile(project_id=project, sha256=s, size=n, stored_at=now) for s, n in files.items()]
    StoredFile.objects.bulk_create(rows, ignore_conflicts=True)


def abandon_old(now: datetime | None = None) -> int:
    """Abandon open uploads older than a week and remove their part files; how many. What came whole stays."""
    before = (now or clock.now()) - KEPT
    old = list(
        Upload.objects.filter(state=UploadState.OPEN, created_at__lt=before).values_list("pk", flat=True)
    )
    for pk in old:
        Upload.objects.filter(pk=pk, state=UploadState.OPEN).update(state=UploadState.ABANDONED)
        parts.drop(pk)
    return len(old)
