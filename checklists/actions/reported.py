"""Acts on results that a pipeline made where the files lie; what of them can be looked at is not believed.

Looked at: the checklist, its parameters and every check's own; each measurement against its limit again; that
no outcome is better than its measurements; that the files named are those of the index. What cannot be looked
at is whether the checks really ran: so page, report and signature say who reported them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from django.db import transaction
from msgspec import Meta, Struct

from checklists import clock
from checklists.actions.base import GateAct, gate_act
from checklists.actions.run_directory import snapshot_index
from checklists.actions.runs import apply, plain
from checklists.errors import Refused, StaleForm
from checklists.loaded import LoadedItem
from checklists.models import CheckRun, Gate, ParameterSet, Person, Release
from checklists.models.release import ReleaseFiles
from checklists.models.verification import RunState
from checklists.permissions import Act
from checklists.snapshot import signable
from readiness.engine import parameters, seal
from readiness.engine.checklist import Item
from readiness.engine.errors import ParameterError
from readiness.engine.outcome import Measurement, Outcome, worst
from readiness.engine.runner import CheckResult, applying
from readiness.engine.target import Entry

HERE = "The files of this release are on the server, so its checks run there."
HERE_ADVICE = "Run the checks on the gate's page, or push results for another version."
OTHER_FILES = "These results are of other files than the release's index."
OTHER_CHECKLIST = "These results are of another checklist than the gate's."
OTHER_PARAMETERS = "These results were made with other parameters than those that count now."
AGAIN = "Run `readiness push --results-only` again."

Text = Annotated[str, Meta(max_length=20_000)]
Short = Annotated[str, Meta(max_length=1_000)]
Scalar = int | float | str | bool | None


class _Closed(Struct, forbid_unknown_fields=True):
    pass


class _Limit(_Closed):
    op: Literal[">=", ">", "<=", "<", "==", "in"]
    value: Scalar | Annotated[list[Scalar], Meta(max_length=1000)]


class _Measured(_Closed):
    name: Short
    value: Scalar
    unit: Short | None
    limit: _Limit | None
    source: Text | None
    volatile: bool
    ok: bool | None


class _Chart(_Closed):
    kind: Short
    title: Text
    data: dict[str, Any]
    unit: Short | None
    limit: _Limit | None
    volatile: bool


class _Finding(_Closed):
    outcome: Literal["PASS", "WARN", "SKIP", "FAIL", "ERROR"]
    message: Text
    advice: Text
    measurements: Annotated[list[_Measured], Meta(max_length=5_000)]
    charts: Annotated[list[_Chart], Meta(max_length=100)]
    details: dict[str, Any]


class _File(_Closed):
    path: Text
    size: int
    sha256: Short


class _Result(_Closed):
    kind: Short
    params: Any
    finding: _Finding
    duration_s: Annotated[float, Meta(ge=0, le=1e7)]
    files: Annotated[list[_File], Meta(max_length=200_000)]


class _ItemResults(_Closed):
    key: Short
    results: Annotated[list[_Result], Meta(min_length=1, max_length=200)]


class _Checklist(_Closed):
    slug: Short
    version: Short
    sha256: Short


class Reported(_Closed):
    """What a pipeline sends: of which files, gate, checklist and parameters, and each item's results."""

    digest: Short
    gate: int
    checklist: _Checklist
    parameters: int
    items: Annotated[list[_ItemResults], Meta(max_length=2_000)]


def parse(document: Any) -> Reported:
    """The report of a JSON document. Raises Refused naming what does not fit."""
    try:
        return msgspec.convert(plain(document), Reported)
    except msgspec.ValidationError as error:
        raise Refused(f"These are not results of checks: {error}.", AGAIN) from None


def take(*, release: Release, by: Person, reported_by: str, report: Reported) -> Gate:
    """Store reported results as done runs and settle their items.

    `reported_by` names the pipeline for people. Raises Forbidden, StaleForm (other files, checklist or
    parameters by now), Refused (files are here, results that contradict the checklist, index or themselves).
    """
    gate = Gate.objects.filter(release=release, pk=report.gate).first()
    if gate is None:
        raise Refused("The release has no such gate.", AGAIN)
    with transaction.atomic(), gate_act(gate.pk, by=by, act=Act.RUN_CHECKS) as act:
        _require_same(act.gate, report)
        index = snapshot_index(act.gate.release.snapshot.digest)
        values = act.gate.release.promised.values
        found = [(_item(act, one), _checked(act, one, values, index)) for one in report.items]
        _freeze(act)
        for item, results in found:
            _store(act, item, results, reported_by)
    return gate


