"""`readiness.yml`: the suites of a release, read strictly; whatever is wrong is named with its line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from readiness.engine.checks.vulnerabilities import Tool
from readiness.engine.registry import Params

MAX_BYTES = 60_000
KINDS = ("unit", "integration", "end-to-end", "performance", "security")
SuiteKind = Literal["unit", "integration", "end-to-end", "performance", "security"]
Text = Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f]{1,200}\Z")]
Words = Annotated[str, Meta(max_length=4000)]
MAX_SUITES = 200
Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Retries = Annotated[int, Meta(ge=0, le=10)]
Rate = Annotated[float, Meta(ge=0, le=1)]
Amount = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=0)]
CountOrWaiver = Count | Literal["waiver"]
Files = str | tuple[str, ...]


class Thresholds(Params, frozen=True):
    """What a suite must reach. Rates are fractions, of 1; `null` lifts the default of the kind.

    `max_flake_rate`, `max_p95_ms` and `max_error_rate` must stay below the number, the others may reach it.
    `waiver` in place of a number means: none, unless an approved waiver of this file covers it.
    """

    max_duration_s: Amount | None = None
    min_success_rate: Rate | None = None
    max_flake_rate: Rate | None = None
    max_p95_ms: Amount | None = None
    max_error_rate: Rate | None = None
    max_critical: CountOrWaiver | None = None
    max_high: CountOrWaiver | None = None
    max_medium: CountOrWaiver | None = None
    max_low: CountOrWaiver | None = None
    max_unknown: CountOrWaiver | None = None


class Reports(Params, frozen=True):
    """Files that the suite writes, as paths or globs beneath its working directory.

    `vulnerabilities_format` says who wrote those reports; some tools' empty lists are believed only then.
    """

    junit: Files = ()
    load: Files = ()
    benchmark: Files = ()
    sarif: Files = ()
    vulnerabilities: Files = ()
    vulnerabilities_format: Tool | None = None

    def patterns(self, form: str) -> tuple[str, ...]:
        """The paths and globs of one form of report."""
        value: Files = getattr(self, form)
        return (value,) if isinstance(value, str) else value


FORMS = ("junit", "load", "benchmark", "sarif", "vulnerabilities")


class Waiver(Params, frozen=True):
    """A permission with an end. `rule` names a threshold (max_medium); `findings` narrows it to their ids."""

    reason: Words
    owner: Words
    approved_by: Words
    expires_at: Words
    rule: Words = ""
    suite: Words = ""
    findings: tuple[Words, ...] = ()
    risk: Words = ""
    mitigation: Words = ""
    scope: Words = ""
    requested_by: Words = ""
    approved_role: Words = ""
    approved_at: Words = ""


class Suite(Params, frozen=True):
    """One suite: `command` runs in `working_directory` for at most `timeout` seconds; `retries` more tries.

    A command that ends with one of `findings_exit_codes` has found something, and its reports say whether it
    is too much; any other code but 0 fails the suite.
    """

    name: str
    kind: SuiteKind
    command: str | tuple[str, ...]
    env: dict[str, str] = {}
    working_directory: str = ""
    timeout: Seconds | None = None
    retries: Retries | None = None
    blocking: bool | None = None
    findings_exit_codes: tuple[Annotated[int, Meta(ge=1, le=255)], ...] = (1,)
    reports: Reports = Reports()
    thresholds: Thresholds = Thresholds()


class Defaults(Params, frozen=True):
    """What suites do not say themselves."""

    env: dict[str, str] = {}
    working_directory: str = "."
    timeout: Seconds = 1800.0
    retries: Retries = 0
    blocking: bool = True


class File(Params, frozen=True, kw_only=True):
    """The file as it is written."""

    release: Text = ""
    environment: Text = "local"
    owner: Text
    tenant: Text = ""
    defaults: Defaults = Defaults()
    suites: tuple[Suite, ...]
    waivers: tuple[Waiver, ...] = ()
    schema_version: Literal[1] = 1


# what holds where the file says nothing, as far as a declared report measures it
_ALL: dict[str, float | int | str] = {
    "min_success_rate": 1.0, "max_error_rate": 0.01,
    "max_critical": 0, "max_high": 0, "max_medium": "waiver", "max_unknown": 0,
}  # fmt: skip
DEFAULTS: dict[str, dict[str, float | int | str]] = {
    "unit": _ALL,
    "integration": _ALL | {"min_success_rate": 0.98, "max_flake_rate": 0.1},
    "end-to-end": _ALL,
    "performance": _ALL | {"max_p95_ms": 200.0},
    "security": _ALL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One suite ready to run: defaults filled in, the command as an argument list."""

    name: str
    kind: str
    argv: tuple[str, ...]
    env: dict[str, str]
    working_directory: str
    timeout: float
    retries: int
    blocking: bool
    findings_exit_codes: tuple[int, ...]
    reports: Reports
    limits: Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A waiver whose end is a moment; `expires_at` is aware, without a zone UTC was meant."""

    waiver: Waiver
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole file, checked; `sha256` of its bytes in small letters."""

    name: str
    sha256: str
    release: str
    environment: str
    owner: str
    tenant: str
    suites: tuple[Plan, ...]
    waivers: tuple[Grant, ...]


def sha256(data: bytes) -> str:
    """Hex digest."""
    return hashlib.sha256(data).hexdigest()
