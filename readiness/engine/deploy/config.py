"""`gate.yml`: what a deployment needs. Read strictly; whatever is wrong is named with its key and line."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from readiness.engine import strict_yaml
from readiness.engine.deploy import words
from readiness.engine.deploy.manifest import Part
from readiness.engine.deploy.places import DeployError, Lines, explained, line_of
from readiness.engine.errors import BadContent, ChecklistError
from readiness.engine.target import decode

SCHEMA_VERSION = 1
WAIVABLE = ("rehearsal", "scorecard", "migrations", "metrics", "rollout-window")
EXAMPLE = "A small one: `required_roles: [technical-lead, product-owner]`. See docs/deployment-gate.md."
_Limit = Annotated[float, Meta(ge=0)]
_Rate = Annotated[float, Meta(ge=0, le=1)]


class MetricLimits(Part, frozen=True):
    """The largest values that are let through; a limit that is not written is not asked."""

    p95_ms: _Limit | None = None
    error_rate: _Rate | None = None
    flake_rate: _Rate | None = None
    open_critical_incidents: Annotated[int, Meta(ge=0)] | None = None

    def written(self) -> dict[str, float]:
        """The limits that are asked, by the metric's name."""
        named = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: limit for name, limit in named.items() if limit is not None}


class RolloutWindow(Part, frozen=True):
    """Whether the moment must lie inside the manifest's window."""

    require: bool = False


class TrustedKey(Part, frozen=True):
    """An Ed25519 public key in PEM: a file beside the configuration, or the text itself."""

    id: str = ""
    file: str = ""
    pem: str = ""


class GateConfig(Part, frozen=True):
    """What must hold before a release is deployed.

    `scorecard_environments`: where the suites may have run; empty: in the manifest's own environment.
    """

    schema_version: Literal[1] = 1
    required_roles: Annotated[tuple[str, ...], Meta(max_length=50)] = ()
    enforce_approvals: bool = True
    require_rehearsal: bool = True
    max_rehearsal_age_days: Annotated[float, Meta(gt=0, le=36_500)] = 30
    disallow_waivers: bool = False
    separation_of_duties: bool = True
    require_scorecard: bool = True
    scorecard_environments: tuple[str, ...] = ()
    require_files: bool = False
    metrics: MetricLimits = MetricLimits()
    rollout_window: RolloutWindow = RolloutWindow()
    waivable: tuple[str, ...] = WAIVABLE
    require_signatures: bool = False
    trusted_keys: Annotated[tuple[str | TrustedKey, ...], Meta(max_length=200)] = ()

    @property
    def roles(self) -> tuple[str, ...]:
        """The required roles as they are compared."""
        return tuple(words.role(name) for name in self.required_roles)


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration, what messages call its file, and the lower-case SHA-256 of the file's bytes."""

    config: GateConfig
    name: str
    sha256: str


@lru_cache(maxsize=32)
def read(data: bytes, name: str) -> ConfigFile:
    """The configuration in the bytes of a YAML (or JSON) file. Raises DeployError naming key and line.

    The last ones are kept: reading YAML takes longer than deciding, and many releases share one.
    """
    try:
        located = strict_yaml.load(decode(data, name), line=1, what=f"configuration {name}")
    except (BadContent, ChecklistError) as problem:
        raise DeployError(problem.message, problem.advice) from None
    if located.data is None or located.data == {}:
        raise DeployError(f"{name} is empty, so nothing would be asked.", EXAMPLE)
    if not isinstance(located.data, dict):
        raise DeployError(f"{name} holds no `name: value` lines.", EXAMPLE)
    version = located.data.get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise DeployError(
            f"{name} has the schema version {version}; this version reads up to {SCHEMA_VERSION}.",
            "Update Readiness on this machine.",
        )
    try:
        config = msgspec.convert(located.data, GateConfig)
    except msgspec.ValidationError as error:
        raise explained(error, GateConfig, name, EXAMPLE, located.lines) from None
    _check(config, name, located.lines)
    return ConfigFile(config, name, hashlib.sha256(data).hexdigest())


def _check(config: GateConfig, name: str, lines: Lines) -> None:
    for key, said, advice in _faults(config):
        raise DeployError(f"{name} line {line_of(lines, [key])}, {key}: {said}.", advice)


def _faults(config: GateConfig) -> list[tuple[str, str, str]]:
    """Key, what is wrong with it, and what to do."""
    return [*_roles(config), *_waivers(config), *_signatures(config), *_limits(config)]


def _roles(config: GateConfig) -> list[tuple[str, str, str]]:
    if config.enforce_approvals and not config.required_roles:
        advice = "Name the roles, or write `enforce_approvals: false` and say who answers for that."
        return [("required_roles", "no role is named, so nobody would have to approve", advice)]
    faults = []
    for place, role in enumerate(config.roles):
        if not words.real(role):
            faults.append(
                ("required_roles", f"{words.shown(config.required_roles[place])!r} is no role", EXAMPLE)
            )
        elif role in config.roles[:place]:
            faults.append(("required_roles", f"{role} stands there twice", "Name each role once."))
    return faults


def _waivers(config: GateConfig) -> list[tuple[str, str, str]]:
    wrong = [rule for rule in config.waivable if rule not in WAIVABLE]
    advice = f"Rules that may be waived: {', '.join(WAIVABLE)}."
    return [("waivable", f"{words.shown(rule)!r} cannot be waived", advice) for rule in wrong]


def _signatures(config: GateConfig) -> list[tuple[str, str, str]]:
    faults = []
    if config.require_signatures and not config.enforce_approvals:
        advice = "Take out `enforce_approvals: false`."
        faults.append(("require_signatures", "signatures are asked for, but no approvals", advice))
    if config.require_signatures and not config.trusted_keys:
        advice = "Name the public keys under `trusted_keys`."
        faults.append(("require_signatures", "no key is trusted, so no signature could verify", advice))
    for key in config.trusted_keys:
        if isinstance(key, TrustedKey) and bool(key.file) == bool(key.pem):
            faults.append(("trusted_keys", "a key has either `file` or `pem`", "Write one of them."))
        elif isinstance(key, str) and not key.strip():
            faults.append(("trusted_keys", "a key is empty", "Name a file, or write BEGIN PUBLIC KEY …"))
    return faults


def _limits(config: GateConfig) -> list[tuple[str, str, str]]:
    numbers = {"max_rehearsal_age_days": config.max_rehearsal_age_days} | config.metrics.written()
    return [
        (name, f"{value} is no number to compare with", EXAMPLE)
        for name, value in numbers.items()
        if not math.isfinite(value)
    ]
