"""Uploads: what is over the limit is counted, never kept, so that nobody fills the disk."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Django's handler, but it writes at most the largest evidence file.

    Django reads a whole request before any view, also a stranger's. The file keeps its true size, so that the
    act refuses it with the words for a file that is too large.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        """Keep a chunk, unless the file is over the limit by now."""
        if start + len(raw_data) <= settings.EVIDENCE_MAX_BYTES:
            return super().receive_data_chunk(raw_data, start)
        return None
