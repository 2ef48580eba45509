"""Reads from disk what a release file names: artifacts, configurations, logs and the suites' report."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from readiness.engine.deploy import looking, reading, release_file, suite_report
from readiness.engine.deploy.assemble import assemble
from readiness.engine.deploy.manifest import Artifact, Configuration, Manifest, Migration, Rollback, bare
from readiness.engine.deploy.offline import content
from readiness.engine.deploy.places import DeployError
from readiness.engine.deploy.release_file import ArtifactGlob, ReleaseFile
from readiness.engine.errors import CheckProblem, FileMissing
from readiness.engine.target import RunDirectory

_GLOB = frozenset("*?[")


def collect(
    config: Path,
    report: Path | None,
    *,
    at: datetime,
    release: str = "",
    environment: str = "",
    output: Path | None = None,
) -> Manifest:
    """The manifest of the release that `config` describes, as of `at`.

    `release` and `environment` are the caller's word; they must not contradict file and report. `output` is
    where the manifest will be written: it never lists itself. Raises DeployError naming the file of whatever
    is missing or wrong.
    """
    said = release_file.read(content(config, 1 << 20), str(config))
    run = RunDirectory(config.absolute().parent / said.base)
    read = suite_report.read(report, run) if report else None
    named = [release, said.release, read.release if read else ""]
    places = [
        environment,
        said.environment,
        "" if said.environment or environment or not read else read.environment,
    ]
    return assemble(
        project=said.project,
        release=_one(named, "release", config),
        environment=_one(places, "environment", config),
        owner=said.owner,
        generated_at=at,
        artifacts=_artifacts(said, run, _beneath(output, run)),
        configuration=_configuration(said, run),
        feature_flags=said.feature_flags,
        secrets=said.secrets,
        migrations=[_migration(each, run) for each in said.migrations],
        rollout=said.rollout,
        rollback=_rollback(said.rollback, run),
        approvals=said.approvals,
        waivers=said.waivers,
        gates=said.gates,
        metrics=said.metrics,
        run=read.run if read else None,
        run_ids=said.run_ids,
        trace_ids=said.trace_ids,
    )


def _beneath(path: Path | None, run: RunDirectory) -> str:
    """The path as artifacts are named; empty for one that lies elsewhere."""
    full = Path(os.path.realpath(path.parent), path.name) if path else None
    return full.relative_to(run.root).as_posix() if full and full.is_relative_to(run.root) else ""


def _one(values: list[str], what: str, config: Path) -> str:
    found = list(dict.fromkeys(value for value in values if value))
    if not found:
        raise DeployError(f"{config} names no {what}.", f"Write `{what}: …`, or pass --{what}.")
    if len(found) > 1:
        raise DeployError(
            f"The {what} is {' and '.join(found)}.", "Run the suites again, or correct the file."
        )
    return found[0]


def _artifacts(said: ReleaseFile, run: RunDirectory, output: str) -> list[Artifact]:
    found: dict[str, Artifact] = {}
    for entry in said.artifacts:
        glob = entry if isinstance(entry, ArtifactGlob) else ArtifactGlob(path=entry)
        paths = [path for path in _matches(glob.path, run) if path != output and not _left_out(path, said)]
        if not paths:
            raise DeployError(
                f"No file matches the artifact {glob.path} in {run.root}.", "Build it, or correct it."
            )
        for path in paths:
            sha256, size = _hash(path, run)
            found[path] = Artifact(path=path, sha256=sha256, size=size, uri=glob.uri)
    return list(found.values())


def _left_out(path: str, said: ReleaseFile) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in said.exclude)


def _matches(pattern: str, run: RunDirectory) -> Iterator[str]:
    """The path itself, or the plain files that a glob matches; links are never followed."""
    if not _GLOB.intersection(pattern):
        yield pattern
        return
    # before Python 3.13 a last `**` means folders only
    for path in run.root.glob(f"{pattern}/*" if pattern.endswith("**") else pattern):
        name = path.relative_to(run.root)
        linked = any((run.root / part).is_symlink() for part in (name, *name.parents))
        if not linked and path.is_file():
            yield name.as_posix()


def _hash(path: str, run: RunDirectory) -> tuple[str, int]:
    try:
        with looking.opened(run, path) as file:
            return file.sha256(), file.size
    except FileMissing:
        raise DeployError(
            f"{path} is named, but is not in {run.root}.", "Make it, or correct the path."
        ) from None
    except CheckProblem as problem:
        raise DeployError(problem.message, problem.advice) from None


def _migration(migration: Migration, run: RunDirectory) -> Migration:
    dry = migration.dry_run
    if dry is None or not dry.log:
        return migration
    sha256 = _agreed(dry.log, dry.sha256, run)
    return msgspec.structs.replace(migration, dry_run=msgspec.structs.replace(dry, sha256=sha256))


def _rollback(rollback: Rollback | None, run: RunDirectory) -> Rollback | None:
    if rollback is None or rollback.rehearsal is None or not rollback.rehearsal.log:
        return rollback
    sha256 = _agreed(rollback.rehearsal.log, rollback.rehearsal.sha256, run)
    rehearsal = msgspec.structs.replace(rollback.rehearsal, sha256=sha256)
    return msgspec.structs.replace(rollback, rehearsal=rehearsal)


def _agreed(path: str, stated: str | None, run: RunDirectory) -> str:
    found, _ = _hash(path, run)
    if stated and bare(stated) != found:
        raise DeployError(
            f"{path} has SHA-256 {found[:16]}…, {bare(stated)[:16]}… is stated.", "Find out why."
        )
    return found


def _configuration(said: ReleaseFile, run: RunDirectory) -> Configuration:
    from readiness.engine.deploy import deltas

    plan = said.configuration
    base, found = plan.base_release, list(plan.deltas)
    try:
        for pair in plan.files:
            found += deltas.of_files(run, pair.current, pair.approved)
        if plan.base_manifest:
            data, _ = looking.read(run, plan.base_manifest)
            before = reading.read(data, plan.base_manifest).manifest
            base = _one([base, before.release], "base_release", Path(plan.base_manifest))
            found += deltas.of_flags(before.feature_flags, said.feature_flags)
    except CheckProblem as problem:
        raise DeployError(problem.message, problem.advice) from None
    return Configuration(base_release=base, deltas=tuple(found))
