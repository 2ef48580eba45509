"""Uploads: what is over the limit is counted, never kept, so that nobody fills the disk."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler

# The one form that takes a whole run, and the name of its field.
ARCHIVE_FIELD = "archive"
_ARCHIVE_PATH = re.compile(r"/projects/[-\w]+/releases/new")


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Django's handler, but it writes at most the largest evidence file, or the largest archive of a run.

    Django reads a whole request before any view, also a stranger's: only who is signed in may send an
    archive. The file keeps its true size, so that the act refuses it with the words for one too large.
    """

    limit = 0

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        """A file begins: how much of it may be kept."""
        self.limit = settings.EVIDENCE_MAX_BYTES
        if field_name == ARCHIVE_FIELD and self._takes_archives():
            self.limit = max(self.limit, settings.UPLOAD_MAX_BYTES)
        super().new_file(field_name, *args, **kwargs)

    def _takes_archives(self) -> bool:
        request = self.request
        if request is None or not _ARCHIVE_PATH.fullmatch(request.path):
            return False
        user = getattr(request, "user", None)
        return bool(user and user.is_authenticated)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        """Keep a chunk, unless the file is over the limit by now."""
        if start + len(raw_data) <= self.limit:
            return super().receive_data_chunk(raw_data, start)
        return None
