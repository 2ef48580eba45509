"""The Celery application: carries ids of rows, nothing else."""

from __future__ import annotations

import os
from typing import Any

import django
from celery import Celery
from celery.signals import beat_init, heartbeat_sent, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "readiness.settings")

app = Celery("readiness")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def refuse_unsafe(**kwargs: Any) -> None:
    """An unsafe configuration ends the process before it takes any work."""
    django.setup()
    from checklists import startup  # needs the models

    startup.refuse_unsafe()


@worker_init.connect
def preload(**kwargs: Any) -> None:
    """Import every kind of check and the signing of PDFs once, before the pool's processes are forked."""
    from readiness.engine import registry  # heavy, and only a worker wants them at start
    from readiness.engine.sealed import pdf_sign

    registry.kinds()
    assert pdf_sign


@worker_init.connect
def name_door(**kwargs: Any) -> None:
    """What a worker does is logged as done by a worker."""
    from checklists import where  # checklists imports this module

    where.process(where.WORKER)


@heartbeat_sent.connect
def show_life(**kwargs: Any) -> None:
    """The worker's main process is alive and connected to the broker, however busy its pool is."""
    from readiness import beat  # imports Django's database layer, which needs settings

    beat.show_life("worker")
