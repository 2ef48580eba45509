"""Pages for what went wrong: refusals of acts, and the server's own failures."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from checklists.blobs import StoreError
from checklists.context import theme
from checklists.errors import Forbidden, Refused, StaleForm, WrongPassword
from readiness.engine.errors import ReadinessError

STATUS: dict[type[ReadinessError], int] = {
    Forbidden: 403,
    Refused: 409,
    StaleForm: 409,
    WrongPassword: 401,
    StoreError: 507,
}


def refusal(request: HttpRequest, error: ReadinessError) -> HttpResponse:
    """Message and advice of a refused act, with the status its kind has (400 for all that is not listed)."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    return render(request, "refused.html", {"error": error, "status": status}, status=status)


def server_error(request: HttpRequest) -> HttpResponse:
    """The last answer: 503 when the database is away, else 500. It asks neither database nor session."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    template = loader.get_template("503.html" if away else "500.html")
    answer = HttpResponse(template.render({"theme": theme(request)}), status=503 if away else 500)
    if away:
        answer["Retry-After"] = "10"
    return answer
