"""Kinds of other packages: each of their checks runs in a confined child process of its own.

Whatever such a check does costs only itself. It reads the run beneath its root, and nothing else but its own
package and the interpreter's; it has no network, starts no process and writes nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from readiness.engine import registry
from readiness.engine.child import ChildLimits, Reach, run_in_child
from readiness.engine.child_answer import problem_of
from readiness.engine.errors import CheckProblem, ParameterError
from readiness.engine.options import Options
from readiness.engine.outcome import Finding
from readiness.engine.registry import Kind
from readiness.engine.target import Entry, RunDirectory

_T = TypeVar("_T")
_LARGEST = 1 << 20  # bytes of a finding and of what the check prints


class _Told(msgspec.Struct):
    kind: str
    message: str
    advice: str


def run_apart(kind: Kind, module: str, params: Any, run: RunDirectory) -> Finding:
    """What a kind of another package finds, with the level of isolation in its details.

    `module` declares the kind when it is imported. Files that it read are added to `run.used`. Raises what
    the check raised, LimitExceeded for what it used up, CheckProblem for a finding that is none.
    """
    payload = {
        "module": module,
        "kind": kind.name,
        "params": params,
        "root": str(run.root),
        "snapshot": None if run.snapshot is None else [asdict(entry) for entry in run.snapshot.values()],
        "required": run.required,
        "now": None if run.options.now is None else run.options.now.isoformat(),
    }
    child = run_in_child(
        f"{__name__}:run_here",
        payload,
        limits=replace(ChildLimits.of(run.options), output=_LARGEST),
        reach=Reach(readable=[str(run.root)], packages=[module.partition(".")[0]]),
    )
    run.used.update(_files(child.value, run))
    if "problem" in child.value:
        raise _told(child.value["problem"], child.isolation)
    finding = _converted(child.value.get("finding"), Finding)
    return replace(finding, details={**finding.details, "isolation": child.isolation})


def run_here(payload: dict[str, Any], fds: list[int]) -> dict[str, Any]:
    """The child's side: `{finding or problem, used}`."""
    del fds
    snapshot = payload["snapshot"]
    run = RunDirectory(
        Path(payload["root"]),
        snapshot=None if snapshot is None else {entry["path"]: Entry(**entry) for entry in snapshot},
        options=Options(now=payload["now"] and datetime.fromisoformat(payload["now"])),
        required=payload["required"],
    )
    said = _judge(payload, run)
    return said | {"used": [asdict(entry) for entry in run.used.values()]}


def _judge(payload: Mapping[str, Any], run: RunDirectory) -> dict[str, Any]:
    importlib.import_module(payload["module"])
    kind = registry.declared(payload["kind"])
    if kind is None:
        raise CheckProblem(f"{payload['module']} declares no kind {payload['kind']}.", "Install it again.")
    try:
        return {"finding": kind.function(kind.parse(payload["params"]), run).to_dict()}
    except (CheckProblem, ParameterError) as problem:
        ours = [k.__name__ for k in type(problem).__mro__ if k.__module__ == CheckProblem.__module__]
        return {"problem": {"kind": ours[0], "message": problem.message, "advice": problem.advice}}


def _files(value: Mapping[str, Any], run: RunDirectory) -> dict[str, Entry]:
    files = _converted(value.get("used"), list[Entry])
    if run.snapshot is not None and any(run.snapshot.get(entry.path) != entry for entry in files):
        raise CheckProblem("The check names files that are not in the snapshot.", _ADVICE)
    return {entry.path: entry for entry in files}


def _told(said: Any, isolation: str) -> CheckProblem | ParameterError:
    told = _converted(said, _Told)
    if told.kind == ParameterError.__name__:
        return ParameterError(told.message, told.advice)
    problem = problem_of(told.kind, told.message, told.advice)
    problem.isolation = isolation
    return problem


def _converted(value: Any, wanted: type[_T]) -> _T:
    # the child ran somebody's code: its answer may be anything
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        raise CheckProblem(f"The check's answer is no finding: {error}.", _ADVICE) from None


_ADVICE = "This is a fault of the check. Report it to who wrote it."
