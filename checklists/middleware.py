"""Headers on every response, pages without steering characters, and refusals of acts as pages."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from checklists.api import problems
from checklists.steering import steerless
from checklists.views.errors import refusal
from readiness.engine.errors import ReadinessError


class ReadinessMiddleware:
    """`Vary: HX-Request` (one URL answers page and fragment), and pages that no cache keeps."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        # Whoever set it already (health, downloads) must not cost a look at the session's database.
        if "Cache-Control" not in response.headers and request.user.is_authenticated:
            response.headers["Cache-Control"] = "private, no-store"
        if not response.streaming and response.headers.get("Content-Type", "").startswith("text/html"):
            response.content = steerless(response.content)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """An act's refusal that no view turned into its own answer: a plain page with message and advice.

        Of the API every exception is a problem, also those from before and after its views.
        """
        if request.path_info.startswith("/api/v1/"):
            return problems.answer(request, exception)
        return refusal(request, exception) if isinstance(exception, ReadinessError) else None
