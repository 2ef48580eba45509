"""Large stored files as downloads: in pieces, never opened inside this site."""

from __future__ import annotations

from django.http import FileResponse

from checklists.reports.bundle_blobs import StoredFile


def attachment(stored: StoredFile, name: str, media_type: str) -> FileResponse:
    """The file as a download of that name, once it was read and matches its digest. Raises BlobError."""
    stored.check()
    answer = FileResponse(stored.open(), as_attachment=True, filename=name, content_type=media_type)
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["ETag"] = f'"{stored.sha256}"'
    return answer
