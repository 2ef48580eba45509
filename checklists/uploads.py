"""Uploads: what is over the limit is counted, never kept, so that nobody fills the disk."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

# The forms that take more than evidence: a whole run, and a bundle to verify; the names of their fields.
ARCHIVE_FIELD = "archive"
_ARCHIVE_PATH = re.compile(r"/projects/[-\w]+/releases/new")
VERIFY_FIELD, _VERIFY_PATH = "file", "/verify/"


class CountingUploadHandler(FileUploadHandler):
    """One file a request, for every form but the one that verifies: a second one would be lost unseen."""

    count = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """A file begins. Raises TooManyFilesSent, which is answered 400."""
        super().new_file(*args, **kwargs)
        self.count += 1
        if self.count > 1 and getattr(self.request, "path", "") != _VERIFY_PATH:
            raise TooManyFilesSent("one file a request")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass it on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler has the file."""


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Django's handler, but it writes at most the largest evidence file, archive of a run, or bundle.

    Django reads a whole request before any view, also a stranger's: only who is signed in may send an
    archive or a bundle. The file keeps its true size, so that it is refused with the words for one too large.
    """

    limit = 0

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        """A file begins: how much of it may be kept."""
        self.limit = settings.EVIDENCE_MAX_BYTES
        self.limit = max(self.limit, self._allowed(field_name))
        super().new_file(field_name, *args, **kwargs)

    def _allowed(self, field_name: str) -> int:
        request = self.request
        user = getattr(request, "user", None)
        if request is None or not user or not user.is_authenticated:
            return 0
        if field_name == ARCHIVE_FIELD and _ARCHIVE_PATH.fullmatch(request.path):
            return int(settings.UPLOAD_MAX_BYTES)
        if field_name == VERIFY_FIELD and request.path == _VERIFY_PATH:
            return int(settings.VERIFY_MAX_BYTES)
        return 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        """Keep a chunk, unless the file is over the limit by now."""
        if start + len(raw_data) <= self.limit:
            return super().receive_data_chunk(raw_data, start)
        return None
