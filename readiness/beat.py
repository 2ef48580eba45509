"""Celery's clock, made to show that it is alive: its own heartbeat, written by itself and not by a worker."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery.beat import Scheduler as CeleryScheduler
from django.db import DatabaseError, connection

log = logging.getLogger(__name__)
EVERY_SECONDS = 5.0
_last: dict[str, float] = {}


def show_life(name: str) -> None:
    """Write a process's heartbeat, at most every five seconds. A database that is away is only logged."""
    from checklists import heartbeat  # needs the models, which load after Celery's application

    now = time.monotonic()
    if now - _last.get(name, -EVERY_SECONDS) < EVERY_SECONDS:
        return
    _last[name] = now
    try:
        heartbeat.beat(name)
    except DatabaseError as error:
        log.warning("The heartbeat of %s was not written: %s", name, error)
    finally:
        connection.close()  # pool processes forked later must not inherit it


class Scheduler(CeleryScheduler):
    """The schedule is one short interval, so nothing of it needs to be kept on disk."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; seconds until the next look."""
        show_life("beat")
        return min(float(super().tick(*args, **kwargs)), EVERY_SECONDS)
