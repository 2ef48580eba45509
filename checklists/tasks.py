"""Doors for Celery: take an id, call an act. And the one way to put ids on the broker."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from celery import Task, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from kombu.exceptions import OperationalError

from checklists import clock, heartbeat
from checklists.actions import (
    checkpoints,
    expiry,
    outgoing,
    refusals,
    reminders,
    reports,
    run_directory,
    runs,
    schedules,
    tokens,
    uploads,
)
from readiness.celery import app
from readiness.engine.errors import ReadinessError

log = logging.getLogger(__name__)

# When a pool process is killed (out of memory, a crash in native code), Celery sends the task again at once,
# at most twice. Not covered: a whole worker that dies; then the row's lease runs out and the sweep sends it.
_RETRIED: dict[str, Any] = {"retry_on_worker_lost": True, "max_retries": 2, "default_retry_delay": 1}


def _limits(seconds: int) -> dict[str, float]:
    # The soft limit is an exception inside the task; the hard one kills its process, before the lease ends.
    return {"soft_time_limit": seconds, "time_limit": seconds + settings.HARD_LIMIT_MARGIN_SECONDS}


def send_runs(ids: Sequence[int]) -> None:
    """Hand queued runs to the broker, after the transaction that queued them.

    When the broker is away they stay queued, and the sweep sends them later.
    """
    _send(run_checks, ids, runs.sent)


def send_report(report: int) -> None:
    """Hand a queued report to the broker; see `send_runs`."""
    _send(render_report, [report], reports.sent)


def _send(task: Task, ids: Sequence[int], sent: Callable[[Sequence[int]], None]) -> None:
    if not ids:
        return
    try:
        with app.producer_or_acquire() as producer:
            for pk in ids:
                task.apply_async((pk,), producer=producer, retry=False)
    except OperationalError as error:
        log.warning("The broker is away, %d tasks stay queued: %s", len(ids), error)
    else:
        sent(ids)


@shared_task(name="checklists.run_checks", bind=True, **_RETRIED, **_limits(settings.CHECK_SECONDS))
def run_checks(self: Task, run: int) -> None:
    """Execute one check run, if it is still queued."""
    claimed = runs.claim(run, token=_token(self, 0), lost=_token(self, 1))
    if claimed is None:
        return
    try:
        results = runs.execute(claimed, interrupts=(SoftTimeLimitExceeded,))
    except SoftTimeLimitExceeded:
        why = f"The checks took longer than {settings.CHECK_SECONDS} s and were stopped."
        advice = "Raise READINESS_CHECK_SECONDS, or make the check cheaper."
        runs.end_as_error(run=run, claim=claimed.claim, why=why, advice=advice)
    except ReadinessError as error:
        runs.end_as_error(run=run, claim=claimed.claim, why=error.message, advice=error.advice)
    else:
        runs.finish(run=run, claim=claimed.claim, results=results)


def _token(task: Task, before: int) -> uuid.UUID | None:
    """The token of this delivery of a message, or of one before it that died with its process."""
    attempt = task.request.retries - before
    if not task.request.id or attempt < 0:
        return None
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{task.request.id}/{attempt}")


@shared_task(name="checklists.render_report", bind=True, **_RETRIED, **_limits(settings.REPORT_SECONDS))
def render_report(self: Task, report: int) -> None:
    """Render one report, if it is still queued."""
    reports.render(report, token=_token(self, 0), lost=_token(self, 1))


# A mail or a call ends by itself long before; and a second one finds nothing to do.
_SHORT: dict[str, Any] = {"ignore_result": True, "time_limit": 60}


@shared_task(name="checklists.post", **_SHORT)
def post() -> None:
    """Hand every mail, chat message and webhook call that is due to a worker of its own."""
    messages, deliveries = outgoing.hand_out()
    try:
        with app.producer_or_acquire() as producer:
            for task, rows in ((post_message, messages), (deliver_webhook, deliveries)):
                for row in rows:
                    task.apply_async(tuple(row), producer=producer, retry=False)
    except OperationalError as error:
        log.warning("The broker is away, messages stay queued: %s", error)


@shared_task(name="checklists.post_message", **_SHORT)
def post_message(message: int, attempts: int) -> None:
    """Send one mail or chat message, if that try is still to be made."""
    outgoing.post(message, attempts)


@shared_task(name="checklists.deliver_webhook", **_SHORT)
def deliver_webhook(delivery: int, attempts: int) -> None:
    """Call one webhook, if that try is still to be made."""
    outgoing.deliver(delivery, attempts)


@shared_task(name="checklists.sweep", ignore_result=True, acks_late=False, time_limit=60)
def sweep() -> None:
    """Send forgotten rows again, end overdue ones, and show that the whole way from clock to worker works."""
    heartbeat.beat("sweep")
    post()
    send_runs(sorted({*runs.end_overdue(), *runs.forgotten()}))
    reports.end_overdue()
    for report in reports.forgotten():
        send_report(report)
    send_runs(schedules.fire_due(clock.now()))
    expiry.settle_due(clock.now())
    reminders.remind_hourly(clock.now())
    refusals.settle(clock.now())
    if checkpoints.waiting(clock.now()):
        deliver_checkpoints.apply_async(retry=False)


@shared_task(name="checklists.checkpoints", **_SHORT | {"time_limit": 600})
def sign_checkpoints() -> None:
    """A checkpoint of every audit stream that moved."""
    checkpoints.sign_moved(clock.now())


@shared_task(name="checklists.deliver_checkpoints", **_SHORT)
def deliver_checkpoints() -> None:
    """Bring checkpoints off the host."""
    checkpoints.deliver(clock.now())


@shared_task(name="checklists.tidy", ignore_result=True, time_limit=600)
def tidy() -> None:
    """Abandon uploads nobody finishes, remove run directories unused for a day, forget kept API answers."""
    uploads.abandon_old()
    run_directory.sweep_directories()
    tokens.forget_answers()
