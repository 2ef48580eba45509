"""For monitors: `/healthz` says that the process answers, `/readyz` which of its parts are there."""

from __future__ import annotations

from datetime import timedelta

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from kombu.exceptions import OperationalError

from checklists import clock
from checklists.models import Heartbeat
from readiness.celery import app

OLDEST = timedelta(seconds=30)
BROKER_SECONDS = 2


@require_GET
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_GET
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Each part with "ok" or what is wrong; 503 when one is away."""
    parts = {"database": _database(), "broker": _broker()}
    for name in ("worker", "beat"):
        parts[name] = _alive(name) if parts["database"] == "ok" else "unknown: the database is away"
    ready = all(said == "ok" for said in parts.values())
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "away: the server's log says why"
    return "ok"


def _broker() -> str:
    try:
        with app.connection_for_write(connect_timeout=BROKER_SECONDS) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0.1, timeout=BROKER_SECONDS)
    except (OperationalError, OSError):
        return "away: checks and reports wait in the database until it is back"
    return "ok"


def _alive(name: str) -> str:
    beat = Heartbeat.objects.filter(name=name).first()
    if beat is None:
        return f"away: no {name} has been seen yet"
    age = clock.now() - beat.at
    return "ok" if age <= OLDEST else f"away: last seen {age.total_seconds():.0f} s ago"
