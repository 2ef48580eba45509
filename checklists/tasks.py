"""Doors for Celery: take an id, call an act. And the one way to put ids on the broker."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from celery import Task, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from kombu.exceptions import OperationalError

from checklists.actions import reports, runs
from readiness.celery import app
from readiness.engine.errors import ReadinessError

log = logging.getLogger(__name__)

# The hard limit kills the child process; Celery then retries a bounded number of times.
_LIMITS = {"soft_time_limit": settings.CHECK_SECONDS, "time_limit": settings.CHECK_SECONDS + 10}


def send_runs(ids: Sequence[int]) -> None:
    """Hand queued runs to the broker, after the transaction that queued them. When the broker is away they
    stay queued, and the sweep sends them later."""
    _send(run_checks, ids, runs.sent)


def send_report(report: int) -> None:
    """Hand a queued report to the broker; see `send_runs`."""
    _send(render_report, [report], reports.sent)


def _send(task: Task, ids: Sequence[int], sent: object) -> None:
    try:
        with app.producer_or_acquire() as producer:
            for pk in ids:
                task.apply_async((pk,), producer=producer, retry=False)
    except OperationalError as error:
        log.warning("The broker is away, %d tasks stay queued: %s", len(ids), error)
    else:
        sent(ids)  # type: ignore[operator]


@shared_task(name="checklists.run_checks", **_LIMITS)
def run_checks(run: int) -> None:
    """Execute one check run, if it is still queued."""
    claimed = runs.claim(run)
    if claimed is None:
        return
    try:
        results = runs.execute(claimed)
    except SoftTimeLimitExceeded:
        why = f"The checks took longer than {settings.CHECK_SECONDS} s and were stopped."
        runs.end_as_error(run=run, why=why, advice="Raise READINESS_CHECK_SECONDS, or make the check cheaper.")
    except ReadinessError as error:
        runs.end_as_error(run=run, why=error.message, advice=error.advice)
    else:
        runs.finish(run=run, claim=claimed.claim, results=results)


@shared_task(name="checklists.render_report", soft_time_limit=settings.REPORT_SECONDS, time_limit=settings.REPORT_SECONDS + 10)
def render_report(report: int) -> None:
    """Render one report, if it is still queued."""
    reports.render(report)


@shared_task(name="checklists.sweep")
def sweep() -> None:
    """Send forgotten rows again, end overdue ones, and show that beat and worker are alive."""
    runs.beat("worker")
    overdue = runs.end_overdue()
    send_runs(sorted({*overdue, *runs.forgotten()}))
    for report in reports.forgotten():
        send_report(report)
    reports.end_overdue()


