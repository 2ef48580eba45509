"""Acts on archives: a release from a zip or tar that somebody uploaded on the page."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from io import UnsupportedOperation
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from checklists import blobs
from checklists.actions import releases, uploads
from checklists.actions.evidence import clean_name
from checklists.errors import TooLarge
from checklists.models import ChecklistVersion, Person, Project, Release
from checklists.models.release import ReleaseFiles
from readiness.engine import archives, file_index
from readiness.engine.sizes import size_words
from readiness.engine.target import Entry


def create(
    *,
    project: Project,
    by: Person,
    version: str,
    archive: File[bytes],
    checklist: ChecklistVersion | None = None,
    parameters: Mapping[str, Any] | None = None,
    planned_for: date | None = None,
) -> Release:
    """Create a release of the files of an archive; they are stored here, like those of a push.

    Raises Forbidden, TooLarge, ArchiveRefused, ParameterError, Refused.
    """
    releases.require_new(by=by, project=project, version=version)
    values = releases.promise(project=project, checklist=checklist, parameters=parameters or {})
    entries = _stored(archive)
    with transaction.atomic():
        uploads.keep(project.pk, {entry.sha256: entry.size for entry in entries})
        return releases.create_of(
            project=project,
            by=by,
            version=version,
            entries=entries,
            values=values,
            files=ReleaseFiles.STORED,
            planned_for=planned_for,
        )


def _stored(archive: File[bytes]) -> list[Entry]:
    """Every file of the archive in the blob store. Nothing is written under a name of the archive."""
    size = archive.size or 0
    if size > settings.UPLOAD_MAX_BYTES:
        raise TooLarge(
            f"The archive has {size_words(size)}; at most {size_words(settings.UPLOAD_MAX_BYTES)} are taken.",
            "Leave out what no check reads, or use `readiness push`, which sends any size.",
        )
    with _descriptor(archive) as fd:
        packed = archives.read(fd, clean_name(archive.name or ""), most=settings.PUSH_MAX_BYTES)
        return file_index.checked(Entry(one.path, one.size, blobs.put_chunks(one.chunks)) for one in packed)


@contextmanager
def _descriptor(archive: File[bytes]) -> Iterator[int]:
    """The upload as a file of the system: a small one is in memory only."""
    try:
        yield archive.fileno()
    except (AttributeError, UnsupportedOperation):
        with tempfile.TemporaryFile() as copy:
            archive.seek(0)
            shutil.copyfileobj(archive, copy)
            copy.flush()
            yield copy.fileno()
