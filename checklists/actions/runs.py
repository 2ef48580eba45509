"""Acts on check runs. The row is the queue: request, claim, finish, sweep.

- request_all, request_one: people ask; one open run per item (a database constraint holds it)
- claim: a worker takes a queued row by conditional UPDATE and gets a fencing token
- finish: only the holder of the token stores a result, once
- forgotten, end_overdue: the sweep sends rows again, or ends them as ERROR
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from checklists import clock
from checklists.actions import items
from checklists.actions.approved import last_run
from checklists.actions.base import GateAct, gate_act
from checklists.actions.run_directory import ELSEWHERE, ELSEWHERE_ADVICE, directory_of, snapshot_index
from checklists.errors import Refused
from checklists.loaded import LoadedItem
from checklists.models import CheckRun, ParameterSet, Person
from checklists.models.release import ReleaseFiles
from checklists.models.verification import RunState
from checklists.permissions import Act
from readiness.engine.checklist import Item
from readiness.engine.options import Options
from readiness.engine.outcome import Finding, Outcome, worst
from readiness.engine.runner import CheckResult, demanding, run_item
from readiness.engine.target import RunDirectory

MAX_ATTEMPTS = 3
RESEND_AFTER = timedelta(seconds=settings.RESEND_SECONDS)
LEASE = timedelta(seconds=settings.CHECK_SECONDS + settings.LEASE_MARGIN_SECONDS)
NO_CHECKS = "This item has no scripted checks; a person decides it."
ALREADY = "The checks of this item are already running."


def request_all(*, gate: int, by: Person) -> list[int]:
    """Queue the checks of every item that has some and none under way; returns the new runs' ids in order."""
    with gate_act(gate, by=by, act=Act.RUN_CHECKS) as act:
        _require_files(act)
        wanted = [item for item in act.loaded.items if item.row.has_checks and not item.run_state]
        runs = [_queue(act, item) for item in wanted]
        if runs:
            act.log("run.requested", subject=f"{len(runs)} items", runs=runs)
    return runs


def request_one(*, gate: int, key: str, by: Person) -> list[int]:
    """Queue the checks of one item. Raises Forbidden, Refused (no checks, already running)."""
    with gate_act(gate, by=by, act=Act.RUN_CHECKS) as act:
        _require_files(act)
        item = act.item(key)
        if not item.row.has_checks:
            raise Refused(NO_CHECKS)
        if item.run_state:
            raise Refused(ALREADY)
        run = _queue(act, item)
        act.log("run.requested", subject=key, runs=[run])
    return [run]


def _require_files(act: GateAct) -> None:
    if act.gate.release.files == ReleaseFiles.ELSEWHERE:
        raise Refused(ELSEWHERE, ELSEWHERE_ADVICE)


def _queue(act: GateAct, item: LoadedItem) -> int:
    release = act.gate.release
    run = CheckRun.objects.create(
        item=item.row,
        snapshot=release.snapshot,
        parameters=release.promised,
        requested_by=act.person,
        requested_at=act.at,
    )
    item.run_state = RunState.QUEUED.value
    act.save(item)
    return run.pk


