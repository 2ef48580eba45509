"""Evaluates contracts on a run, with the same checks as a checklist's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from readiness.engine.checks.data_quality import data_quality
from readiness.engine.checks.leakage import leakage
from readiness.engine.contracts.config import (
    CompletenessContract,
    Config,
    ContaminationContract,
    SchemaContract,
)
from readiness.engine.contracts.decision import AnyContract, ContractResult, Decision
from readiness.engine.errors import BadContent, CheckProblem, FileMissing, NotFound, ParameterError
from readiness.engine.guard import guard, legible
from readiness.engine.outcome import Finding, Outcome, worst
from readiness.engine.ready import layout, listing
from readiness.engine.ready.files import RunFiles
from readiness.engine.target import RunDirectory

_NO_MANIFEST = (
    "manifest.json is missing, and `readiness ready` needs it: write run_id, timestamp, version, contracts"
    " and datasets (path and hash). The run's name is taken from its directory."
)


def decide(run: RunDirectory, config: Config) -> Decision:
    """Evaluate every contract on the run. Never raises for what lies in the run."""
    results = tuple(_evaluate(contract, run) for contract in config.contracts)
    manifest, notes = _manifest(run)
    return Decision(
        run_id=_run_id(manifest) or _run_id(_object(run, layout.RUN_META)) or run.root.name,
        results=results,
        config=config,
        at=(run.options.now or datetime.now(UTC)).astimezone(UTC),
        warnings=tuple(_differing(config, manifest)),
        notes=tuple(notes),
    )


def _evaluate(contract: AnyContract, run: RunDirectory) -> ContractResult:
    own = run.fresh(required=True)
    finding = guard(contract.name, lambda: _found(lambda: _finding(contract, own)), run.options.interrupts)
    shown = replace(finding, message=legible(finding.message), advice=legible(finding.advice))
    return ContractResult(contract=contract, finding=shown, files=tuple(own.used.values()))


def _found(function: Callable[[], Finding]) -> Finding:
    try:
        return function()
    except (CheckProblem, ParameterError) as problem:
        certain = isinstance(problem, FileMissing | NotFound | BadContent)
        return Finding(
            outcome=Outcome.FAIL if certain else Outcome.ERROR,
            message=problem.message,
            advice=problem.advice,
            details={"problem": type(problem).__name__},
        )


def _finding(contract: AnyContract, run: RunDirectory) -> Finding:
    if isinstance(contract, ContaminationContract):
        return leakage(contract.params(), run)
    files = list(_datasets(contract, run))
    if not files:
        raise FileMissing(
            f"{contract.name} names no dataset, and manifest.json lists none.",
            "Write `dataset: data/train.csv`.",
        )
    found = [_found(lambda file=file: data_quality(contract.params(file), run)) for file in files]  # type: ignore[misc]
    return found[0] if len(found) == 1 else _together(found)


def _together(found: list[Finding]) -> Finding:
    """One finding of several files: the worst decides, and those that are as bad are told."""
    outcome = worst(f.outcome for f in found)
    told = [f for f in found if f.outcome is outcome]
    more = f"; and {len(told) - 3} more" if len(told) > 3 else ""
    return Finding(
        outcome=outcome,
        message="; ".join(f.message.rstrip(".") for f in told[:3]) + more,
        advice=told[0].advice,
        measurements=tuple(m for f in found for m in f.measurements),
        details={
            "isolation": next((f.details["isolation"] for f in found if "isolation" in f.details), None)
        },
    )


def _datasets(contract: SchemaContract | CompletenessContract, run: RunDirectory) -> Iterator[str]:
    """The contract's files. Raises FileMissing for a glob without a match."""
    wanted = (contract.dataset,) if isinstance(contract.dataset, str) else contract.dataset
    if not wanted:
        yield from dict.fromkeys(
            e.path for e in listing.manifest(RunFiles(run.fresh(required=True))) if e.what == "dataset"
        )
    seen: set[str] = set()
    for name in wanted:
        found = run.glob(name) if any(mark in name for mark in "*?[") else [name]
        if not found:
            raise FileMissing(f"No file of the run matches {name}.", "Correct the pattern in the contract.")
        yield from (f for f in found if f not in seen)
        seen.update(found)


def _manifest(run: RunDirectory) -> tuple[dict[str, Any], list[str]]:
    """The manifest as far as it can be read, and what `readiness ready` will miss in it."""
    try:
        found = RunFiles(run.fresh(required=True)).object(listing.MANIFEST)
    except CheckProblem as problem:
        return {}, [f"manifest.json cannot be used: {problem.message}"]
    if found is None:
        return {}, [] if _object(run, layout.RUN_META) else [_NO_MANIFEST]
    wanted = ("run_id", "timestamp", "version", "contracts", "datasets")
    missing = [key for key in wanted if found.get(key) is None]
    return dict(found), [f"manifest.json has no {', '.join(missing)}."] if missing else []


def _run_id(record: dict[str, Any]) -> str:
    stated = record.get("run_id")
    return stated if isinstance(stated, str) else ""


def _object(run: RunDirectory, name: str) -> dict[str, Any]:
    """A record of the run; empty when it is missing or cannot be read, which `ready` says better."""
    try:
        return dict(RunFiles(run.fresh(required=True)).object(name) or {})
    except CheckProblem:
        return {}


def _differing(config: Config, manifest: dict[str, Any]) -> Iterator[str]:
    """Where the manifest claims other limits than those that were used."""
    claims = manifest.get("contracts")
    used = {c.name: c for c in config.contracts if not isinstance(c, ContaminationContract)}
    for claim in claims if isinstance(claims, list) else []:
        name = claim.get("name") if isinstance(claim, dict) else None
        contract = used.get(name) if isinstance(name, str) else None
        for key in ("min_row_count", "max_null_ratio") if contract else ():
            there, here = claim.get(key), getattr(contract, key)
            if there is not None and there != here:
                yield f"{name}: manifest.json says {key} {str(there)[:40]}, {config.name} {here}"
