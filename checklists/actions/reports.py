"""Acts on reports: request, render, sweep. Like check runs, the row is the queue."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db.models import F, Q

from checklists import blobs, checkpoints, clock
from checklists.actions import bundles
from checklists.actions.base import gate_act
from checklists.errors import Refused
from checklists.models import Gate, Person, Report
from checklists.models.verification import RunState
from checklists.permissions import Act
from checklists.reports import attached, sealing
from checklists.reports.attached import Choice
from checklists.reports.content import build
from checklists.reports.enclosed import enclosed
from readiness.engine.errors import ReadinessError

MAX_ATTEMPTS = 3
MOST_WAITING = 20  # of a gate: nobody keeps the workers from what others wait for
RESEND_AFTER = timedelta(seconds=settings.RESEND_SECONDS)
# Less than the task's own limit, so that a report that takes too long ends with that reason.
SECONDS = settings.REPORT_SECONDS * 0.8
LEASE = timedelta(seconds=settings.REPORT_SECONDS + settings.LEASE_MARGIN_SECONDS)


def request(*, gate: int, by: Person, evidence: Choice = (), with_bundle: bool = False) -> Report:
    """Freeze what the report will say and queue its rendering.

    `evidence` are the ids of the files to attach to the PDF, or "all". Raises Forbidden, Refused, KeyMissing,
    CertificateUnusable.
    """
    seal = sealing.ready()
    with gate_act(gate, by=by, act=Act.EXPORT) as act:
        _require_quiet(act.gate)
        judged = act.judge()
        chosen = attached.choose(act.loaded, evidence)
        checkpoint = checkpoints.sign_head(act.gate.stream, cause="report", at=act.at)
        assert checkpoint  # opening the gate was its first entry
        snapshot = build(act.loaded, judged, at=act.at, by=by, upto=checkpoint)
        snapshot |= {"enclosed": enclosed(act.loaded)}
        if with_bundle:
            bundles.require_room(act.gate, snapshot, act.at)
        sealed = sealing.frozen(seal, checkpoint=checkpoint, chosen=chosen, at=act.at)
        report = Report.objects.create(
            gate=act.gate,
            snapshot=snapshot | {"sealed": sealed},
            digest=judged.digest,
            verdict=judged.verdict.state.value,
            evidence=[piece.pk for piece in chosen],
            checkpoint=checkpoint.note,
            with_bundle=with_bundle,
            requested_by=by,
            requested_at=act.at,
        )
        act.log(
            "report.requested",
            subject=f"report {report.pk}",
            report=report.pk,
            digest=judged.digest,
            attached=[file["sha256"] for file in sealed["attached"]],
            with_bundle=with_bundle,
        )
    return report


def _require_quiet(gate: Gate) -> None:
    if Report.objects.filter(gate=gate).exclude(state=RunState.DONE).count() >= MOST_WAITING:
        raise Refused(
            f"{MOST_WAITING} reports of this gate are being rendered already.",
            "Wait until they stand in the list.",
        )


def sent(ids: Iterable[int]) -> None:
    """Note that the broker took these ids."""
    Report.objects.filter(pk__in=list(ids)).update(sent_at=clock.now())


def render(report: int, *, token: uuid.UUID | None = None, lost: uuid.UUID | None = None) -> None:
    """Render a queued report, if nobody else has it; the row names the PDF after its bytes are stored.

    `token` and `lost` name this attempt and an earlier one whose process died, as in `runs.claim`.
    """
    token = token or uuid.uuid4()
    lease = clock.now() + LEASE
    free = Q(state=RunState.QUEUED)
    if lost:
        free |= Q(state=RunState.RUNNING, claim=lost, attempts__lt=MAX_ATTEMPTS)
    taken = Report.objects.filter(free, pk=report).update(
        state=RunState.RUNNING, claim=token, lease_until=lease, attempts=F("attempts") + 1
    )
    if taken != 1:
        return
    row = Report.objects.select_related("gate").get(pk=report)
    try:
        data, seal = sealing.render(row, seconds=SECONDS)
        sha256, size = blobs.put(data)
        # The bundle holds the statement; who has lost the claim by now changes nothing.
        Report.objects.filter(pk=row.pk, state=RunState.RUNNING, claim=token).update(seal=seal)
        bundle = bundles.make(row.pk, pdf=sha256, size=size) if row.with_bundle else ("", 0)
    except ReadinessError as error:
        _end(row, token, error=str(error))
        return
    _end(row, token, sha256=sha256, size=size, bundle=bundle)


def forgotten() -> list[int]:
    """Queued reports whose message may be lost."""
    before = clock.now() - RESEND_AFTER
    queued = Report.objects.filter(state=RunState.QUEUED)
    return list(
        (queued.filter(sent_at=None) | queued.filter(sent_at__lt=before)).values_list("pk", flat=True)
    )


def end_overdue() -> None:
    """Reports whose worker is gone: queued again while attempts are left, else ended with the reason."""
    for row in Report.objects.filter(state=RunState.RUNNING, lease_until__lt=clock.now()):
        if row.attempts >= MAX_ATTEMPTS:
            _end(row, row.claim, error=f"Rendering was started {row.attempts} times and never ended.")
        else:
            Report.objects.filter(pk=row.pk, state=RunState.RUNNING, claim=row.claim).update(
                state=RunState.QUEUED, claim=None, lease_until=None, sent_at=None
            )


def _end(
    row: Report,
    claim: uuid.UUID | None,
    *,
    sha256: str = "",
    size: int = 0,
    bundle: tuple[str, int] = ("", 0),
    error: str = "",
) -> None:
    with gate_act(row.gate_id, by=None, act=None) as act:
        ended = Report.objects.filter(pk=row.pk, state=RunState.RUNNING, claim=claim).update(
            state=RunState.DONE,
            finished_at=act.at,
            sha256=sha256,
            size=size,
            bundle_sha256=bundle[0],
            bundle_size=bundle[1],
            error=error,
            lease_until=None,
        )
        if ended:
            verb = "report.failed" if error else "report.finished"
            more = {"bundle_sha256": bundle[0]} if bundle[0] else {}
            act.log(verb, subject=f"report {row.pk}", report=row.pk, sha256=sha256, error=error, **more)