def sent(ids: Iterable[int]) -> None:
    """Note that the broker took these ids."""
    CheckRun.objects.filter(pk__in=list(ids)).update(sent_at=clock.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A run that this worker holds: what to execute, and the token that proves the claim."""

    run: int
    claim: uuid.UUID
    gate: int
    item: Item
    files: str
    root: str
    digest: str
    values: dict[str, Any]
    isolation: str = ""


def claim(run: int, *, token: uuid.UUID | None = None, lost: uuid.UUID | None = None) -> Claimed | None:
    """Take a queued run. None when it is not queued: another worker has it, or it has ended.

    `token` names this attempt (default: a random one). `lost` names an earlier attempt whose process is known
    to have died: a run that it still holds is taken over without waiting for its lease.
    """
    now, token = clock.now(), token or uuid.uuid4()
    free = Q(state=RunState.QUEUED)
    if lost:
        free |= Q(state=RunState.RUNNING, claim=lost, attempts__lt=MAX_ATTEMPTS)
    with transaction.atomic():
        taken = CheckRun.objects.filter(free, pk=run).update(
            state=RunState.RUNNING,
            claim=token,
            started_at=now,
            lease_until=now + LEASE,
            attempts=F("attempts") + 1,
        )
        if taken != 1:
            return None
        row = CheckRun.objects.select_related(
            "item__gate__checklist", "item__gate__release", "snapshot", "parameters"
        ).get(pk=run)
        _show_running(row)
    checklist = row.item.gate.checklist.checklist
    spec = next(i for i in checklist.items if i.id == row.item.key)
    return Claimed(
        run=run,
        claim=token,
        gate=row.item.gate_id,
        item=spec,
        files=row.item.gate.release.files,
        root=row.item.gate.release.root,
        digest=row.snapshot.digest,
        values=row.parameters.values,
        isolation=checklist.isolation,
    )


def _show_running(row: CheckRun) -> None:
    with gate_act(row.item.gate_id, by=None, act=None) as act:
        item = act.item(row.item.key)
        act.save(item)
        parameters = row.parameters
        if ParameterSet.objects.filter(pk=parameters.pk, frozen_at=None).update(frozen_at=act.at):
            act.log("parameters.frozen", subject=f"parameters {parameters.number}", values=parameters.values)


def execute(claimed: Claimed, *, interrupts: tuple[type[Exception], ...] = ()) -> list[dict[str, Any]]:
    """Run the checks of a claimed run; results as CheckResult dicts.

    Raises RunDirectoryError (gone, or no longer beneath a configured root), BlobError, `interrupts`.
    """
    root = directory_of(claimed.files, claimed.root, claimed.digest)
    options = Options(
        allowed_hosts=tuple(settings.PROBE_HOSTS),
        allowed_commands=tuple(settings.ALLOWED_COMMANDS),
        tokens=tuple(settings.PROBE_TOKENS),
        min_isolation=settings.MIN_ISOLATION,
        child_seconds=settings.CHECK_SECONDS / 2,
        interrupts=interrupts,
    )
    run = RunDirectory(
        root=root,
        snapshot=snapshot_index(claimed.digest),
        options=demanding(options, claimed.isolation),
        approved=partial(last_run, claimed.gate),
    )
    return [plain(result.to_dict()) for result in run_item(claimed.item, run, claimed.values).results]


def finish(*, run: int, claim: uuid.UUID, results: Sequence[dict[str, Any]]) -> bool:
    """Store the result of a run; only the holder of the token may, once. False: somebody else ended it."""
    outcome = worst(Outcome(r["finding"]["outcome"]) for r in results)
    return _end(run, claim=claim, outcome=outcome, results=list(results), verb="run.finished")


def end_as_error(*, run: int, claim: uuid.UUID, why: str, advice: str) -> bool:
    """End a claimed run as ERROR with the reason, if that claim still holds."""
    finding = Finding(outcome=Outcome.ERROR, message=why, advice=advice)
    result = CheckResult(kind="run", params={}, finding=finding, duration_s=0.0)
    return _end(run, claim=claim, outcome=Outcome.ERROR, results=[result.to_dict()], verb="run.ended")


def _end(run: int, *, claim: uuid.UUID, outcome: Outcome, results: list[dict[str, Any]], verb: str) -> bool:
    with transaction.atomic():
        held = CheckRun.objects.filter(pk=run, state=RunState.RUNNING, claim=claim)
        ended = held.update(
            state=RunState.DONE,
            outcome=outcome.value,
            results=results,
            finished_at=clock.now(),
            lease_until=None,
        )
        if ended != 1:
            return False
        row = CheckRun.objects.select_related("item").get(pk=run)
        with gate_act(row.item.gate_id, by=None, act=None) as act:
            apply(act, row, verb)
    return True


def apply(act: GateAct, row: CheckRun, verb: str) -> None:
    """Make an ended run its item's latest one, settle the item, write the entry."""
    item = act.item(row.item.key)
    before = str(item.row.state)
    item.row.run, item.run_state, item.run_started = row, None, None
    items.settle(act, item)
    act.save(item, "run", "state", "decided", "decided_by", "decided_at", "reason", "confirmed")
    act.log(
        verb,
        subject=row.item.key,
        run=row.pk,
        outcome=row.outcome,
        before={"state": before},
        after={"state": str(item.row.state)},
        messages=[result["finding"]["message"] for result in row.results],
    )


def forgotten() -> list[int]:
    """Queued runs whose message may be lost: never sent, or sent too long ago."""
    return list(CheckRun.objects.forgotten(clock.now() - RESEND_AFTER).values_list("pk", flat=True))


def end_overdue() -> list[int]:
    """Runs whose worker is gone: queued again while attempts are left, else ended as ERROR.

    Returns the ids to send again.
    """
    again: list[int] = []
    for row in CheckRun.objects.overdue(clock.now()):
        if row.claim and row.attempts >= MAX_ATTEMPTS:
            end_as_error(
                run=row.pk,
                claim=row.claim,
                why=f"The checks were started {row.attempts} times and each time their worker died or hung.",
                advice="Look at the worker's log and its memory limit, then run the checks again.",
            )
        elif CheckRun.objects.filter(pk=row.pk, state=RunState.RUNNING, claim=row.claim).update(
            state=RunState.QUEUED, claim=None, lease_until=None, sent_at=None
        ):
            again.append(row.pk)
    return again


def plain(value: Any) -> Any:
    """Results as a row can hold them."""
    # PostgreSQL stores neither NaN nor NUL in JSON; a check's details may hold both.
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str):
        return value.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
    return value
