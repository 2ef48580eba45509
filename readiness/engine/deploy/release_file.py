"""`release.yml`: what no other file says about a release. Read strictly; faults are named with their line."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from readiness.engine import strict_yaml
from readiness.engine.deploy import hidden
from readiness.engine.deploy.manifest import (
    Approval,
    Delta,
    Flag,
    GateVerdict,
    Metrics,
    Migration,
    Part,
    Path,
    Rollback,
    Rollout,
    Said,
    Secret,
    Text,
    Waiver,
)
from readiness.engine.deploy.places import DeployError, explained
from readiness.engine.errors import BadContent, ChecklistError
from readiness.engine.target import decode

SCHEMA_VERSION = 1
EXAMPLE = "examples/release-governance/release.yml shows one; docs/release-manifest.md explains each key."
# a version is often written like a number: 1.10 is not 1.1
_TEXTS = (
    ("release",),
    ("project",),
    ("configuration", "base_release"),
    ("rollback", "rehearsal", "from_version"),
    ("rollback", "rehearsal", "to_version"),
)


class ArtifactGlob(Part, frozen=True):
    """Files that are deployed: a path or a glob beneath `base`, and where they will be found."""

    path: Path
    uri: Text = ""


class ComparedFile(Part, frozen=True):
    """A configuration file now, and the approved one; both beneath `base`."""

    current: Path
    approved: Path


class ConfigurationPlan(Part, frozen=True):
    """What to compare with: files, the last approved manifest (release and feature flags), or said here."""

    base_release: Text = ""
    base_manifest: Path | None = None
    files: tuple[ComparedFile, ...] = ()
    deltas: tuple[Delta, ...] = ()


class ReleaseFile(Part, frozen=True):
    """A release as people describe it. `base` is the directory that all paths count from."""

    project: Said
    owner: Said
    schema_version: Literal[1] = 1
    release: Text = ""
    environment: Text = ""
    base: str = "."
    artifacts: tuple[Path | ArtifactGlob, ...] = ()
    exclude: tuple[Path, ...] = ()
    configuration: ConfigurationPlan = ConfigurationPlan()
    feature_flags: dict[str, Flag] = {}
    secrets: tuple[Secret, ...] = ()
    migrations: tuple[Migration, ...] = ()
    rollout: Rollout | None = None
    rollback: Rollback | None = None
    approvals: tuple[Approval, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    gates: tuple[GateVerdict, ...] = ()
    metrics: Metrics = Metrics()
    run_ids: tuple[Text, ...] = ()
    trace_ids: tuple[Text, ...] = ()


def read(data: bytes, name: str) -> ReleaseFile:
    """The release in the bytes of a YAML (or JSON) file. Raises DeployError naming key and line."""
    try:
        text = decode(data, name)
        located = strict_yaml.load(text, line=1, what=f"release file {name}")
    except (BadContent, ChecklistError) as problem:
        raise DeployError(problem.message, problem.advice) from None
    if not isinstance(located.data, dict) or not located.data:
        raise DeployError(f"{name} describes no release.", EXAMPLE)
    version = located.data.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise DeployError(
            f"{name} has the schema version {version}; this version reads up to {SCHEMA_VERSION}.",
            "Update Readiness on this machine.",
        )
    hidden.refuse(located.data, text, name)
    _keep_text(located.data, located.raw)
    try:
        return msgspec.convert(located.data, ReleaseFile)
    except msgspec.ValidationError as error:
        raise explained(error, ReleaseFile, name, EXAMPLE, located.lines) from None


def _keep_text(data: dict[str, Any], raw: dict[strict_yaml.Path, str]) -> None:
    for path in _TEXTS:
        holder: Any = data
        for step in path[:-1]:
            holder = holder.get(step) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and type(holder.get(path[-1])) in (int, float):
            holder[path[-1]] = raw[path]