def _require_same(gate: Gate, report: Reported) -> None:
    release, checklist = gate.release, gate.checklist
    if release.files != ReleaseFiles.ELSEWHERE:
        raise Refused(HERE, HERE_ADVICE)
    if report.digest != release.snapshot.digest:
        raise StaleForm(OTHER_FILES, AGAIN)
    named = (report.checklist.slug, report.checklist.version, report.checklist.sha256)
    if named != (checklist.slug, checklist.version, checklist.sha256):
        raise StaleForm(OTHER_CHECKLIST, AGAIN)
    if report.parameters != release.promised.number:
        raise StaleForm(OTHER_PARAMETERS, AGAIN)
    keys = [one.key for one in report.items]
    if len(set(keys)) != len(keys):
        raise Refused("An item is reported twice.")


def _item(act: GateAct, one: _ItemResults) -> LoadedItem:
    item = act.item(one.key)
    if not item.row.has_checks:
        raise Refused(f"{one.key} has no scripted checks; a person decides it.")
    if item.run_state:
        raise Refused(f"The checks of {one.key} are running here.", "Wait for their result.")
    return item


def _checked(
    act: GateAct, one: _ItemResults, values: Mapping[str, Any], index: Mapping[str, Entry]
) -> list[dict[str, Any]]:
    item = act.item(one.key)
    _require_asked(one, item.spec, values)
    results = []
    for number, result in enumerate(one.results, 1):
        where = f"{one.key}, check {number} ({result.kind})"
        _require_consistent(where, result.finding)
        _require_files(where, result.files, index)
        stored = CheckResult.from_dict(msgspec.to_builtins(result)).to_dict()
        try:
            seal.canonical(signable(stored))
        except seal.NotCanonicalError as error:
            raise Refused(f"{where}: {error.message}", AGAIN) from None
        results.append(stored)
    return results


def _require_asked(one: _ItemResults, spec: Item, values: Mapping[str, Any]) -> None:
    asked = list(_asked(spec, values))
    given = [(result.kind, _text(result.params)) for result in one.results]
    if given != [(kind, text) for kind, text, _ in asked]:
        raise Refused(
            f"The results of {one.key} are not those of the checks that the checklist asks for.", AGAIN
        )
    for result, (_, _, usable) in zip(one.results, asked, strict=True):
        if not usable and Outcome(result.finding.outcome).passes:
            raise Refused(f"A check of {one.key} passed whose parameters cannot be filled in.", AGAIN)


def _asked(spec: Item, values: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Kind, parameters as text, and whether they could be filled in, of each check that applies."""
    for check in applying(spec, values):
        try:
            yield check.kind, _text(parameters.substitute(check.params, values)), True
        except ParameterError:
            yield check.kind, _text(check.params), False


def _text(params: Any) -> str:
    return json.dumps(plain(params), sort_keys=True)


def _require_consistent(where: str, finding: _Finding) -> None:
    for measured in finding.measurements:
        data = msgspec.to_builtins(measured)
        ok = Measurement.from_dict(data).ok
        if ok is not measured.ok:
            raise Refused(f"{where}: {measured.name!r} is not judged by its own limit.", AGAIN)
        if ok is False and Outcome(finding.outcome).passes:
            raise Refused(f"{where}: it passed although {measured.name!r} is out of its limit.", AGAIN)


def _require_files(where: str, files: list[_File], index: Mapping[str, Entry]) -> None:
    for file in files:
        if index.get(file.path) != Entry(file.path, file.size, file.sha256):
            raise Refused(f"{where}: {file.path!r} is not in the index with these bytes.", AGAIN)


def _freeze(act: GateAct) -> None:
    promised = act.gate.release.promised
    if ParameterSet.objects.filter(pk=promised.pk, frozen_at=None).update(frozen_at=act.at):
        act.log("parameters.frozen", subject=f"parameters {promised.number}", values=promised.values)


def _store(act: GateAct, item: LoadedItem, results: list[dict[str, Any]], reported_by: str) -> None:
    release, now = act.gate.release, clock.now()
    row = CheckRun.objects.create(
        item=item.row,
        snapshot=release.snapshot,
        parameters=release.promised,
        state=RunState.DONE,
        outcome=worst(Outcome(r["finding"]["outcome"]) for r in results).value,
        results=results,
        reported_by=reported_by[:200],
        requested_by=act.person,
        requested_at=act.at,
        started_at=now,
        finished_at=now,
    )
    apply(act, row, "run.reported")
