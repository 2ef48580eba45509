"""Errors as problem details (RFC 9457): what is wrong, and what to do.

400 bad-request       not readable: broken JSON, NUL characters
401 unauthorized      no token, or one that is unknown, expired or revoked
403 forbidden         the token's scope or its person's role does not allow it
404 not-found         not there, or not yours
405 method            not on this address
409 conflict          the present state does not allow it; stale: somebody was quicker
413 too-large  415 media-type  422 invalid (with `errors`)  429 rate  500 internal  503 unavailable
507 storage           the disk does not take the bytes; nothing was kept
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja.errors import HttpError, ValidationError

from checklists.blobs import StoreError
from checklists.errors import Forbidden, Refused, StaleForm
from readiness.engine.errors import ReadinessError

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
KINDS: dict[int, tuple[str, str]] = {
    400: ("bad-request", "The request cannot be read"),
    401: ("unauthorized", "A token is needed"),
    403: ("forbidden", "This is not allowed"),
    404: ("not-found", "Not found"),
    405: ("method", "This address does not take that method"),
    409: ("conflict", "The present state does not allow this"),
    413: ("too-large", "The request is too large"),
    415: ("media-type", "The request is of the wrong media type"),
    422: ("invalid", "The request holds values that cannot be used"),
    429: ("rate", "Too many requests"),
    500: ("internal", "Something went wrong here"),
    503: ("unavailable", "The database is away"),
    507: ("storage", "The bytes could not be stored"),
}
MOST_ERRORS = 50


class Problem(Exception):
    """An answer that is a problem; `more` are further members, `headers` go with it."""

    def __init__(
        self,
        status: int,
        detail: str,
        advice: str = "",
        *,
        kind: str = "",
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.advice, self.kind = status, detail, advice, kind
        self.headers, self.more = dict(headers or {}), more


NOT_FOUND = "There is nothing here that this token may see."
MISSING_ADVICE = "Check the address; a project is seen only by its members and their tokens."


def missing(detail: str = NOT_FOUND, advice: str = MISSING_ADVICE) -> Problem:
    """Not there, or not yours: the same words."""
    return Problem(404, detail, advice)


def answer(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    """The problem that an exception is."""
    return respond(request, _problem(error))


def respond(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The response of a problem."""
    kind, title = KINDS.get(problem.status, ("", ""))
    kind = problem.kind or kind
    body: dict[str, Any] = {
        "type": f"urn:readiness:problem:{kind}" if kind else "about:blank",
        "title": title or HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.advice:
        body["advice"] = problem.advice
    body |= {"instance": request.path, **problem.more}
    response = HttpResponse(json.dumps(body), status=problem.status, content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    for name, value in problem.headers.items():
        response[name] = value
    return response


def _problem(error: Any) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, ReadinessError):
        return _refusal(error)
    if isinstance(error, ValidationError):
        return _invalid(error.errors)
    return _other(error)


def _refusal(error: ReadinessError) -> Problem:
    if isinstance(error, Forbidden):
        return Problem(403, error.message, error.advice)
    if isinstance(error, StaleForm):
        return Problem(409, error.message, error.advice, kind="stale")
    if isinstance(error, StoreError):
        log.error("Bytes could not be stored.", exc_info=error)
        return Problem(507, error.message, error.advice)
    return Problem(409 if isinstance(error, Refused) else 422, error.message, error.advice)


def _invalid(errors: Iterable[Mapping[str, Any]]) -> Problem:
    listed = [
        {"field": ".".join(str(part) for part in error["loc"][1:]), "message": _words(error)}
        for error in list(errors)[:MOST_ERRORS]
    ]
    return Problem(
        422,
        "Some fields cannot be used; `errors` names each.",
        "Compare the request with /api/v1/openapi.json.",
        errors=listed,
    )


def _words(error: Mapping[str, Any]) -> str:
    return "This field is not known here." if error["type"] == "extra_forbidden" else str(error["msg"])


def _other(error: Any) -> Problem:
    if isinstance(error, Http404):
        return missing()
    if isinstance(error, PermissionDenied):
        return Problem(403, str(error) or "This is not allowed.")
    if isinstance(error, HttpError):
        return Problem(
            error.status_code, f"{error.message}: {error.__cause__}" if error.__cause__ else str(error)
        )
    return _unreadable(error) or _broken(error)


def _unreadable(error: Any) -> Problem | None:
    if isinstance(error, RequestDataTooBig | TooManyFilesSent):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 1e6
        return Problem(413, f"The request is larger than {most:.1f} MB.", "Push files as uploads instead.")
    if isinstance(error, MultiPartParserError | SuspiciousOperation):
        return Problem(400, "The form cannot be read.", "Send it as multipart/form-data with a boundary.")
    if isinstance(error, UnreadablePostError):
        return Problem(400, "The request ended before it was complete.", "Send it again.")
    return None


def _broken(error: Any) -> Problem:
    if isinstance(error, OperationalError | InterfaceError):
        log.error("The API could not reach the database.", exc_info=error)
        return Problem(503, "The database does not answer.", "Try again soon.", headers={"Retry-After": "10"})
    log.error("An API request failed.", exc_info=error)
    return Problem(500, "The server could not answer this request; the reason is in its log.")
