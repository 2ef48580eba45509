"""Files that come back exactly as they were stored."""

from __future__ import annotations

import re

from django.http import HttpResponse


def json_file(data: bytes, name: str) -> HttpResponse:
    """JSON to be saved, never shown in our pages."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
    answer = HttpResponse(data, content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{plain}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox"
    return answer
