"""`manage.py alive web|worker|beat`: the health check of one process, for containers and monitors."""

from __future__ import annotations

import http.client
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from checklists import clock
from checklists.models import Heartbeat

OLDEST = timedelta(seconds=30)


class Command(BaseCommand):
    """Exit code 0 when it is alive, 1 with the reason when not."""

    help = "Check that the web server answers, or that worker or clock showed life lately."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Which process; the web server's port."""
        parser.add_argument("process", choices=["web", "worker", "beat"])
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, and say what is wrong."""
        if options["process"] == "web":
            _ask_web(options["port"])
        else:
            _look_at_heartbeat(options["process"])


def _ask_web(port: int) -> None:
    host = urlsplit(settings.PUBLIC_URL).netloc
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        status = connection.getresponse().status
    except OSError as error:
        raise CommandError(f"The web server does not answer on port {port}: {error}.") from None
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        raise CommandError(f"/healthz answers {status}, expected 200.")


def _look_at_heartbeat(name: str) -> None:
    last = Heartbeat.objects.filter(name=name).first()
    if last is None:
        raise CommandError(f"The {name} process has never shown life.")
    age = clock.now() - last.at
    if age > OLDEST:
        raise CommandError(f"The {name} process last showed life {age.total_seconds():.0f} s ago.")
