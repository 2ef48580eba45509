"""Stored bytes as downloads: never opened inside this site."""

from __future__ import annotations

import io
from typing import Any

from django.http import FileResponse, HttpResponseBase

from checklists import blobs
from checklists.api.problems import Problem


def bytes_of(media_type: str) -> dict[str, Any]:
    """What the OpenAPI document says of a download."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {"responses": {200: {"description": "The bytes", "content": content}}}


BINARY = bytes_of("application/octet-stream")
PDF = bytes_of("application/pdf")
ZIP = bytes_of("application/zip")


def download(sha256: str, name: str, media_type: str = "application/octet-stream") -> HttpResponseBase:
    """The bytes of a digest as a download of that name. Raises Problem when they are gone or altered."""
    try:
        data = blobs.get(sha256)
    except blobs.BlobError as error:
        raise Problem(500, error.message, error.advice) from error
    response = FileResponse(io.BytesIO(data), as_attachment=True, filename=name, content_type=media_type)
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = f'"{sha256}"'
    return response
