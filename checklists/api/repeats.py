"""Idempotency-Key: a POST that is sent again gets the answer that it got.

The key's row, what the act writes and the answer are one transaction: a crash leaves none of them. A second
request with the key waits for the first and then gets its answer. Answers that did nothing (4xx, 5xx) are not
kept: the same key may be tried again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse

from checklists import clock
from checklists.api.problems import Problem, respond
from checklists.models import IdempotencyKey

if TYPE_CHECKING:
    from checklists.models import ApiToken

HEADER = "Idempotency-Key"
STREAM = "application/octet-stream"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
OTHER = "This Idempotency-Key was used for another request."
WAITING = "The first request with this Idempotency-Key is still under way."


def once(request: Any, run: Callable[[], HttpResponse]) -> HttpResponse:
    """Run a request, or answer as the first one with its key did."""
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST" or request.content_type == STREAM:
        return run()  # a stream is not read before its view; its bytes have a name of their own
    if not _KEY.fullmatch(key):
        return respond(request, Problem(422, f"{HEADER} must be 1 to 200 visible ASCII characters."))
    try:
        digest = request_hash(request)
        known = _known(request.token, key)
        return _again(request, known, digest) if known else _first(request, key, digest, run)
    except _Taken:
        known = _known(request.token, key)
        if known is None:
            return respond(
                request, Problem(409, WAITING, "Wait a moment and send it again.", kind="in-progress")
            )
        return _again(request, known, digest)


class _Taken(Exception):
    """Somebody else has the key."""


def _first(request: Any, key: str, digest: str, run: Callable[[], HttpResponse]) -> HttpResponse:
    with transaction.atomic():
        row = _claim(request.token, key, digest)
        response = run()
        if response.status_code >= 300 or response.streaming:
            transaction.set_rollback(True)
            return response
        row.status, row.body = response.status_code, response.content.decode()
        row.save(update_fields=["status", "body"])
    return response


def _claim(token: ApiToken, key: str, digest: str) -> IdempotencyKey:
    try:
        with transaction.atomic(), _Soon():
            return IdempotencyKey.objects.create(
                token=token, key=key, request_hash=digest, created_at=clock.now()
            )
    except (IntegrityError, OperationalError) as error:
        raise _Taken from error


class _Soon:
    """Wait for another's claim at most five seconds; PostgreSQL would wait as long as that takes."""

    def __enter__(self) -> None:
        self._say("5s")

    def __exit__(self, *details: object) -> None:
        if details[0] is None:
            self._say("0")

    def _say(self, how_long: str) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{how_long}'")


def _known(token: ApiToken, key: str) -> IdempotencyKey | None:
    return IdempotencyKey.objects.filter(token=token, key=key).first()


def _again(request: HttpRequest, known: IdempotencyKey, digest: str) -> HttpResponse:
    if known.request_hash != digest:
        return respond(request, Problem(422, OTHER, "Use a new key for each request.", kind="key-reused"))
    response = HttpResponse(
        known.body, status=known.status or 200, content_type="application/json; charset=utf-8"
    )
    response["Idempotent-Replayed"] = "true"
    return response


def request_hash(request: HttpRequest) -> str:
    """What makes two requests the same: method, address and content (of a form its fields and files)."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type != "multipart/form-data":
        digest.update(request.body)
        return digest.hexdigest()
    for name in sorted(request.POST):
        digest.update(repr((name, request.POST.getlist(name))).encode())
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            content = hashlib.sha256()
            for chunk in file.chunks():
                content.update(chunk)
            file.seek(0)
            digest.update(repr((name, file.name, content.hexdigest())).encode())
    return digest.hexdigest()
