"""What every page's shell shows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """The product's version; pages add the rest themselves."""
    return {}
